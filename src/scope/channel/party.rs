//! Who waits at a channel, in the order in which they came.

use std::collections::VecDeque;

use crate::base::race_detector::{self, Unseen};
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicU8, Ordering};
use crate::scope::waiter::Waiter;

/// One that waits.
pub(super) struct Party {
    /// Where its item is, or is to be put.
    pub(super) item: *mut u8,
    /// By which it is found again.
    ticket: u64,
    end: AtomicU8,
    waiter: Arc<Waiter>,
}

// SAFETY: the memory at `item` is used by one thread at a time: by who took the party out of its queue, or, once
// that one has said so, by the thread that waited.
unsafe impl Send for Party {}
// SAFETY: as above.
unsafe impl Sync for Party {}

/// What has become of a party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum End {
    Served = 1,
    Refused,
}

impl Party {
    pub(super) fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    /// By who took it out of its queue, under the lock (Q1); it is to be rung then, under none.
    pub(super) fn decide(&self, end: End) {
        race_detector::release(&raw const self.item);
        // Release: who sees it without the lock sees what was copied for it.
        self.end.store(end as u8, Ordering::Release);
    }

    pub(super) fn ring(&self) {
        self.waiter.ring();
    }

    pub(super) fn ended(&self) -> Option<End> {
        let end = match self.end.load(Ordering::Acquire) {
            0 => return None,
            served if served == End::Served as u8 => End::Served,
            _ => End::Refused,
        };
        race_detector::acquire(&raw const self.item);
        Some(end)
    }
}

#[derive(Default)]
pub(super) struct Parties {
    /// With ascending tickets.
    queue: VecDeque<Arc<Party>>,
    tickets: u64,
}

impl Parties {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The one that has waited longest, who is to be told its end.
    pub(super) fn next(&mut self) -> Option<Arc<Party>> {
        let next = self.queue.pop_front()?;
        race_detector::acquire(&raw const next.end);
        Some(next)
    }

    pub(super) fn take(&mut self) -> VecDeque<Arc<Party>> {
        std::mem::take(&mut self.queue)
    }

    pub(super) fn join(&mut self, item: *mut u8) -> Arc<Party> {
        self.tickets += 1;
        let party = Arc::new(Party {
            item,
            ticket: self.tickets,
            end: AtomicU8::new(0),
            waiter: Arc::new(Waiter::new()),
        });
        race_detector::release(&raw const party.end);
        let _unseen = Unseen::default(); // As below.
        self.queue.push_back(party.clone());
        party
    }

    /// Takes it out, if it is still in.
    pub(super) fn leave(&mut self, party: &Party) -> bool {
        let _unseen = Unseen::default(); // Calls of the C library move those behind it.
        let place = self
            .queue
            .binary_search_by_key(&party.ticket, |other| other.ticket);
        place.is_ok_and(|place| self.queue.remove(place).is_some())
    }
}
