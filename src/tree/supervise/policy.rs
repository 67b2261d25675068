//! When a supervisor runs its child again, and when it gives up: what follows from how it has run so far. Nothing here waits, or
//! reads a clock.
//!
//! Moments are told as the time since the supervisor began. `Duration::MAX` is for ever, in whatever is set.

use std::collections::VecDeque;

use crate::base::clock::Duration;
use crate::base::random::Random;

/// What is set.
#[derive(Clone, Copy)]
pub(crate) struct Policy {
    /// The delay before it runs again, at first and at most; it is doubled at each failure.
    pub(crate) first_delay: Duration,
    pub(crate) longest_delay: Duration,
    /// Each delay is drawn from so many percent less to so many more.
    pub(crate) jitter_percent: u8,
    /// A run that took so long makes the next delay the first again.
    pub(crate) healthy_after: Duration,
    /// More failures than that, within that time, are too many; `usize::MAX`: no number is.
    pub(crate) most: usize,
    pub(crate) within: Duration,
}

/// How it has run so far.
pub(super) struct History {
    policy: Policy,
    next_delay: Duration,
    /// When it has failed, within the time in which failures count.
    failures: VecDeque<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It runs again after that.
    Again(Duration),
    /// It does not: so many failures came within that time.
    Enough(usize, Duration),
}

impl History {
    pub(super) fn of(policy: Policy) -> History {
        History {
            policy,
            next_delay: policy.first_delay,
            failures: VecDeque::new(),
        }
    }

    /// It has succeeded, and is to run again after what this returns.
    pub(super) fn succeeded(&mut self) -> Duration {
        self.next_delay = self.policy.first_delay;
        self.next_delay
    }

    /// It has failed at that moment, in a run that took so long.
    pub(super) fn failed(&mut self, at: Duration, took: Duration) -> Verdict {
        if let Some((failures, time)) = self.too_many(at) {
            return Verdict::Enough(failures, time);
        }
        if took >= self.policy.healthy_after {
            self.next_delay = self.policy.first_delay;
        }
        let delay = self.next_delay;
        self.next_delay = delay.saturating_mul(2).min(self.policy.longest_delay);
        Verdict::Again(delay)
    }

    /// How many there were with this one, and in what time, if that is more than may be.
    fn too_many(&mut self, at: Duration) -> Option<(usize, Duration)> {
        if self.policy.most == usize::MAX {
            return None; // None need be remembered.
        }
        self.failures.push_back(at);
        let counts = |failure: &Duration| at.saturating_sub(*failure) <= self.policy.within;
        while !self.failures.front().is_some_and(counts) {
            self.failures.pop_front();
        }
        let first = *self.failures.front()?;
        let is_enough = self.failures.len() > self.policy.most;
        is_enough.then_some((self.failures.len(), at.saturating_sub(first)))
    }
}

impl Policy {
    /// A delay as it is in fact, so that what failed together does not begin together.
    pub(super) fn draw(&self, delay: Duration, random: &mut Random) -> Duration {
        let Ok(nanoseconds) = u64::try_from(delay.as_nanos()) else {
            return delay; // Longer than anything runs.
        };
        let part = u128::from(nanoseconds) * u128::from(self.jitter_percent) / 100;
        let part = part as u64; // Not more than the whole.
        let drawn = random.up_to(part.saturating_mul(2));
        Duration::from_nanos((nanoseconds - part).saturating_add(drawn))
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
