//! Which of the threads that are at work on a fan-out compute, as their processor time tells.
//!
//! A thread computes if it has used a processor for half of the time, or more, since it was last looked at. One that
//! did so may be waiting for a processor, so it counts as one that computes for a while yet: for as long as it has
//! computed, and no longer than `DOUBT`. That may be too short where many programs want the processors: if a thread
//! computes again that did not count any more, the others are given twice as long. Of a thread that has just come
//! nothing is known.
//!
//! Reading a thread's time takes some hundred nanoseconds, so no more than twice `AT_ONCE` are read at a look.

use crate::base::clock::{Duration, Instant};

/// How long a processor may be given to others.
const DOUBT: Duration = Duration::from_millis(100);

/// At least for so long.
const LEAST: Duration = Duration::from_micros(500);

/// Who has used a processor for so long computes, however long ago the last look was, and has not done so only to begin
/// to wait.
const MUCH: Duration = Duration::from_millis(1);

/// Who has computed for less than that may have done so to begin to wait.
const LITTLE: Duration = Duration::from_micros(200);

/// How many times as long as they have computed threads count as computing, at most.
pub(super) const MOST_TIMES: u32 = 64;

/// How many threads are read at a look, and as many of those that have come: the others of these when it is their turn.
const AT_ONCE: usize = 16;

/// The threads at work on one backlog.
#[derive(Default)]
pub(super) struct AtWork {
    threads: Vec<Thread>,
    /// Those that compute.
    computing: Vec<usize>,
    /// How many have been looked at before; the others have come since.
    known: usize,
    /// Whose turn it is.
    next: usize,
    /// The longest time that one has computed.
    longest: Duration,
}

/// What is known from other looks, at other fan-outs too.
pub(super) trait Experience {
    /// That a thread computes, as it was seen at work on another fan-out.
    fn stint(&self, thread: i32) -> Option<Stint>;
    /// How many times as long as they have computed threads count as computing.
    fn times(&self) -> u32;
    /// Notes that this was not long enough.
    fn note_too_short(&mut self);
}

/// That a thread computed.
#[derive(Clone, Copy)]
pub(super) struct Stint {
    /// For how long.
    time: Duration,
    /// Until when.
    end: Instant,
}

struct Thread {
    /// The kernel's number of it.
    number: i32,
    /// The processor time that it had used when it was looked at.
    used: Duration,
    at: Instant,
    /// When it last computed.
    stint: Stint,
    /// Whether it counts as one that computes.
    counts: bool,
}

impl Thread {
    fn new(number: i32, used: Option<Duration>, now: Instant, stint: Option<Stint>) -> Thread {
        let none = Stint {
            time: Duration::ZERO,
            end: now,
        };
        Thread {
            number,
            used: used.unwrap_or(Duration::MAX),
            at: now,
            stint: stint.unwrap_or(none),
            counts: stint.is_some(),
        }
    }

    /// Whether it has computed since it was last looked at.
    fn look(&mut self, used: Duration, now: Instant) -> bool {
        let more = used.saturating_sub(self.used);
        let half = more * 2 >= now.duration_since(self.at);
        let computes = more >= MUCH || (half && !more.is_zero());
        if computes {
            let before = if self.counts {
                self.stint.time
            } else {
                Duration::ZERO
            };
            self.stint = Stint {
                time: before + more,
                end: now,
            };
        }
        (self.used, self.at) = (used, now);
        computes
    }

    /// Counts it no more if it has not computed for long. Tells whether it counts.
    fn doubt(&mut self, times: u32, now: Instant) -> bool {
        let limit = DOUBT.min(LEAST.max(self.stint.time * times));
        self.counts &= now.duration_since(self.stint.end) <= limit;
        self.counts
    }
}

impl AtWork {
    /// Looks at some of the threads, after some have come. They do not leave while anything is unclaimed.
    pub(super) fn look(
        &mut self,
        come: impl Iterator<Item = i32>,
        now: Instant,
        experience: &mut impl Experience,
        used_by: impl Fn(i32) -> Option<Duration>,
    ) {
        let (threads, times) = (&mut self.threads, experience.times());
        self.computing
            .retain(|place| threads[*place].doubt(times, now));
        self.known = threads.len();
        for _ in 0..self.known.min(AT_ONCE) {
            self.next = (self.next + 1) % self.known;
            let used = used_by(self.threads[self.next].number);
            if used.is_some_and(|used| self.look_at_next(used, now)) {
                experience.note_too_short();
            }
        }
        for (place, number) in come.enumerate() {
            let stint = experience.stint(number);
            self.computing.extend(stint.map(|_| self.threads.len()));
            let used = (place < AT_ONCE).then(|| used_by(number)).flatten();
            self.threads.push(Thread::new(number, used, now, stint));
        }
    }

    /// Tells whether the thread computes again after it did not count any more.
    fn look_at_next(&mut self, used: Duration, now: Instant) -> bool {
        let thread = &mut self.threads[self.next];
        let before = thread.stint.time;
        let computes = thread.look(used, now);
        self.longest = self.longest.max(thread.stint.time);
        if !computes || thread.counts {
            return false;
        }
        thread.counts = true;
        self.computing.push(self.next);
        before >= LITTLE
    }

    /// Those threads are not at work on it any more.
    pub(super) fn leave(&mut self, mut gone: Vec<i32>) {
        gone.sort_unstable();
        (self.threads).retain(|thread| gone.binary_search(&thread.number).is_err());
        let places = self.threads.iter().enumerate();
        let counting = places.filter(|(_, thread)| thread.counts);
        self.computing = counting.map(|(place, _)| place).collect();
        self.known = self.threads.len();
    }

    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// Whether any has computed for long.
    pub(super) fn have_computed(&self) -> bool {
        self.longest >= MUCH
    }

    /// How many are known not to compute.
    pub(super) fn blocked(&self) -> usize {
        let new = self.threads[self.known..].iter();
        let new_ones = new.filter(|thread| thread.counts).count();
        self.known + new_ones - self.computing.len()
    }

    /// Those that compute.
    pub(super) fn computing(&self) -> impl ExactSizeIterator<Item = (i32, Stint)> {
        let threads = self.computing.iter().map(|place| &self.threads[*place]);
        threads.map(|thread| (thread.number, thread.stint))
    }

    /// Those that have come since the last look.
    pub(super) fn come(&self) -> impl Iterator<Item = i32> {
        self.threads[self.known..]
            .iter()
            .map(|thread| thread.number)
    }

    /// The kernel's numbers of all.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i32> {
        self.threads.iter().map(|thread| thread.number)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
