//! Echoes of cancellations: errors that are nothing but their cause, come back.

use std::collections::BTreeSet;

use super::merge::flatten;
use super::walk::{Address, Walk};
use super::{Error, Node};

type Parts = BTreeSet<Address>;

/// The causes by which echoes are known. Of a multi error, which a combinator takes apart, the parts are
/// known: all of them together are the cause.
pub(crate) struct Echoes {
    causes: Vec<Parts>,
    /// Of all causes.
    parts: Parts,
}

impl Echoes {
    /// What was cancelled because of an error may fail with it, among others, so that the error is a part
    /// of a cause further in. There, it is no part: what is an echo already need not be known again. So the
    /// outermost cause is to be first.
    pub(crate) fn of(causes: &[Error]) -> Echoes {
        let mut echoes = Echoes {
            causes: Vec::new(),
            parts: Parts::new(),
        };
        for cause in causes {
            let parts = cause.side_by_side().iter();
            let unknown = parts.filter(|part| !echoes.is_echo(part));
            let unknown: Parts = unknown.map(|part| part.address()).collect();
            echoes.parts.extend(&unknown);
            echoes.causes.push(unknown);
        }
        echoes
    }

    /// Whether an error is nothing but one of the causes, or several of them, however wrapped: the causes as
    /// a whole.
    pub(crate) fn is_echo(&self, error: &Node) -> bool {
        self.made_of(error)
            .is_some_and(|parts| self.is_whole(&parts))
    }

    /// The parts that an error in a flat list passes on, if it passes on parts and nothing else. A part may
    /// be there by itself, because a cause of several parts was taken apart.
    pub(super) fn passed_on(&self, item: &Error) -> Option<Parts> {
        if self.parts.contains(&item.address()) {
            return Some(Parts::from([item.address()]));
        }
        self.made_of(item).filter(|parts| self.is_whole(parts))
    }

    /// Which parts of the causes an error is made of; `None` if it is made of anything else too.
    fn made_of(&self, error: &Node) -> Option<Parts> {
        let mut made_of = Parts::new();
        let mut walk = Walk::of(error);
        while let Some(node) = walk.step() {
            if self.parts.contains(&node.address()) {
                made_of.insert(node.address());
            } else if node.parts().is_empty() {
                return None;
            } else {
                walk.enter(node);
            }
        }
        Some(made_of)
    }

    /// Whether these parts are all parts of the causes that they are of.
    fn is_whole(&self, parts: &Parts) -> bool {
        let whole = self.causes.iter().filter(|cause| cause.is_subset(parts));
        parts.is_subset(&whole.flatten().copied().collect())
    }

    /// Leaves of the errors, in their order, what is no echo and the first of each echo.
    pub(crate) fn keep_first(&self, errors: Vec<Error>) -> Vec<Error> {
        self.keep(errors, Parts::new())
    }

    /// Leaves of the errors, in their order, what is no echo.
    pub(super) fn keep_none(&self, errors: Vec<Error>) -> Vec<Error> {
        self.keep(errors, self.parts.clone())
    }

    /// Leaves what passes on a part that is not listed yet, or is no echo.
    fn keep(&self, errors: Vec<Error>, mut listed: Parts) -> Vec<Error> {
        let mut items = flatten(errors);
        items.retain(|item| match self.passed_on(item) {
            None => true,
            Some(parts) => {
                let is_new = !parts.is_subset(&listed);
                listed.extend(parts);
                is_new
            }
        });
        items
    }
}
