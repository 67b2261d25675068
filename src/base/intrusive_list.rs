//! A list that a member is taken out of in O(1), because each knows its place in it.
//!
//! A member is in one such list at most. The lock of the list's owner guards the places too.

use std::ops::Deref;

use crate::base::sync::atomic::{AtomicUsize, Ordering};

/// What can be a member.
pub(crate) trait Member {
    /// Where it is in its list; it means nothing once it has been taken out.
    fn place(&self) -> &AtomicUsize;
}

/// Of what holds its members.
pub(crate) struct IntrusiveList<P>(Vec<P>);

impl<P: Deref<Target: Member>> IntrusiveList<P> {
    pub(crate) fn new() -> Self {
        IntrusiveList(Vec::new())
    }

    pub(crate) fn push(&mut self, member: P) {
        member.place().store(self.0.len(), Ordering::Relaxed);
        self.0.push(member);
    }

    /// Takes a member out, if it is in.
    pub(crate) fn remove(&mut self, member: &P::Target) -> Option<P> {
        let place = member.place().load(Ordering::Relaxed);
        let found = self.0.get(place)?;
        if !std::ptr::eq(&raw const **found, member) {
            return None;
        }
        let removed = self.0.swap_remove(place);
        if let Some(moved) = self.0.get(place) {
            moved.place().store(place, Ordering::Relaxed);
        }
        Some(removed)
    }

    /// Takes all out.
    pub(crate) fn take(&mut self) -> Vec<P> {
        std::mem::take(&mut self.0)
    }
}
