//! What the sentinel remembers of a backlog, and how many helpers it wants for it.
//!
//! Nothing here waits, locks or reads a clock, so that its tests can try every history.
//!
//! Invariants:
//! - **F1 progress.** A backlog found unclaimed by two looks, and no smaller at the second, wants
//!   helpers: 1, then 2, 4, 8 …
//! - **F3 no thread, no silence.** It is known since when a backlog has stalled and no thread could be
//!   had for it, so that it can be given up.

use crate::clock::{Duration, Instant};

/// How many helpers one backlog gets at a look, because others wait for theirs meanwhile.
const LARGEST_BURST: usize = 1024;

/// What the sentinel remembers from one look to the next.
#[derive(Default)]
pub(crate) struct Notes {
    /// How many children were unclaimed at the last look; 0 before the first.
    unclaimed: usize,
    /// How many helpers were lent for cores, not for stalls.
    for_cores: usize,
    /// How many helpers were lent at the last look.
    burst: usize,
    /// Whether work went on at the last look, with as many helpers as there are cores.
    settled: bool,
    /// Since when it has stalled and no thread could be had for it.
    denied: Option<Instant>,
}

impl Notes {
    /// How many helpers a backlog wants that has so many unclaimed children now.
    pub(crate) fn wanted(&mut self, unclaimed: usize, cores: usize) -> usize {
        let before = std::mem::replace(&mut self.unclaimed, unclaimed);
        self.settled = false;
        if unclaimed == 0 || before == 0 {
            return 0;
        }
        // Each helper that was lent has claimed a child. Only what was claimed beyond that shows that
        // anybody gets on: the children may all wait for one that is unclaimed.
        if before - unclaimed > self.burst {
            self.moved(cores)
        } else {
            self.stalled().min(unclaimed)
        }
    }

    /// Work goes on, and has lasted for a tick: it is worth another core, if there is one.
    fn moved(&mut self, cores: usize) -> usize {
        self.denied = None;
        let wanted = usize::from(self.for_cores + 1 < cores);
        self.for_cores += wanted;
        self.burst = wanted;
        self.settled = wanted == 0;
        wanted
    }

    /// Whether the backlog gets on as well as it can, so that it need not be looked at so soon again.
    pub(crate) fn settled(&self) -> bool {
        self.settled
    }

    /// Nobody got on since the last look (F1).
    fn stalled(&mut self) -> usize {
        self.burst = (self.burst * 2).clamp(1, LARGEST_BURST);
        self.burst
    }

    /// Notes whether all those could be had; tells for how long threads have been denied (F3).
    pub(crate) fn note(&mut self, all: bool, now: impl FnOnce() -> Instant) -> Duration {
        if all {
            self.denied = None;
            return Duration::ZERO;
        }
        self.burst = 0;
        let now = now();
        now.duration_since(*self.denied.get_or_insert(now))
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
