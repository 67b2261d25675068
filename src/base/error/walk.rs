//! Going through an error: itself first, depth first, without recursion (E3), each one in it once (E4).

use std::collections::BTreeSet;

use super::{Error, Node};

/// By which an error is known.
pub(super) type Address = *const Node;

impl Node {
    /// What tells it from other errors.
    pub(crate) fn address(&self) -> Address {
        self
    }
}

/// Which errors somebody who goes through one has come to.
#[derive(Default)]
pub(super) struct Met {
    /// From the first multi error on: before it, there is one way only, and no error has another in it that
    /// it is in itself. So most errors are gone through without any note.
    addresses: Option<BTreeSet<Address>>,
}

impl Met {
    /// Notes an error; tells whether it had not been noted before.
    pub(super) fn is_new(&mut self, node: &Node) -> bool {
        let is_new = (self.addresses.as_mut()).is_none_or(|met| met.insert(node.address()));
        if !node.items().is_empty() {
            self.addresses.get_or_insert_default();
        }
        is_new
    }
}

/// Every error in an error.
pub(super) struct Walk<'a> {
    ahead: Vec<&'a Node>,
    met: Met,
}

impl<'a> Walk<'a> {
    pub(super) fn of(node: &'a Node) -> Walk<'a> {
        let (ahead, met) = (vec![node], Met::default());
        Walk { ahead, met }
    }

    /// The next one, whose parts are left out, unless `enter` is called for it.
    pub(super) fn step(&mut self) -> Option<&'a Node> {
        loop {
            let node = self.ahead.pop()?;
            if self.met.is_new(node) {
                return Some(node);
            }
        }
    }

    pub(super) fn enter(&mut self, node: &'a Node) {
        let parts = node.parts().iter().rev();
        self.ahead.extend(parts.map(|part: &Error| &**part));
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Node;

    fn next(&mut self) -> Option<&'a Node> {
        let node = self.step()?;
        self.enter(node);
        Some(node)
    }
}
