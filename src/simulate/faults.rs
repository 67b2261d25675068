//! What goes wrong by chance: how often, and when the seed says so.

use crate::base::clock::Duration;
use crate::base::random::Random;
use crate::base::time_text;

/// How many of a thousand.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) deny_threads: u32,
    pub(crate) cancel: u32,
    pub(crate) early_wakes: u32,
    pub(crate) slow: u32,
    /// For how long who is slow is held back, at most.
    pub(crate) slow_ns: u64,
    pub(crate) kill_children: u32,
}

impl Faults {
    /// Whether there are none: then nothing but the order depends on the seed.
    pub(super) fn are_none(self) -> bool {
        [
            self.deny_threads,
            self.cancel,
            self.early_wakes,
            self.slow,
            self.kill_children,
        ] == [0; 5]
    }

    pub(super) fn describe(self) -> String {
        let mut text = String::new();
        if self.deny_threads > 0 {
            text += &format!(", {} of 1000 threads denied", self.deny_threads);
        }
        if self.cancel > 0 {
            text += &format!(", cancelled at {} of 1000 switches", self.cancel);
        }
        if self.early_wakes > 0 {
            text += &format!(", {} of 1000 waits woken early", self.early_wakes);
        }
        if self.slow > 0 {
            let most = time_text::of(Duration::from_nanos(self.slow_ns));
            text += &format!(", {} of 1000 children slow by up to {most}", self.slow);
        }
        if self.kill_children > 0 {
            text += &format!(", {} of 1000 programs killed", self.kill_children);
        }
        text
    }
}

/// What is drawn from the seed beside the schedule: each from a row of its own, so that the one does not change the others.
pub(super) struct Draws {
    faults: Faults,
    denials: Random,
    cancellations: Random,
    programs: Random,
    early_wakes: Random,
    delays: Random,
    deaths: Random,
}

impl Draws {
    pub(super) fn of(seed: u64, faults: Faults) -> Draws {
        let mut rows = Random::seeded(!seed);
        let mut row = || Random::seeded(rows.next());
        Draws {
            faults,
            denials: row(),
            cancellations: row(),
            programs: row(),
            early_wakes: row(),
            delays: row(),
            deaths: row(),
        }
    }

    /// Whether a request for a thread is denied.
    pub(super) fn denies(&mut self) -> bool {
        hits(&mut self.denials, self.faults.deny_threads)
    }

    /// Whether the run is cancelled at this switch.
    pub(super) fn cancels(&mut self) -> bool {
        hits(&mut self.cancellations, self.faults.cancel)
    }

    /// A number for the program.
    pub(super) fn number(&mut self) -> u64 {
        self.programs.next()
    }

    /// After how much time a wait of the program's own wakes for no reason, if it does: as often as not at once.
    pub(super) fn early_wake(&mut self) -> Option<u64> {
        const LATEST_NS: u64 = 1_000_000_000;
        let wakes = hits(&mut self.early_wakes, self.faults.early_wakes);
        wakes.then(|| {
            let drawn = self.early_wakes.up_to(2 * LATEST_NS);
            drawn.saturating_sub(LATEST_NS)
        })
    }

    /// For how long a child is held back, if it is.
    pub(super) fn delay(&mut self) -> Option<u64> {
        let is_slow = hits(&mut self.delays, self.faults.slow);
        is_slow.then(|| self.delays.up_to(self.faults.slow_ns))
    }

    /// After how many switches a program is killed, if it is: one of few as often as one of many, for it is not known how many it makes.
    pub(super) fn death(&mut self) -> Option<u64> {
        const MOST_DOUBLINGS: u64 = 10;
        let is_killed = hits(&mut self.deaths, self.faults.kill_children);
        is_killed.then(|| {
            let doublings = self.deaths.up_to(MOST_DOUBLINGS);
            self.deaths.up_to(1 << doublings)
        })
    }
}

/// Whether so many of a thousand draws hit.
fn hits(random: &mut Random, permille: u32) -> bool {
    permille > 0 && random.up_to(999) < u64::from(permille)
}
