//! On which terms a thread runs: on which processors, and how urgently.
//!
//! A thread gets that from the thread that makes it, be that the sentinel or whoever starts a job. So a thread of the
//! library knows its terms, and takes those of whoever it works for before it does so. Usually all threads of a
//! program have the same terms, those that it was started on: then nothing is to be done.
//!
//! Invariant:
//! - **T8 on the terms of who needs it.** A thread of the crew does a job on the terms of who had it done: of who
//!   published what it helps with, of who started the job; and the library's own work on the process's own terms.

use std::cell::Cell;

use libc::{c_int, c_ulong};

use crate::base::clock::Duration;
use crate::base::race_detector::unseen;
use crate::base::sync::{Arc, OnceLock, per_thread};
use crate::base::sys::scheduling;

/// `None`: the process's own.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Terms(Option<Arc<Scheduling>>);

#[derive(PartialEq, Eq)]
struct Scheduling {
    processors: Processors,
    urgency: Urgency,
}

/// One bit for each. As many words as most systems need take no memory of their own.
#[derive(PartialEq, Eq)]
enum Processors {
    Few([u64; FEW]),
    Many(Vec<u64>),
}

const FEW: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Urgency {
    policy: c_int,
    /// Of the policies for real time.
    priority: c_int,
    /// Of the others.
    nice: c_int,
}

/// What the main thread had when the library was loaded.
struct Own {
    scheduling: Option<Scheduling>,
    slack: c_ulong,
}

static OWN: OnceLock<Own> = OnceLock::new();

/// The process's own; to be called when the library is loaded.
pub(crate) fn note_own() {
    OWN.get_or_init(|| Own {
        scheduling: Scheduling::of(std::process::id() as i32),
        slack: scheduling::slack(),
    });
}

fn own() -> Option<&'static Scheduling> {
    OWN.get()?.scheduling.as_ref()
}

/// For how long is believed what the kernel says of who has published something: to ask takes as long as half a wake.
pub(super) const BELIEVED: Duration = Duration::from_millis(10);

impl Terms {
    pub(super) const OWN: Terms = Terms(None);

    /// Those of a thread of this process, by the kernel's number of it.
    pub(super) fn of(thread: i32) -> Terms {
        let is_special = |found: &Scheduling| own().is_some_and(|own| own != found);
        let special = Scheduling::of(thread).filter(is_special);
        Terms(special.map(Arc::new))
    }

    pub(super) fn of_the_caller() -> Terms {
        unseen(|| Terms::of(0))
    }

    /// Has the calling thread, whose terms these are, run on others. What the system does not allow is not done:
    /// a thread without privileges cannot become more urgent again.
    pub(super) fn change_to(&mut self, others: Terms) {
        if unseen(|| *self == others) {
            return;
        }
        let is_done = match (self.scheduling(), others.scheduling()) {
            (Some(from), Some(to)) => to.adopt(from),
            _ => true,
        };
        *self = if is_done {
            others
        } else {
            Terms::of_the_caller()
        };
    }

    /// Whether the thread is as urgent as the process's others.
    pub(super) fn is_as_urgent(&self) -> bool {
        match (self.scheduling(), own()) {
            (Some(mine), Some(own)) => mine.urgency == own.urgency,
            _ => true,
        }
    }

    fn scheduling(&self) -> Option<&Scheduling> {
        match &self.0 {
            Some(special) => Some(special),
            None => own(),
        }
    }
}

/// On how many processors a thread may run, by the kernel's number of it. (std also asks the control groups, for
/// which it opens files: a daemon that closes all descriptors at that moment would have one of its own closed.)
pub(super) fn cores(thread: i32) -> usize {
    Processors::of(thread).map_or(1, |processors| processors.count().max(1))
}

/// Has the calling thread, and those that it makes, run on the how-manyth of its processors only, counted round: so one of them that lets
/// another one go on wakes none that sleeps elsewhere, which takes longer. Nor is it interrupted by that one before it stops itself, as if
/// it had more to do: a change of threads more.
pub(crate) fn stay_on_processor(place: usize) {
    if let Some(one) = Processors::of(0).and_then(|all| all.one(place)) {
        one.adopt();
    }
    if scheduling::policy(0) == Some((libc::SCHED_OTHER, false)) {
        scheduling::set_policy(libc::SCHED_BATCH, 0);
    }
}

impl Scheduling {
    fn of(thread: i32) -> Option<Scheduling> {
        Some(Scheduling {
            processors: Processors::of(thread)?,
            urgency: Urgency::of(thread)?,
        })
    }

    /// Has the calling thread change from other terms to these. Tells whether it could.
    fn adopt(&self, from: &Scheduling) -> bool {
        let moved = self.processors == from.processors || self.processors.adopt();
        let eased = self.urgency == from.urgency || self.urgency.adopt(from.urgency);
        moved && eased
    }
}

impl Processors {
    /// More than most kernels know of, and as many as any does.
    const MANY: std::ops::RangeInclusive<u32> = 11..=20;

    fn of(thread: i32) -> Option<Processors> {
        let mut few = [0; FEW];
        if scheduling::processors(thread, &mut few) {
            return Some(Processors::Few(few));
        }
        Self::MANY.map(|log| 1 << log).find_map(|bits: usize| {
            let mut words = vec![0; bits / 64];
            scheduling::processors(thread, &mut words).then_some(Processors::Many(words))
        })
    }

    fn words(&self) -> &[u64] {
        match self {
            Processors::Few(words) => words,
            Processors::Many(words) => words,
        }
    }

    fn count(&self) -> usize {
        let ones = self.words().iter().map(|word| word.count_ones() as usize);
        ones.sum()
    }

    /// The how-manyth of them, counted round.
    fn one(&self, place: usize) -> Option<Processors> {
        let words = self.words();
        let is_in = |at: &usize| words[at / 64] >> (at % 64) & 1 == 1;
        let at = (0..words.len() * 64)
            .filter(is_in)
            .nth(place % self.count().max(1))?;
        let mut one = vec![0; words.len()];
        one[at / 64] = 1 << (at % 64);
        Some(Processors::Many(one))
    }

    fn adopt(&self) -> bool {
        scheduling::set_processors(self.words())
    }
}

impl Urgency {
    fn of(thread: i32) -> Option<Urgency> {
        let (policy, keeps_it) = scheduling::policy(thread)?;
        let nice = scheduling::nice(thread)?;
        let priority = if is_for_real_time(policy) {
            scheduling::priority(thread)?
        } else {
            0
        };
        let urgency = Urgency {
            policy,
            priority,
            nice,
        };
        Some(if keeps_it { urgency.reset() } else { urgency })
    }

    /// What a thread has that was made by one of this urgency, which asked to keep it to itself.
    fn reset(self) -> Urgency {
        Urgency {
            policy: if is_for_real_time(self.policy) {
                libc::SCHED_OTHER
            } else {
                self.policy
            },
            priority: 0,
            nice: self.nice.max(0),
        }
    }

    fn adopt(self, from: Urgency) -> bool {
        let is_as_nice = self.nice == from.nice;
        let is_scheduled_so = (self.policy, self.priority) == (from.policy, from.priority);
        (is_as_nice || scheduling::set_nice(self.nice))
            && (is_scheduled_so || scheduling::set_policy(self.policy, self.priority))
    }
}

fn is_for_real_time(policy: c_int) -> bool {
    [libc::SCHED_FIFO, libc::SCHED_RR].contains(&policy)
}

/// How long the calling thread may sleep too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slack {
    /// As others may.
    Usual,
    /// Not at all: it sleeps precisely.
    None,
    /// As others may, until it sleeps again.
    GivenBack,
}

per_thread!(SLACK: Cell<Slack> = Cell::new(Slack::Usual));

/// Lets the calling thread of the library sleep for less than the kernel's usual 50 µs of slack, until it is
/// dropped.
pub(super) struct Precisely {
    former: c_ulong,
}

impl Precisely {
    pub(super) fn begin() -> Precisely {
        let former = scheduling::slack();
        change_slack(Slack::None, 1);
        Precisely { former }
    }

    /// It is about to sleep, and may have given the slack back since it last did.
    pub(super) fn again(&self) {
        if SLACK.with(Cell::get) == Slack::GivenBack {
            change_slack(Slack::None, 1);
        }
    }
}

impl Drop for Precisely {
    fn drop(&mut self) {
        change_slack(Slack::Usual, self.former);
    }
}

/// The calling thread is about to make another one: that inherits the slack, and so does whatever is executed there. Many are made between
/// two times that it sleeps.
pub(super) fn give_slack_back() {
    if SLACK.with(Cell::get) == Slack::None {
        change_slack(Slack::GivenBack, OWN.get().map_or(0, |own| own.slack));
    }
}

fn change_slack(to: Slack, nanoseconds: c_ulong) {
    SLACK.with(|slack| slack.set(to));
    scheduling::set_slack(nanoseconds);
}

#[cfg(all(test, not(loom)))]
mod tests;
