//! What is due of the program's on a thread that runs nothing of it: the sentinel, and the one that listens.
//!
//! A hook may take its time, or wait for what that thread is there for. So it is handed over: to a thread of
//! the crew, if one can be had. Else it waits for the first one that comes free, while a thread is asked for
//! again and again; and who waits for it does it himself.
//!
//! Invariant:
//! - **T4 handed over is done.** It is done once: by a thread of the crew, or by who settles it. Who has
//!   settled it goes on when it is over.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use super::patience::RETRY;
use super::{Job, NoThread, lend};
use crate::base::bug;
use crate::base::clock::{self, Instant};
use crate::base::race_detector;
use crate::base::sync::notes::{AtomicBool, Ordering};
use crate::base::sync::{Condvar, Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::activity;

/// How many threads may be on their way at once. Each asks for the next one as it arrives, for what it does may wait for what still waits: so
/// everything gets a thread, but no number of them because they are late, where there is more to run than processors.
const MOST_COMING: usize = if cfg!(loom) { 1 } else { 4 };

/// Something that was handed over.
pub(crate) struct Due(NonZeroU64);

// Whether anything waits for a thread. Who misses it only leaves it to others.
per_world!(ANY: AtomicBool = AtomicBool::new(false));

per_world!(QUEUE: Mutex<Queue> = Mutex::new(Queue::EMPTY));

// Rung when something is over.
per_world!(BELL: Condvar = Condvar::new());

pub(crate) struct Queue {
    last: u64,
    /// What nobody does yet, the oldest first.
    waiting: VecDeque<(u64, Job)>,
    /// What is being done.
    begun: Vec<u64>,
    /// How many threads have been lent for it that have not arrived yet; `MOST_COMING` at most.
    coming: usize,
    /// When a thread is asked for again.
    ask_at: Option<Instant>,
}

impl Queue {
    const EMPTY: Queue = Queue {
        last: 0,
        waiting: VecDeque::new(),
        begun: Vec::new(),
        coming: 0,
        ask_at: None,
    };

    fn add(&mut self, job: Job) -> Due {
        let number = NonZeroU64::MIN.saturating_add(self.last);
        self.last = number.get();
        self.waiting.push_back((self.last, job));
        self.note();
        Due(number)
    }

    /// Takes one, to be done now.
    fn take(&mut self, place: usize) -> Option<(u64, Job)> {
        let (number, job) = self.waiting.remove(place)?;
        self.begun.push(number);
        self.note();
        Some((number, job))
    }

    fn take_oldest(&mut self) -> Option<(u64, Job)> {
        self.take(0)
    }

    fn end(&mut self, number: u64) {
        self.begun.retain(|other| *other != number);
        if self.begun.is_empty() && self.waiting.is_empty() {
            // It comes seldom that something is due, so no memory is kept for that.
            (self.waiting, self.begun) = (VecDeque::new(), Vec::new());
        }
    }

    fn note(&self) {
        ANY.store(!self.waiting.is_empty(), Ordering::Relaxed);
    }

    /// Whether a thread is to be asked for now.
    fn wants_thread(&self) -> bool {
        let is_time = self.ask_at.is_none_or(clock::has_come);
        self.wants_more() && self.coming < MOST_COMING && is_time
    }

    /// Whether more waits than threads are coming.
    fn wants_more(&self) -> bool {
        self.waiting.len() > self.coming
    }
}

/// Has something of the program's done on a thread of the crew, or by who settles it. It is a part of what the
/// calling thread is a part of at this moment.
pub(crate) fn hand_over(job: Job) -> Due {
    let activities = activity::current();
    let job: Job = Box::new(move || activity::within(activities, job));
    race_detector::release(&raw const *job);
    let due = QUEUE.lock().add(job);
    ask_again();
    due
}

/// Asks for a thread for what waits for one. Tells when that is to be done again, if it is.
pub(crate) fn ask_again() -> Option<Instant> {
    ask_for(arrive)
}

/// The same, for one that does that.
#[inline]
fn ask_for(arrive: fn()) -> Option<Instant> {
    if !ANY.load(Ordering::Relaxed) {
        return None;
    }
    let mut queue = QUEUE.lock();
    while queue.wants_thread() {
        queue.coming += 1;
        drop(queue);
        let lent = lend(Box::new(arrive));
        queue = QUEUE.lock();
        queue.ask_at = None;
        if let Err(NoThread) = lent {
            queue.coming -= 1;
            queue.ask_at = clock::now().checked_add(RETRY);
        }
    }
    let later = || queue.ask_at.or_else(|| clock::now().checked_add(RETRY));
    queue.wants_more().then(later).flatten()
}

/// What a thread does that was lent for it.
fn arrive() {
    let first = take_first();
    ask_again();
    first.into_iter().for_each(do_one);
    do_all();
}

fn take_first() -> Option<(u64, Job)> {
    let mut queue = QUEUE.lock();
    queue.coming -= 1;
    queue.take_oldest()
}

/// Does what waits for a thread on the calling one, which has come free.
pub(super) fn do_all() {
    while ANY.load(Ordering::Relaxed) {
        let oldest = QUEUE.lock().take_oldest();
        oldest.into_iter().for_each(do_one);
    }
}

fn do_one((number, job): (u64, Job)) {
    race_detector::acquire(&raw const *job);
    let _ = bug::contained(|| {
        job();
        Ok(())
    });
    race_detector::release(&raw const BELL);
    QUEUE.lock().end(number);
    BELL.notify_all();
}

impl Due {
    /// Does it on the calling thread, unless another one has begun: then it waits until that is over (T4).
    pub(crate) fn settle(self) {
        let mut queue = QUEUE.lock();
        let mine = |(number, _): &(u64, Job)| *number == self.0.get();
        match queue.waiting.iter().position(mine) {
            Some(place) => {
                let taken = queue.take(place);
                drop(queue);
                taken.into_iter().for_each(do_one);
            }
            None => {
                let goes_on = |queue: &mut Queue| queue.begun.contains(&self.0.get());
                drop(BELL.wait_while(queue, goes_on));
                race_detector::acquire(&raw const BELL);
            }
        }
    }
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, Queue>;

pub(super) fn hold() -> Held {
    QUEUE.lock()
}

/// In a child of `fork`: what was due is the parent's.
pub(super) fn forget(mut held: Held) {
    std::mem::forget(take_all(&mut held));
}

/// A run of a simulation begins, in which nothing is due yet.
pub(super) fn begin_world() {
    let left = take_all(&mut hold());
    drop(left);
}

/// Leaves nothing that is due.
fn take_all(held: &mut Held) -> Queue {
    let left = std::mem::replace(&mut **held, Queue::EMPTY);
    held.note();
    left
}

#[cfg(all(test, loom))]
#[path = "../models/due.rs"]
mod models;
