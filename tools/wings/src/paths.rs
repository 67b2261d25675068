//! The paths that a file names: in imports, in the code and in the arguments of macros.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemUse, Macro, Path, UseTree};

use crate::source::is_for_tests;

/// A path that is named in some line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
}

/// Walks through a file, but not through its tests.
pub struct Collector {
    /// The module of the file, and the modules inside of it that the walk is in.
    module: Vec<String>,
    /// Those of the crate, from its root.
    pub named: Vec<Named>,
    /// Those of other crates.
    pub foreign: Vec<Named>,
}

impl Collector {
    pub fn new(module: &[String]) -> Collector {
        Collector {
            module: module.to_vec(),
            named: Vec::new(),
            foreign: Vec::new(),
        }
    }

    fn name(&mut self, path: &[String], line: usize) {
        match self.rooted(path) {
            Some(path) => self.named.push(Named { path, line }),
            None => self.foreign.push(Named {
                path: path.to_vec(),
                line,
            }),
        }
    }

    /// The path as it is from the root; `None` if it is not one of the crate's.
    fn rooted(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&self.module[..], rest].concat()),
            "super" => {
                let above = self.module.len().checked_sub(1)?;
                let outer = Collector::new(&self.module[..above]);
                match rest.first().map(String::as_str) {
                    Some("super") => outer.rooted(rest),
                    _ => Some([&outer.module[..], rest].concat()),
                }
            }
            _ => None,
        }
    }

    fn use_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Name(name) => self.use_leaf(before, &name.ident),
            UseTree::Rename(name) => self.use_leaf(before, &name.ident),
            UseTree::Glob(glob) => self.name(before, glob.star_token.spans[0].start().line),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(before, tree);
                }
            }
        }
    }

    fn use_leaf(&mut self, before: &[String], name: &proc_macro2::Ident) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_string());
        }
        self.name(&path, name.span().start().line);
    }

    /// Macros take tokens, which need not be Rust: what looks like a path from the root is one.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if path.is_empty() {
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                other => {
                    self.name(&std::mem::take(&mut path), line);
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.name(&path, line);
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.use_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if let Some(first) = path.segments.first() {
            self.name(&names, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }
}
