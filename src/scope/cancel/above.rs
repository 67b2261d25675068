//! A handle that a handle knows, above it.
//!
//! unsafe: a view does not count the one that it is a view of. C7 is what makes that sound.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use super::Node;
use crate::base::common::Common;
use crate::base::race_detector;

/// It is there for as long as the node that knows it is, which may be longer than anybody holds it.
pub(super) struct Above(pub(super) Option<Common<Node>>);

impl Drop for Above {
    /// One after the other (C6), each before what it knows above it.
    fn drop(&mut self) {
        let mut further = Vec::new();
        let mut next = self.0.take();
        while let Some(node) = next {
            let last = Node::into_inner(node);
            let above = last.and_then(|mut last| last.take_above(&mut further));
            next = above.or_else(|| further.pop());
        }
    }
}

/// The handle that one is a view of, if it is one. That is its parent, or above that by parents alone; so it is there for as long as the view is.
pub(super) struct View(Option<NonNull<Node>>);

// SAFETY: threads may share the node.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    pub(super) const NONE: View = View(None);

    /// A view of what that parent is a view of, or else of the parent.
    pub(super) fn of(parent: &Node) -> View {
        View(Some(NonNull::from(parent.viewed())))
    }

    #[inline(always)]
    pub(super) fn get(&self) -> Option<&Node> {
        // SAFETY: it is above by parents, of which each keeps the next one in place.
        self.0.map(|node| unsafe { node.as_ref() })
    }
}

/// By which a node says that it is about to be released, with all that its values and its cause carry of the program's. It is dropped
/// before those.
pub(super) struct LastHolder;

impl Drop for LastHolder {
    fn drop(&mut self) {
        race_detector::acquire(&raw const *self);
    }
}

impl Node {
    /// Gives up a node that is not held. Who was the last to know it is given it.
    #[inline(always)] // Else what is given is copied, also if it is nothing.
    pub(super) fn into_inner(this: Common<Node>) -> Option<Node> {
        let last = &raw const this.last;
        let unseen = race_detector::Unseen::default(); // It is moved.
        let node = Common::into_inner(this)?;
        drop(unseen);
        race_detector::acquire(last);
        Some(node)
    }

    /// What who holds it has done with what it carries comes before that.
    pub(super) fn release_by_holder(&self) {
        race_detector::release(&raw const self.last);
    }

    /// What it knows above it: one is returned, others are added to the `further` ones. Where there is a parent, that knows the handle with the
    /// nearest deadline, too, or is it.
    fn take_above(&mut self, further: &mut Vec<Common<Node>>) -> Option<Common<Node>> {
        self.parent.0.take().or_else(|| {
            further.extend(self.deadline_of.0.take());
            self.drains_for.0.take()
        })
    }
}
