//! A handle that a handle knows, above it.

use super::Node;
use crate::base::race_detector;
use crate::base::sync::Arc;

/// It is there for as long as the node that knows it is, which may be longer than anybody holds it.
pub(super) struct Above(pub(super) Option<Arc<Node>>);

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
    pub(super) fn into_inner(this: Arc<Node>) -> Option<Node> {
        let last = &raw const this.last;
        let unseen = race_detector::Unseen::default(); // It is moved.
        let node = Arc::into_inner(this)?;
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
    fn take_above(&mut self, further: &mut Vec<Arc<Node>>) -> Option<Arc<Node>> {
        self.parent.0.take().or_else(|| {
            further.extend(self.deadline_of.0.take());
            self.drains_for.0.take()
        })
    }
}
