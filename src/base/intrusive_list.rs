//! A list that a member is taken out of in O(1), because each knows its place in it.
//!
//! A member is in one such list at most. The lock of the list's owner guards the places too.

use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicUsize, Ordering};

/// What can be a member.
pub(crate) trait Member {
    /// Where it is in its list; it means nothing once it has been taken out.
    fn place(&self) -> &AtomicUsize;
}

pub(crate) struct IntrusiveList<T>(Vec<Arc<T>>);

impl<T: Member> IntrusiveList<T> {
    pub(crate) fn new() -> Self {
        IntrusiveList(Vec::new())
    }

    pub(crate) fn push(&mut self, member: Arc<T>) {
        member.place().store(self.0.len(), Ordering::Relaxed);
        self.0.push(member);
    }

    /// Takes a member out, if it is in.
    pub(crate) fn remove(&mut self, member: &Arc<T>) {
        let place = member.place().load(Ordering::Relaxed);
        let found = self.0.get(place);
        if !found.is_some_and(|found| Arc::ptr_eq(found, member)) {
            return;
        }
        self.0.swap_remove(place);
        if let Some(moved) = self.0.get(place) {
            moved.place().store(place, Ordering::Relaxed);
        }
    }

    /// Takes all out.
    pub(crate) fn take(&mut self) -> Vec<Arc<T>> {
        std::mem::take(&mut self.0)
    }
}
