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

    /// Gives up one hold, and what was held only by that, which is one node after the other (C6).
    #[inline]
    pub(super) fn let_go(this: &Arc<Node>) {
        let mut further = Vec::new();
        Node::let_go_upwards(this, &mut further);
        if !further.is_empty() {
            Node::let_go_each(further);
        }
    }

    /// Gives up one hold on each of these, and so on.
    #[cold]
    pub(super) fn let_go_each(mut further: Vec<Arc<Node>>) {
        while let Some(node) = further.pop() {
            Node::let_go_upwards(&node, &mut further);
        }
    }

    fn let_go_upwards(this: &Arc<Node>, further: &mut Vec<Arc<Node>>) {
        let mut held = Some(this);
        while let Some(node) = held {
            held = Node::give_up(node, further);
        }
    }

    /// Gives up one hold. The last one unlinks the node (C5); then its hold on its parent, which is returned, is to be given up
    /// too, and those on `further` ones.
    #[inline]
    fn give_up<'a>(this: &'a Arc<Node>, further: &mut Vec<Arc<Node>>) -> Option<&'a Arc<Node>> {
        let mut this = this;
        while let Some(node) = &this.drains_for {
            this = node;
        }
        // Who is the only holder stays so, and nobody counts any more.
        let is_last = this.holders.load(Ordering::Acquire) == 1
            || this.holders.fetch_sub(1, Ordering::AcqRel) == 1;
        if !is_last {
            return None;
        }
        // Whoever has linked it held it, and has let it go before.
        if this.is_linked_further.load(Ordering::Relaxed) {
            this.leave_several(further);
        }
        let parent = this.parent.0.as_ref().filter(|_| this.holds_parent);
        parent.inspect(|parent| parent.lose(this))
    }
}
