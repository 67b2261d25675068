//! Which slots there are.
//!
//! Slots of the program's threads are never freed, and are taken again and again (S1). A slot of the crew lies
//! on its thread's stack, where it costs no memory of its own, and is there as long as the thread.
//!
//! Invariant:
//! - **S5 no more than needed.** There are at most twice as many slots of the program's threads as such threads
//!   were in the library at the same time: new ones are made only where a look at all of them found that
//!   three of four, or more, were taken, and then a quarter as many. So a search takes a few looks, when
//!   all that were ever needed are counted, also while thousands of slots are taken.
//!
//! unsafe: a slot on a stack is lent for less than a static's life, and is taken out before it ends.
#![allow(unsafe_code)]

use std::collections::HashSet;

use crate::base::counts::{Counted, Totals};
use crate::base::sync::atomic::Ordering;
use crate::base::sync::looking::Look;
use crate::base::sync::{Arc, Mutex, MutexGuard, global};
use crate::base::world;
use crate::engine::backlog::{Backlog, address};
use crate::engine::frames::{self, Slot, What};

#[derive(Default)]
pub(crate) struct Slots {
    /// Those for threads of the program.
    shared: Vec<&'static Slot>,
    /// Those of them that were nobody's when all were last looked at, and were not tried since.
    free: Vec<&'static Slot>,
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

global!(SLOTS: Mutex<Slots> = Mutex::new(Slots::EMPTY));

/// How many slots of the crew are looked at under one lock.
const AT_ONCE: usize = 8;

/// A slot that is nobody's and could be taken.
pub(super) fn take(mut try_take: impl FnMut(&'static Slot) -> bool) -> &'static Slot {
    let mut slots = SLOTS.lock();
    loop {
        let slot = slots.find();
        // Its last owner may have come back, who does not ask here.
        if try_take(slot) {
            return slot;
        }
    }
}

impl Slots {
    const EMPTY: Slots = Slots {
        shared: Vec::new(),
        free: Vec::new(),
        watched: Vec::new(),
    };

    /// A slot that was nobody's a moment ago (S5).
    fn find(&mut self) -> &'static Slot {
        loop {
            match self.free.pop() {
                Some(slot) => return slot,
                None => self.look_at_all(),
            }
        }
    }

    /// Notes which ones are nobody's, and makes some if those are few (S5).
    fn look_at_all(&mut self) {
        let all = self.shared.iter().copied();
        self.free.extend(all.filter(|slot| slot.is_nobodys()));
        let quarter = self.shared.len() / 4;
        if self.free.len() <= quarter {
            (0..=quarter).for_each(|_| self.make());
        }
    }

    fn make(&mut self) {
        let Apart(slot) = Box::leak(Box::new(Apart(Slot::new(false))));
        self.shared.push(slot);
        self.free.push(slot);
    }
}

/// One beside which nothing lies that others read: its thread writes there at every callback. (A processor takes two lines of 64 bytes at a
/// time. The library's threads have theirs on their stacks, where nobody else's is.)
#[repr(align(128))]
struct Apart(Slot);

/// Gives the calling thread, which is the library's, a slot for as long as the code runs.
pub(super) fn with_own<T>(code: impl FnOnce() -> T) -> T {
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
pub(crate) fn each(mut show: impl FnMut(&Slot, &Look)) {
    let look = Look::begin();
    let shared = SLOTS.lock().shared.clone();
    shared.into_iter().for_each(|slot| show(slot, &look));
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
                show(slot, &look);
            }
        }
        left = from;
    }
}

/// Adds up what all slots say. Threads neither come nor go meanwhile (N2).
pub(crate) fn census() -> Census {
    let look = Look::begin();
    let shared = SLOTS.lock().shared.clone();
    let crew = CREW.lock();
    let mut census = Census {
        totals: crew.gone,
        callbacks: 0,
        crew: crew.slots.len(),
        peak: crew.peak,
    };
    for slot in shared.iter().chain(&crew.slots) {
        census.callbacks += slot.callbacks(&look);
        census.totals.add(&slot.counts);
    }
    census
}

/// How many callbacks have begun on these threads so far.
pub(super) fn callbacks_begun_on(threads: &HashSet<i32>) -> u64 {
    let shared = SLOTS.lock().shared.clone();
    let crew = CREW.lock();
    let of_them = |slot: &&&Slot| threads.contains(&slot.thread());
    let slots = shared.iter().chain(&crew.slots).filter(of_them);
    slots.map(|slot| slot.counts.of(Counted::Callbacks)).sum()
}

/// Lets the sentinel know of a slot of the calling thread in which something is to be published.
pub(crate) fn watch(slot: &'static Slot) {
    if !slot.is_watched.load(Ordering::Relaxed) && !world::is_here() {
        SLOTS.lock().watched.push(slot);
        slot.is_watched.store(true, Ordering::Relaxed);
    }
}

/// Every published backlog that has unclaimed children.
pub(super) fn unclaimed() -> Vec<Arc<dyn Backlog>> {
    let mut found = Vec::new();
    for slot in &SLOTS.lock().watched {
        slot.each_published(|frame| match frame.what {
            What::Children(_, Some(work)) if work.backlog().unclaimed() > 0 => {
                found.push(work.share());
            }
            _ => (),
        });
    }
    found
}

/// The published backlog at that address. Most often, the calling thread has published it itself.
pub(crate) fn published_at(place: usize) -> Option<Arc<dyn Backlog>> {
    let published_in = |slot: &Slot| {
        let mut found = None;
        slot.each_published(|frame| match frame.what {
            What::Children(_, Some(work)) if address(work.backlog()) == place => {
                found = Some(work.share());
            }
            _ => (),
        });
        found
    };
    let elsewhere = || {
        SLOTS
            .lock()
            .watched
            .iter()
            .find_map(|slot| published_in(slot))
    };
    frames::own_slot().and_then(published_in).or_else(elsewhere)
}

/// A backlog that the sentinel watches.
pub(super) struct Watched {
    pub(super) backlog: Arc<dyn Backlog>,
    /// Within which other one its thread has published it, by address (`address`).
    pub(super) within: Option<usize>,
}

/// The same, with those within others that the sentinel knows and whose children have all been claimed: the others
/// wait for them.
pub(super) fn watched() -> Vec<Watched> {
    let mut found: Vec<Watched> = Vec::new();
    for slot in &SLOTS.lock().watched {
        let mut inner = None;
        slot.each_published(|frame| {
            let Some(here) = frame.what.backlog() else {
                return;
            };
            if let Some(place) = inner.take() {
                let inner: &mut Watched = &mut found[place];
                inner.within = Some(address(here));
            }
            match frame.what {
                What::Children(_, Some(work))
                    if here.unclaimed() > 0 || here.watch().is_known() =>
                {
                    inner = Some(found.len());
                    found.push(Watched {
                        backlog: work.share(),
                        within: None,
                    });
                }
                _ => (),
            }
        });
    }
    // Idle is idle: where nothing is unclaimed, nobody waits for what others do.
    if found.iter().all(|seen| seen.backlog.unclaimed() == 0) {
        return Vec::new();
    }
    found.retain(|seen| seen.within.is_some() || seen.backlog.unclaimed() > 0);
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
