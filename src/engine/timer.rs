//! Has somebody told at a moment, on a thread of the library's.
//!
//! Invariants:
//! - **T5 one thread, while it is needed.** A thread serves as long as somebody is to be told, and a moment longer, and says under the lock
//!   that it goes. So there is never a second one, and who comes when there is none has one sent.
//! - **T6 told, or forgotten before.** Each one is told once, not before its moment, under no lock. One that is forgotten is
//!   not told, unless that has begun.
//! - **T7 by who comes by.** As long as no thread serves, whoever enters the library tells those whose moment has come.

use std::collections::BTreeMap;

use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::notes::{AtomicBool, Ordering};
use crate::base::sync::{Condvar, Mutex, MutexGuard, Weak};
use crate::base::world::per_world;
use crate::engine::crew;
use crate::engine::terms::Precisely;
use crate::scope::activity::{self, Activities};
use crate::scope::listener::Listener;

/// By which one is found who is to be told: when, and a number of his own.
pub(crate) type Ticket = (Instant, u64);

/// How long the thread stays when nobody is left: so it costs no thread and no ring to add and forget one after the other.
const LINGER: Duration = Duration::from_millis(if cfg!(loom) { 0 } else { 100 });

pub(crate) struct State {
    /// The earliest first.
    waiting: BTreeMap<Ticket, Weak<dyn Listener>>,
    last: u64,
    is_served: bool,
    /// Until when the thread that serves sleeps, if it does. Who wakes it takes that away.
    sleeps_until: Option<Instant>,
}

per_world!(TIMER: Mutex<State> = Mutex::new(State::EMPTY));

// Rung when the thread has to look sooner than it would.
per_world!(BELL: Condvar = Condvar::new());

// Whether one was sent that has not arrived yet: perhaps none can be had (T7).
per_world!(IS_AWAITED: AtomicBool = AtomicBool::new(false));

/// Has that one told at that moment, or as soon after it as there is a thread, if he is still there then.
pub(crate) fn tell_at(moment: Instant, whom: Weak<dyn Listener>) -> Ticket {
    let (ticket, wants_thread) = add(moment, whom);
    if wants_thread {
        send_thread();
    }
    ticket
}

/// It is for no one activity.
#[cold]
pub(crate) fn send_thread() {
    activity::within(Activities::default(), || crew::hand_over(Box::new(serve)));
}

/// The same under a lock. Tells whether a thread is to be sent, which is to be done under none.
pub(crate) fn add(moment: Instant, whom: Weak<dyn Listener>) -> (Ticket, bool) {
    let mut state = TIMER.lock();
    state.last += 1;
    let ticket = (moment, state.last);
    state.waiting.insert(ticket, whom);
    let wants_thread = !state.is_served;
    if wants_thread {
        state.is_served = true;
        IS_AWAITED.store(true, Ordering::Relaxed);
    }
    state.wake_before(moment);
    (ticket, wants_thread)
}

/// He is not to be told any more.
pub(crate) fn forget(ticket: Ticket) {
    let mut state = TIMER.lock();
    state.waiting.remove(&ticket);
    if state.waiting.is_empty() && state.sleeps_until.is_some() {
        state.wake_before(clock::now() + LINGER);
    }
}

/// When who waits has to come by (T7), for perhaps no thread can be had; `None`: nobody has to.
#[inline]
pub(crate) fn unserved() -> Option<Instant> {
    if IS_AWAITED.load(Ordering::Relaxed) {
        TIMER.lock().earliest()
    } else {
        None
    }
}

/// To be called by who enters the library (T7).
#[inline]
pub(crate) fn come_by() {
    if IS_AWAITED.load(Ordering::Relaxed) {
        tell_all_due();
    }
}

#[cold]
fn tell_all_due() {
    crew::ask_again();
    let take_due = || TIMER.lock().take_due();
    while let Some(next) = take_due() {
        tell(next);
    }
}

fn tell(whom: Weak<dyn Listener>) {
    if let Some(whom) = whom.upgrade() {
        whom.tell();
    }
}

/// What the thread does. Who is told by it waits for one more thread to be woken, so it does not add the kernel's slack to that.
fn serve() {
    let _precisely = Precisely::begin();
    IS_AWAITED.store(false, Ordering::Relaxed);
    // What is told may hand over hooks, for which no thread can be had at once.
    while let Some(next) = await_next(crew::ask_again()) {
        next.into_iter().for_each(tell);
    }
}

/// The next one, when his moment has come, or nobody when that other moment has come; `None`: there is nobody, and the thread
/// goes (T5).
fn await_next(other: Option<Instant>) -> Option<Option<Weak<dyn Listener>>> {
    let mut state = TIMER.lock();
    let mut goes_at = None;
    loop {
        if let Some(next) = state.take_due() {
            return Some(Some(next));
        }
        if other.is_some_and(clock::has_come) {
            return Some(None);
        }
        let next = clock::sooner(state.earliest(), other);
        let end = next.unwrap_or_else(|| *goes_at.get_or_insert_with(|| clock::now() + LINGER));
        if next.is_none() && clock::has_come(end) {
            state.is_served = false;
            return None;
        }
        state.sleeps_until = Some(end);
        let asleep = |state: &mut State| state.sleeps_until == Some(end);
        state = BELL.wait_while_until(state, Some(end), asleep);
        state.sleeps_until = None;
    }
}

impl State {
    const EMPTY: State = State {
        waiting: BTreeMap::new(),
        last: 0,
        is_served: false,
        sleeps_until: None,
    };

    fn earliest(&self) -> Option<Instant> {
        let first = self.waiting.first_key_value();
        first.map(|((moment, _), _)| *moment)
    }

    /// Takes the earliest one, if his moment has come.
    fn take_due(&mut self) -> Option<Weak<dyn Listener>> {
        let first = self.waiting.first_entry()?;
        let (moment, _) = *first.key();
        clock::has_come(moment).then(|| first.remove())
    }

    /// Has the thread look at that moment at the latest.
    fn wake_before(&mut self, moment: Instant) {
        if self.sleeps_until.is_some_and(|end| moment < end) {
            self.sleeps_until = None;
            BELL.notify_one();
        }
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, State>;

pub(crate) fn hold() -> Held {
    TIMER.lock()
}

/// In a child of `fork`: those who wait are the parent's, and so is the thread. (The numbers go on: a ticket of the parent's is
/// none here.)
pub(crate) fn forget_all(mut held: Held) {
    std::mem::forget(take_all(&mut held));
}

/// A run of a simulation begins, in which nobody waits yet.
pub(crate) fn begin_world() {
    let left = take_all(&mut hold());
    drop(left);
}

/// Leaves nobody who waits.
fn take_all(held: &mut Held) -> State {
    let last = held.last;
    let none = State {
        last,
        ..State::EMPTY
    };
    IS_AWAITED.store(false, Ordering::Relaxed);
    std::mem::replace(&mut *held, none)
}

#[cfg(all(test, loom))]
#[path = "models/timer.rs"]
mod models;
