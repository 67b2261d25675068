//! The handle above a handle.

use super::Node;
use crate::base::sync::Arc;

/// It is there for as long as the node is, which may be longer than anybody holds it.
pub(super) struct Parent(pub(super) Option<Arc<Node>>);

impl Drop for Parent {
    /// One after the other (C6), each before what is above it: that is the rest of what a node knows.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(node) = next {
            next = Arc::into_inner(node).and_then(|mut last| last.parent.0.take());
        }
    }
}
