//! One source file: what it says of itself, which modules it declares, and what it names of the crate.

use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta, Visibility};

use crate::paths::{self, Named};

/// A source file as the compiler reads it.
pub struct Source {
    pub file: PathBuf,
    /// The lines of its first comment.
    pub docs: Vec<String>,
    pub modules: Vec<Declared>,
    /// What it names of the crate, outside of tests.
    pub named: Vec<Named>,
    /// What it names of other crates, outside of tests.
    pub foreign: Vec<Named>,
}

/// A module that a file declares and that lies in another file.
pub struct Declared {
    pub name: String,
    pub is_handed_on: bool,
    pub path: Option<String>,
}

/// Reads a file, which is the module of that path in the crate.
pub fn read(file: &Path, module: &[String]) -> Result<Source, String> {
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| problem(&error))?;
    let parsed = syn::parse_file(&text).map_err(|error| problem(&error))?;
    let mut collector = paths::Collector::new(module);
    collector.visit_file(&parsed);
    Ok(Source {
        file: file.to_path_buf(),
        docs: parsed.attrs.iter().filter_map(doc_line).collect(),
        modules: parsed.items.iter().filter_map(declared).collect(),
        named: collector.named,
        foreign: collector.foreign,
    })
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    text_of(attribute, "doc")
}

/// The text of an attribute like `#[name = "text"]`.
fn text_of(attribute: &Attribute, name: &str) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident(name) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn declared(item: &Item) -> Option<Declared> {
    let Item::Mod(module) = item else { return None };
    (module.content.is_none() && !is_for_tests(&module.attrs)).then(|| declaration(module))
}

fn declaration(module: &ItemMod) -> Declared {
    Declared {
        name: module.ident.to_string(),
        is_handed_on: !matches!(module.vis, Visibility::Inherited),
        path: (module.attrs.iter()).find_map(|attribute| text_of(attribute, "path")),
    }
}

/// Whether something is compiled into tests only: they may use what they test.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string().replace(' ', "");
        attribute.path().is_ident("cfg")
            && (condition == "test" || condition.contains("(test,"))
            && !condition.starts_with("not(")
    })
}
