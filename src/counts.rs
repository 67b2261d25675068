//! Counting: what happened how often.
//!
//! Each thread counts in its slot, where nobody else writes; who asks adds up (`stats`).
//!
//! Invariants:
//! - **N1 one writer.** In a slot only the thread counts that is in it (S1), so counting is a load and a
//!   store, and no other processor's business.
//! - **N3 no more than began.** Of two things, the one that happens later stands later in `Counted`, and is
//!   read earlier: nobody sees more failures than beginnings.

use crate::sync::notes::{AtomicU64, Ordering};

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
    Helpers,
    Cancellations,
}

const KINDS: usize = Counted::Cancellations as usize + 1;

/// What was counted in one place.
pub(crate) struct Counts([AtomicU64; KINDS]);

/// What was counted in several places.
#[derive(Clone, Copy)]
pub(crate) struct Totals([u64; KINDS]);

/// What was counted where no slot is at hand: nothing that happens often.
static ELSEWHERE: Counts = Counts::new();

impl Counts {
    pub(crate) const fn new() -> Counts {
        Counts([const { AtomicU64::new(0) }; KINDS])
    }

    /// On the only thread that counts here (N1).
    pub(crate) fn count(&self, what: Counted) {
        let count = &self.0[what as usize];
        let before = count.load(Ordering::Relaxed);
        count.store(before + 1, Ordering::Release);
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
    }

    pub(crate) fn of(&self, what: Counted) -> u64 {
        self.0[what as usize]
    }
}

/// Counts where no slot is at hand.
pub(crate) fn count_elsewhere(what: Counted) {
    ELSEWHERE.0[what as usize].fetch_add(1, Ordering::AcqRel);
}

/// In a child of `fork`, in which nothing has happened yet.
pub(crate) fn after_fork() {
    for count in &ELSEWHERE.0 {
        count.store(0, Ordering::Relaxed);
    }
}
