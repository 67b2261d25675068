//! Who holds a handle, and what is let go of with the last one (C5).
//!
//! The program, the engine and hooks are counted in `holders`. What hangs below it is linked and unlinked under its lock, so those are counted
//! there, with plain additions. The last of the former says under the lock that it is so; the last of the latter who finds that said
//! is the last of all.
//!
//! Invariants:
//! - **C14 kept by all.** Those who are counted in `holders` keep the node's memory together, as one: so who comes and who goes counts once. The last of
//!   them gives it up, after it is unlinked. But of a drain handle each keeps the memory himself, for what he is counted at is another node (C11).
//! - **C15 lent to its parent.** The list of a parent's children does not count them. A child is in it, under the parent's lock, only as long as its memory
//!   is kept by somebody who takes it out before he gives that up: who holds it, or those below it.
//!
//! unsafe: C14 and C15 are what makes references sound that are not counted.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::{Cancel, Links, Node};
use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::sync::atomic::Ordering;

/// A child in the list of its parent (C15).
pub(super) struct Linked(ManuallyDrop<Common<Node>>);

impl Linked {
    /// To be put into a list.
    pub(super) fn of(child: &Common<Node>) -> Linked {
        // SAFETY: it is not dropped, and looked at in the list only (C15).
        Linked(ManuallyDrop::new(unsafe {
            Common::from_raw(Common::as_ptr(child))
        }))
    }

    #[cfg(all(test, loom))]
    pub(super) fn common(&self) -> &Common<Node> {
        &self.0
    }

    /// One more who keeps it; to be called under the lock of the list that it was in until then.
    pub(super) fn keep(self) -> Common<Node> {
        Common::clone(&self.0)
    }
}

impl Deref for Linked {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Cancel {
    /// The one who holds a new node, or for whom another one was counted.
    pub(super) fn of(node: Common<Node>) -> Cancel {
        Cancel(ManuallyDrop::new(node))
    }

    pub(super) fn node(&self) -> &Common<Node> {
        &self.0
    }

    /// Whether anyone but the caller holds this handle.
    pub(crate) fn is_shared(&self) -> bool {
        self.holders.load(Ordering::Acquire) > 1 || self.is_held_from_below()
    }
}

impl Clone for Cancel {
    #[inline]
    fn clone(&self) -> Cancel {
        self.0.hold();
        if self.drains_for.0.is_some() {
            return Cancel(self.0.clone());
        }
        // SAFETY: all holders keep the node together (C14).
        Cancel::of(unsafe { Common::from_raw(Common::as_ptr(&self.0)) })
    }
}

impl Drop for Cancel {
    /// Lets go of the handle and of each one above that was held only by what is below (C6).
    #[inline]
    fn drop(&mut self) {
        self.0.release_by_holder();
        let is_drain_handle = self.drains_for.0.is_some();
        Node::let_go(&self.0);
        if is_drain_handle {
            // SAFETY: it is being dropped, and nobody else has this reference (C14).
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

impl Node {
    /// That is the cause, if there is none yet. Under its lock, or before anybody else knows it.
    pub(super) fn settle_cause(&self, cause: &Error) -> &Error {
        // SAFETY: so no other thread does that (C1).
        unsafe { self.cause.get_or_make(|| cause.clone()) }
    }

    /// One more holds it.
    #[inline]
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
    fn let_go(this: &Common<Node>) {
        let mut held = this;
        while let Some(node) = &held.drains_for.0 {
            held = node;
        }
        if !held.is_last_holder() {
            return; // And it may be gone by now.
        }
        Node::leave_if_done(held);
        Node::give_up_memory(held);
    }

    /// If nobody holds it any more, as nobody is counted in `holders`, it leaves those above it. To be called once.
    #[inline]
    pub(super) fn leave_if_done(this: &Common<Node>) {
        if this.is_done() && this.is_linked() {
            Node::leave_all(this);
        }
    }

    /// The last holder gives up what all have kept together (C14).
    #[inline]
    pub(super) fn give_up_memory(this: &Common<Node>) {
        // SAFETY: nobody who is counted in `holders` comes after him.
        drop(unsafe { Common::from_raw(Common::as_ptr(this)) });
    }

    /// Gives up the holds of these, which are strands (`several`), and so on. Each is its only holder.
    #[cold]
    pub(super) fn let_go_each(mut further: Vec<Common<Node>>) {
        while let Some(node) = further.pop() {
            let left = Some(&node).filter(|node| node.is_last_holder() && node.is_done());
            Node::leave_upwards(left, &mut further);
        }
    }

    #[inline(never)]
    fn leave_all(this: &Common<Node>) {
        let mut further = Vec::new();
        Node::leave_upwards(Some(this), &mut further);
        if !further.is_empty() {
            Node::let_go_each(further);
        }
    }

    fn leave_upwards(mut left: Option<&Common<Node>>, further: &mut Vec<Common<Node>>) {
        while let Some(node) = left {
            left = Node::leave(node, further);
        }
    }

    /// Whether it hangs below anything, or has a drain handle, which does. Whoever has linked it held it, and has let it go before.
    fn is_linked(&self) -> bool {
        self.holds_parent || self.is_linked_further.load(Ordering::Relaxed)
    }

    /// One who is counted in `holders` lets go. Tells whether he was the last.
    #[inline]
    pub(super) fn is_last_holder(&self) -> bool {
        // Who is the only holder stays so, and nobody counts any more.
        self.holders.load(Ordering::Acquire) == 1
            || self.holders.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Whether nobody holds it any more, as nobody is counted in `holders`: then it is to leave those above it.
    #[inline]
    fn is_done(&self) -> bool {
        // Who has hung something below it held it, and has let it go before.
        !self.was_held_from_below.load(Ordering::Relaxed) || self.is_done_without_others()
    }

    /// Only those below hold it from now on: then the last of them is to let go of it, unless there is none.
    fn is_done_without_others(&self) -> bool {
        let mut links = self.links.lock();
        links.is_left = true;
        links.held_from_below == 0
    }

    /// A node that nobody holds is unlinked (C5). If nobody holds its parent by that, that is returned, and is to leave, too; and the holds on
    /// `further` ones are to be given up.
    #[inline]
    pub(super) fn leave<'a>(
        this: &'a Common<Node>,
        further: &mut Vec<Common<Node>>,
    ) -> Option<&'a Common<Node>> {
        if this.is_linked_further.load(Ordering::Relaxed) {
            this.leave_several(further);
        }
        let parent = this.parent.0.as_ref().filter(|_| this.holds_parent)?;
        let mut links = parent.links.lock();
        links.children.remove(this);
        if parent.drains_for.0.is_some() {
            drop(links);
            return Node::give_up_drained(parent);
        }
        links.held_from_below -= 1;
        let is_done = links.is_left && links.held_from_below == 0;
        drop(links);
        is_done.then_some(parent)
    }

    /// Gives up the hold of what hangs below a drain handle. If nobody holds what that is one of any more, it is returned.
    #[cold]
    fn give_up_drained(drain_handle: &Common<Node>) -> Option<&Common<Node>> {
        let mut held = drain_handle;
        while let Some(node) = &held.drains_for.0 {
            held = node;
        }
        if !held.is_last_holder() {
            return None;
        }
        Node::give_up_memory(held); // The drain handle keeps it.
        held.is_done().then_some(held)
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
