//! How far the model has got with one run of one node.

use crate::case::{Case, Tree};
use crate::expect::Expect;
use crate::handles::GIVEN;
use crate::past::Past;

/// One run of one node; a shared process has several.
pub struct Run<'a> {
    pub tree: &'a Tree,
    pub kids: Vec<Run<'a>>,
    pub begun: bool,
    pub handle: usize,
    /// The innermost task between the handle and this, or 0.
    pub task: usize,
    /// The next step of a sequence or of a leaf's script.
    pub next: usize,
    pub past: Past,
    pub errors: Vec<Expect>,
    pub done: Option<Done>,
}

#[derive(Clone)]
pub struct Done {
    pub error: Option<Expect>,
    pub past: Past,
    /// It failed in a race that another one won.
    pub outrun: bool,
}

impl<'a> Run<'a> {
    pub fn of(tree: &'a Tree, case: &'a Case) -> Run<'a> {
        let (tree, kids) = match tree {
            Tree::Shared(index) => return Run::of(&case.shared[*index], case),
            Tree::Node(_, kids) => (tree, kids.iter().map(|kid| Run::of(kid, case)).collect()),
            _ => (tree, Vec::new()),
        };
        let past = Past::default();
        Run {
            tree,
            kids,
            begun: false,
            handle: GIVEN,
            task: 0,
            next: 0,
            past,
            errors: Vec::new(),
            done: None,
        }
    }

    pub fn finish(&mut self, error: Option<Expect>) -> bool {
        self.done = Some(Done {
            error,
            past: self.past,
            outrun: false,
        });
        true
    }
}
