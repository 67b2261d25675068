//! How far the model has got with one run of one node.

use crate::case::{Case, Tree};
use crate::expect::{Cause, Expect};
use crate::handles::GIVEN;
use crate::past::Past;

/// Where something runs.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    pub handle: usize,
    /// The innermost task between the handle and this, or 0.
    pub task: usize,
    /// The value that it has, or 0.
    pub value: usize,
    /// The nurseries that it is in: one bit each.
    pub nurseries: u64,
    /// Those in whose places it is: not in their bodies.
    pub places: u64,
    /// Those in whose background it is.
    pub behind: u64,
}

/// One run of one node; a shared process has several.
pub struct Run<'a> {
    pub id: usize,
    pub tree: &'a Tree,
    pub kids: Vec<Run<'a>>,
    /// That it may begin, and what is known then.
    pub start: Option<Start>,
    pub begun: bool,
    pub inside: Inside,
    /// The next step of a sequence or of a leaf's script.
    pub next: usize,
    /// A call of it waits.
    pub waits: bool,
    pub past: Past,
    pub errors: Vec<Expect>,
    pub done: Option<Done>,
    /// Its combinator knows that it has ended.
    pub told: bool,
    /// Who has decided a contest.
    pub decided: Option<Decided>,
    /// It was cancelled before any child could begin.
    pub stopped: bool,
    /// What its children of the background run below.
    pub background: Option<Behind>,
}

#[derive(Clone, Copy)]
pub struct Behind {
    pub handle: usize,
    /// What they were cancelled with at the end of all others.
    pub left_alone: Option<Cause>,
    /// It is known whether they were.
    pub is_settled: bool,
}

#[derive(Clone, Copy)]
pub struct Start {
    /// Where it may be too late for that.
    pub event: Option<usize>,
    pub past: Past,
}

#[derive(Clone, Copy)]
pub struct Decided {
    pub child: usize,
    pub event: usize,
    pub won: bool,
}

#[derive(Clone)]
pub struct Done {
    pub error: Option<Expect>,
    pub past: Past,
    /// It failed in a race that another one won.
    pub outrun: bool,
}

impl<'a> Run<'a> {
    /// `ids` counts the runs.
    pub fn of(tree: &'a Tree, case: &'a Case, ids: &mut usize) -> Run<'a> {
        if let Tree::Shared(index) = tree {
            return Run::of(&case.shared[*index], case, ids);
        }
        let id = *ids;
        *ids += 1;
        let kids = match tree {
            Tree::Node(_, kids) => kids.iter().map(|kid| Run::of(kid, case, ids)).collect(),
            _ => Vec::new(),
        };
        Run {
            id,
            tree,
            kids,
            start: None,
            begun: false,
            inside: Inside::GIVEN,
            next: 0,
            waits: false,
            past: Past::default(),
            errors: Vec::new(),
            done: None,
            told: false,
            decided: None,
            stopped: false,
            background: None,
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

    /// The children are over: all that they have learnt is known.
    pub fn learn_from_kids(&mut self) {
        let dones = self.kids.iter().filter_map(|kid| kid.done.as_ref());
        dones.for_each(|done| self.past.learn_all(&done.past));
    }
}

impl Inside {
    pub const GIVEN: Inside = Inside {
        handle: GIVEN,
        task: 0,
        value: 0,
        nurseries: 0,
        places: 0,
        behind: 0,
    };

    pub fn below(self, handle: usize) -> Inside {
        Inside {
            handle,
            task: 0,
            ..self
        }
    }
}
