//! What the library does and has done, in numbers: for those who watch a program from outside.
//!
//! Invariant:
//! - **N2 no number falls.** What was counted in a slot that goes is added to the rest under the lock
//!   under which it goes, and under which all are added up (`slots`).

use crate::base::counts::{Counted, Totals};
use crate::engine::{crew, slots};

/// What is known at this moment.
pub(crate) struct Stats {
    /// How many threads of the library there are.
    pub(crate) threads: usize,
    /// How many of them are parked.
    pub(crate) parked: usize,
    /// The most that there were at the same time.
    pub(crate) peak: usize,
    /// How many callbacks run.
    pub(crate) callbacks: usize,
    pub(crate) totals: Totals,
}

pub(crate) fn look() -> Stats {
    let census = slots::census();
    let mut totals = census.totals;
    totals.add_elsewhere();
    Stats {
        threads: census.crew,
        // A thread may have come between the two looks.
        parked: crew::parked().min(census.crew),
        peak: census.peak,
        callbacks: census.callbacks,
        totals,
    }
}

impl Stats {
    /// How many tasks run.
    pub(crate) fn tasks(&self) -> u64 {
        self.totals.of(Counted::Tasks) - self.totals.of(Counted::TasksEnded)
    }

    /// How many nurseries run.
    pub(crate) fn nurseries(&self) -> u64 {
        self.totals.of(Counted::Nurseries) - self.totals.of(Counted::NurseriesEnded)
    }
}
