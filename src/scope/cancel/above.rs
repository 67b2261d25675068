//! A handle that a handle knows, above it.

use super::Node;
use crate::base::sync::Arc;

/// It is there for as long as the node that knows it is, which may be longer than anybody holds it.
pub(super) struct Above(pub(super) Option<Arc<Node>>);

impl Drop for Above {
    /// One after the other (C6), each before what it knows above it.
    fn drop(&mut self) {
        let mut further = Vec::new();
        let mut next = self.0.take();
        while let Some(node) = next {
            let last = Arc::into_inner(node);
            let above = last.and_then(|mut last| last.take_above(&mut further));
            next = above.or_else(|| further.pop());
        }
    }
}

impl Node {
    /// What it knows above it: one is returned, others are added to the `further` ones. Where there is a parent, that knows the handle with the
    /// nearest deadline, too, or is it.
    fn take_above(&mut self, further: &mut Vec<Arc<Node>>) -> Option<Arc<Node>> {
        self.parent.0.take().or_else(|| {
            further.extend(self.deadline_of.0.take());
            self.drains_for.0.take()
        })
    }
}
