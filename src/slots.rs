//! Which slots there are.
//!
//! Slots of the program's threads are never freed, and are taken again and again (S1): there are about as
//! many as threads of the program that were in the library at the same time. A slot of the crew lies on its
//! thread's stack, where it costs no memory of its own, and is there as long as the thread.
//!
//! unsafe: a slot on a stack is lent for less than a static's life, and is taken out before it ends.
#![allow(unsafe_code)]

use std::collections::HashSet;

use crate::backlog::Backlog;
use crate::counts::{Counted, Totals};
use crate::frames::{self, Slot, What};
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Mutex, MutexGuard, global};

#[derive(Default)]
pub(crate) struct Slots {
    /// Those for threads of the program.
    shared: Vec<&'static Slot>,
    /// Which of the shared ones was last taken.
    last: usize,
    /// Those at which the sentinel looks: each in which something was ever published.
    watched: Vec<&'static Slot>,
}

// Those of the crew's threads.
global!(CREW: Mutex<Crew> = Mutex::new(Crew::EMPTY));

pub(crate) struct Crew {
    slots: Vec<&'static Slot>,
    /// The most that there were at the same time.
    peak: usize,
    /// What was counted in those that are gone (N2).
    gone: Totals,
}

/// What all slots say together.
pub(crate) struct Census {
    pub(crate) totals: Totals,
    /// How many callbacks run.
    pub(crate) callbacks: usize,
    /// How many threads of the library there are.
    pub(crate) crew: usize,
    /// The most that there were at the same time.
    pub(crate) peak: usize,
}

global!(SLOTS: Mutex<Slots> = Mutex::new(Slots { shared: Vec::new(), last: 0, watched: Vec::new() }));

/// How many slots are tried before a new one is made, so that finding one takes no longer when
/// thousands are taken.
const TRIES: usize = 16;

/// How many slots of the crew are looked at under one lock.
const AT_ONCE: usize = 64;

/// A slot that is nobody's and could be taken.
pub(crate) fn take(mut try_take: impl FnMut(&'static Slot) -> bool) -> &'static Slot {
    let mut slots = SLOTS.lock();
    let count = slots.shared.len();
    for place in (slots.last..slots.last + count.min(TRIES)).map(|place| place % count) {
        let slot = slots.shared[place];
        if try_take(slot) {
            slots.last = place;
            return slot;
        }
    }
    let slot: &'static Slot = Box::leak(Box::new(Slot::new(false)));
    try_take(slot);
    slots.last = count;
    slots.shared.push(slot);
    slot
}

/// Gives the calling thread, which is the library's, a slot for as long as the code runs.
pub(crate) fn with_own<T>(code: impl FnOnce() -> T) -> T {
    let slot = Slot::new(true);
    // SAFETY: what has the reference is this thread, below in this function, and `SLOTS`, out of which
    // `Own` takes it before the slot ends.
    let lent: &'static Slot = unsafe { &*std::ptr::from_ref(&slot) };
    slot.counts.count(Counted::Threads);
    CREW.lock().join(lent);
    let _own = Own(lent);
    frames::adopt(lent);
    code()
}

struct Own(&'static Slot);

impl Drop for Own {
    fn drop(&mut self) {
        frames::disown();
        if self.0.is_watched.load(Ordering::Relaxed) {
            remove(&mut SLOTS.lock().watched, self.0);
        }
        CREW.lock().leave(self.0);
    }
}

impl Crew {
    const EMPTY: Crew = Crew {
        slots: Vec::new(),
        peak: 0,
        gone: Totals::NONE,
    };

    fn join(&mut self, slot: &'static Slot) {
        self.slots.push(slot);
        self.peak = self.peak.max(self.slots.len());
    }

    fn leave(&mut self, slot: &Slot) {
        remove(&mut self.slots, slot);
        self.gone.add(&slot.counts);
    }
}

fn remove(slots: &mut Vec<&'static Slot>, gone: &Slot) {
    let place = slots.iter().position(|slot| std::ptr::eq(*slot, gone));
    place.map(|place| slots.swap_remove(place));
}

/// Shows every slot there is. Threads come and go meanwhile: the crew's are not held up for longer than a
/// few slots take.
pub(crate) fn each(mut show: impl FnMut(&Slot)) {
    let shared = SLOTS.lock().shared.clone();
    shared.into_iter().for_each(&mut show);
    // From the end, for a slot that is removed is replaced by the last one: so none is passed over, and
    // those that come again are known.
    let mut seen = HashSet::new();
    let mut left = CREW.lock().slots.len();
    while left > 0 {
        let crew = CREW.lock();
        let to = left.min(crew.slots.len());
        let from = to.saturating_sub(AT_ONCE);
        for slot in crew.slots[from..to].iter().rev() {
            if seen.insert(std::ptr::from_ref(*slot)) {
                show(slot);
            }
        }
        left = from;
    }
}

/// Adds up what all slots say. Threads neither come nor go meanwhile (N2).
pub(crate) fn census() -> Census {
    let shared = SLOTS.lock().shared.clone();
    let crew = CREW.lock();
    let mut census = Census {
        totals: crew.gone,
        callbacks: 0,
        crew: crew.slots.len(),
        peak: crew.peak,
    };
    for slot in shared.iter().chain(&crew.slots) {
        census.callbacks += slot.callbacks();
        census.totals.add(&slot.counts);
    }
    census
}

/// Lets the sentinel know of a slot of the calling thread in which something is to be published.
pub(crate) fn watch(slot: &'static Slot) {
    if !slot.is_watched.load(Ordering::Relaxed) {
        SLOTS.lock().watched.push(slot);
        slot.is_watched.store(true, Ordering::Relaxed);
    }
}

/// Every published backlog that has unclaimed children.
pub(crate) fn unclaimed() -> Vec<Arc<dyn Backlog>> {
    let mut found = Vec::new();
    for slot in &SLOTS.lock().watched {
        slot.each(|frame| {
            if let What::Children(_, Some(work)) = frame.what
                && work.backlog().unclaimed() > 0
            {
                found.push(work.share());
            }
        });
    }
    found
}

/// The locks of this room, held across a `fork`.
pub(crate) type Held = (MutexGuard<'static, Slots>, MutexGuard<'static, Crew>);

pub(crate) fn hold() -> Held {
    (SLOTS.lock(), CREW.lock())
}

/// In a child of `fork`: none of the parent's threads run here, so nothing of what they ran does. Their
/// slots are not used again, since one may have been locked.
pub(crate) fn forget((mut slots, mut crew): Held) {
    std::mem::forget(std::mem::take(&mut *slots));
    std::mem::forget(std::mem::replace(&mut *crew, Crew::EMPTY));
    frames::disown();
}

#[cfg(all(test, loom))]
#[path = "models/slots.rs"]
mod models;
