//! Counting: what happened how often.
//!
//! Each thread counts in its slot, where nobody else writes; who asks adds up (`stats`).
//!
//! Invariants:
//! - **N1 one writer.** In a slot only the thread counts that is in it (S1), so counting is a load and a
//!   store, and no other processor's business.
//! - **N3 no more than began.** Of two things, the one that happens later stands later in `Counted`, and is
//!   read earlier: nobody sees more failures than beginnings.

use crate::base::sync::notes::{AtomicU64, Ordering};

/// What is counted.
#[derive(Clone, Copy)]
pub(crate) enum Counted {
    Callbacks,
    CallbacksFailed,
    Threads,
    ThreadsDenied,
    Tasks,
    TasksEnded,
    TasksFailed,
    FanOuts,
    Nurseries,
    NurseriesEnded,
    ChildrenSpawned,
    Helpers,
    Cancellations,
    Timeouts,
    Restarts,
}

const KINDS: usize = Counted::Restarts as usize + 1;

/// What was counted in one place.
pub(crate) struct Counts([AtomicU64; KINDS]);

/// What was counted in several places.
#[derive(Clone, Copy)]
pub(crate) struct Totals([u64; KINDS]);

/// What was counted where no slot is at hand: nothing that happens often.
static ELSEWHERE: Counts = Counts::new();

/// What was counted of tasks that may end on another thread than they have begun on: all of it here, so that it is read
/// in order (N3).
static MOVING: Counts = Counts::new();

impl Counts {
    pub(crate) const fn new() -> Counts {
        Counts([const { AtomicU64::new(0) }; KINDS])
    }

    /// On the only thread that counts here (N1). Tells how many there are now.
    pub(crate) fn count(&self, what: Counted) -> u64 {
        let count = &self.0[what as usize];
        let number = count.load(Ordering::Relaxed) + 1;
        count.store(number, Ordering::Release);
        number
    }

    /// How often that was counted here, from whatever thread.
    pub(crate) fn of(&self, what: Counted) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }
}

impl Totals {
    pub(crate) const NONE: Totals = Totals([0; KINDS]);

    pub(crate) fn add(&mut self, counts: &Counts) {
        for (total, count) in self.0.iter_mut().zip(&counts.0).rev() {
            *total += count.load(Ordering::Acquire); // N3
        }
    }

    pub(crate) fn add_elsewhere(&mut self) {
        self.add(&ELSEWHERE);
        self.add(&MOVING);
    }

    pub(crate) fn of(&self, what: Counted) -> u64 {
        self.0[what as usize]
    }
}

/// Counts where no slot is at hand.
pub(crate) fn count_elsewhere(what: Counted) {
    ELSEWHERE.0[what as usize].fetch_add(1, Ordering::AcqRel);
}

/// Counts what happens to tasks that may end on another thread than they have begun on.
pub(crate) fn count_moving(what: Counted) {
    MOVING.0[what as usize].fetch_add(1, Ordering::AcqRel);
}

/// Counts what happens to tasks by hand, on whatever thread: under the lock of their list, so one at a time (N1).
pub(crate) fn count_by_hand(what: Counted) {
    ELSEWHERE.count(what);
}

/// In a child of `fork`, in which nothing has happened yet.
pub(crate) fn after_fork() {
    for count in ELSEWHERE.0.iter().chain(&MOVING.0) {
        count.store(0, Ordering::Relaxed);
    }
}
