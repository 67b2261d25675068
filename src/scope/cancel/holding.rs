//! Who holds a handle, and what is let go of with the last one (C5).
//!
//! The program, the engine and hooks are counted in `holders`. What hangs below it is linked and unlinked under its lock, so those are counted
//! there, with plain additions. The last of the former says under the lock that it is so; the last of the latter who finds that said
//! is the last of all.

use super::{Cancel, Links, Node};
use crate::base::sync::Arc;
use crate::base::sync::atomic::Ordering;

impl Cancel {
    /// Whether anyone but the caller holds this handle.
    pub(crate) fn is_shared(&self) -> bool {
        self.holders.load(Ordering::Acquire) > 1 || self.is_held_from_below()
    }
}

impl Clone for Cancel {
    fn clone(&self) -> Cancel {
        self.0.hold();
        Cancel(self.0.clone())
    }
}

impl Drop for Cancel {
    /// Lets go of the handle and of each one above that was held only by what is below (C6).
    fn drop(&mut self) {
        self.0.release_by_holder();
        Node::let_go(&self.0);
    }
}

impl Node {
    /// One more holds it.
    pub(super) fn hold(&self) {
        self.held().holders.fetch_add(1, Ordering::Relaxed);
    }

    /// The handle that is held by who holds this one (C11).
    pub(super) fn held(&self) -> &Node {
        let mut held = self;
        while let Some(node) = &held.drains_for.0 {
            held = node;
        }
        held
    }

    /// Gives up one hold, and what was held only by that, which is one node after the other (C6).
    #[inline]
    pub(super) fn let_go(this: &Arc<Node>) {
        if let Some(left) = Node::give_up(this).filter(|left| left.is_linked()) {
            Node::leave_all(left);
        }
    }

    /// Gives up one hold on each of these, and so on.
    #[cold]
    pub(super) fn let_go_each(mut further: Vec<Arc<Node>>) {
        while let Some(node) = further.pop() {
            Node::leave_upwards(Node::give_up(&node), &mut further);
        }
    }

    #[inline(never)]
    fn leave_all(this: &Arc<Node>) {
        let mut further = Vec::new();
        Node::leave_upwards(Some(this), &mut further);
        if !further.is_empty() {
            Node::let_go_each(further);
        }
    }

    fn leave_upwards(mut left: Option<&Arc<Node>>, further: &mut Vec<Arc<Node>>) {
        while let Some(node) = left {
            left = Node::leave(node, further);
        }
    }

    /// Whether it hangs below anything, or has a drain handle, which does. Whoever has linked it held it, and has let it go before.
    fn is_linked(&self) -> bool {
        self.holds_parent || self.is_linked_further.load(Ordering::Relaxed)
    }

    /// Gives up one hold. If nobody holds the node any more, it is returned: it is to leave those above it.
    #[inline]
    fn give_up(this: &Arc<Node>) -> Option<&Arc<Node>> {
        let mut this = this;
        while let Some(node) = &this.drains_for.0 {
            this = node;
        }
        // Who is the only holder stays so, and nobody counts any more.
        let is_last = this.holders.load(Ordering::Acquire) == 1
            || this.holders.fetch_sub(1, Ordering::AcqRel) == 1;
        // Who has hung something below it held it, and has let it go before.
        let is_over = is_last
            && (!this.was_held_from_below.load(Ordering::Relaxed) || this.is_over_without_others());
        is_over.then_some(this)
    }

    /// Only those below hold it from now on: then the last of them is to let go of it, unless there is none.
    fn is_over_without_others(&self) -> bool {
        let mut links = self.links.lock();
        links.is_left = true;
        links.held_from_below == 0
    }

    /// A node that nobody holds is unlinked (C5). If nobody holds its parent by that, that is returned, and is to leave, too; and the holds on
    /// `further` ones are to be given up.
    #[inline]
    pub(super) fn leave<'a>(
        this: &'a Arc<Node>,
        further: &mut Vec<Arc<Node>>,
    ) -> Option<&'a Arc<Node>> {
        if this.is_linked_further.load(Ordering::Relaxed) {
            this.leave_several(further);
        }
        let parent = this.parent.0.as_ref().filter(|_| this.holds_parent)?;
        let mut links = parent.links.lock();
        links.children.remove(this);
        if parent.drains_for.0.is_some() {
            drop(links);
            return Node::give_up(parent);
        }
        links.held_from_below -= 1;
        let is_over = links.is_left && links.held_from_below == 0;
        drop(links);
        is_over.then_some(parent)
    }

    /// One more below holds it, until it leaves. Who holds a drain handle holds what it is one of (C11).
    #[inline]
    pub(super) fn hold_from_below(&self, links: &mut Links) {
        if self.drains_for.0.is_some() {
            self.hold();
        } else {
            links.held_from_below += 1;
            self.was_held_from_below.store(true, Ordering::Relaxed);
        }
    }

    /// Whether any does.
    pub(super) fn is_held_from_below(&self) -> bool {
        let was_held = self.was_held_from_below.load(Ordering::Relaxed);
        was_held && self.links.lock().held_from_below > 0
    }
}
