//! Who holds a handle, and what is let go of with the last one (C5).

use super::Node;
use crate::base::sync::Arc;
use crate::base::sync::atomic::Ordering;

impl Node {
    /// One more holds it.
    pub(super) fn hold(&self) {
        self.held().holders.fetch_add(1, Ordering::Relaxed);
    }

    /// The handle that is held by who holds this one (C11).
    pub(super) fn held(&self) -> &Node {
        let mut held = self;
        while let Some(node) = &held.drains_for {
            held = node;
        }
        held
    }

    /// Gives up one hold. The last one unlinks the node (C5); then its hold on its parent, which is returned, is to be given up
    /// too, and those on `further` ones.
    pub(super) fn let_go(this: &Arc<Node>, further: &mut Vec<Arc<Node>>) -> Option<Arc<Node>> {
        let mut this = this;
        while let Some(node) = &this.drains_for {
            this = node;
        }
        // Who is the only holder stays so, and nobody counts any more.
        let is_last = this.holders.load(Ordering::Acquire) == 1
            || this.holders.fetch_sub(1, Ordering::AcqRel) == 1;
        // Whoever has linked it held it, and has let it go before.
        if is_last && this.is_linked.load(Ordering::Relaxed) {
            Node::unlink(this, further)
        } else {
            None
        }
    }

    /// Gives up one hold on each of these, and on what they give up by that.
    pub(super) fn let_go_all(mut above: Option<Arc<Node>>, mut further: Vec<Arc<Node>>) {
        while let Some(node) = above.take().or_else(|| further.pop()) {
            above = Node::let_go(&node, &mut further);
        }
    }
}
