//! How a cancellation goes down the tree of handles.
//!
//! A *strike* cancels one node after the other, each before those below it. Then hooks run.
//!
//! Invariants:
//! - **C8 all the way down.** Whoever cancels a handle goes on, to its hooks and then to what is behind the
//!   call, only when everything below it is cancelled, also what another thread is just cancelling.
//! - **C4 no callbacks under locks** (`cancel`). Nor does anything of the program run before the strike is
//!   over: others wait for that.
//!
//! A strike that meets a node of another one leaves everything below it to that, and waits until that has gone all the way down, and so have those
//! that it has met itself, and so on. Below handles that have several above them, two may meet each other: so none waits until another one has
//! stopped to wait.

use super::Node;
use crate::base::common::Common;
use crate::base::counts::{self, Counted};
use crate::base::error::Error;
use crate::base::events;
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard, global};
use crate::scope::hook::{Hook, Lent};
use crate::scope::listener::{Listener, Listening};

/// Which strike it is.
pub(super) type Number = u64;

/// A node that had nothing below it was struck at one moment: there is nothing to wait for.
pub(super) const NONE: Number = 0;

/// A cancellation on its way.
pub(super) struct Strike<'a> {
    cause: &'a Error,
    /// `NONE` as long as it is of one node.
    number: Number,
    /// Other strikes, which go on where this one does not.
    met: Vec<Number>,
    listeners: Vec<Arc<Listening>>,
    hooks: Vec<Common<Hook>>,
    /// Nodes that nobody else has any more. What their causes carry is the program's, so that is not
    /// released before the strike is over (C4).
    orphans: Vec<Node>,
}

/// What a strike that is over has left to do of the program's.
#[must_use]
pub(crate) struct Struck {
    /// Those of a node before those of the nodes below it.
    hooks: Vec<Common<Hook>>,
    orphans: Vec<Node>,
}

impl Node {
    /// Cancels this handle and all below it, and runs their hooks. Only the first cause of a handle counts (C1).
    pub(crate) fn trigger(&self, cause: Error) {
        self.strike_all(&cause).finish();
    }

    /// Cancels this handle and all below it (C8), and leaves it to the caller what is to be done of the program's. He
    /// keeps the cause, which may be the last to have it otherwise.
    pub(crate) fn strike_all(&self, cause: &Error) -> Struck {
        let node = self.viewed();
        let mut strike = Strike::of(cause);
        if let Some(below) = node.strike(&mut strike) {
            counts::count_elsewhere(Counted::Cancellations);
            if node.timed_out().is_some() {
                counts::count_elsewhere(Counted::Timeouts);
            }
            events::cancel(node, node.settled_cause());
            strike.go_on(below);
        }
        strike.end()
    }

    /// Waits until everything below this handle, which is cancelled, is cancelled, too.
    pub(in crate::scope) fn await_all_below(&self) {
        match self.struck_by() {
            NONE => {}
            number => UNDER_WAY.wait(&[number]),
        }
    }
}

impl<'a> Strike<'a> {
    pub(super) fn of(cause: &'a Error) -> Strike<'a> {
        Strike {
            cause,
            number: NONE,
            met: Vec::new(),
            listeners: Vec::new(),
            hooks: Vec::new(),
            orphans: Vec::new(),
        }
    }

    pub(super) fn cause(&self) -> &Error {
        self.cause
    }

    /// Its number, under which it is known to be under way from now on.
    pub(super) fn number(&mut self) -> Number {
        if self.number == NONE {
            self.number = UNDER_WAY.begin();
        }
        self.number
    }

    /// Notes that one has been here before: another one, or this one by another way.
    pub(super) fn meet(&mut self, other: Number) {
        if other != NONE && other != self.number && !self.met.contains(&other) {
            self.met.push(other);
        }
    }

    /// Adds those who are told when it is over.
    pub(super) fn add_listeners(&mut self, listeners: Vec<Arc<Listening>>) {
        self.listeners.extend(listeners);
    }

    /// Adds hooks of a handle, under its lock, that run after that, so that one that takes its time delays no cancellation.
    pub(super) fn add_hooks(&mut self, hooks: impl IntoIterator<Item = Lent>) {
        self.hooks.extend(hooks.into_iter().map(|hook| hook.hold()));
    }

    fn go_on(&mut self, mut below: Vec<Common<Node>>) {
        while let Some(node) = below.pop() {
            below.append(&mut node.strike(self).unwrap_or_default());
            self.orphans.extend(Node::into_inner(node));
        }
    }

    fn end(self) -> Struck {
        if !self.met.is_empty() {
            UNDER_WAY.arrive(self.number, &self.met);
            UNDER_WAY.wait(&self.met);
        }
        if self.number != NONE {
            UNDER_WAY.end(self.number);
        }
        self.listeners.iter().for_each(|listening| listening.tell());
        Struck {
            hooks: self.hooks,
            orphans: self.orphans,
        }
    }
}

impl Struck {
    /// Leaves a node that nobody else has any more.
    pub(super) fn add_orphan(&mut self, node: Common<Node>) {
        self.orphans.extend(Node::into_inner(node));
    }

    /// Does it on the calling thread.
    pub(crate) fn finish(self) {
        self.hooks.iter().for_each(|hook| hook.run());
    }

    /// The same, to be done by a thread on which the program's code may run, if there is anything to do.
    pub(crate) fn rest(self) -> Option<Box<dyn FnOnce() + Send>> {
        let is_something = !self.hooks.is_empty() || !self.orphans.is_empty();
        is_something.then(|| Box::new(|| self.finish()) as _)
    }
}

// The strikes that go on below their first node.
global!(UNDER_WAY: UnderWay = UnderWay {
    state: Mutex::new(State::EMPTY),
    bell: Condvar::new(),
});

struct UnderWay {
    /// It is taken under the lock of a node, and nothing is locked under it.
    state: Mutex<State>,
    /// Rung when one is over, if anybody waits.
    bell: Condvar,
}

pub(crate) struct State {
    last: Number,
    strikes: Vec<Known>,
    waiting: usize,
}

/// A strike that is not over.
struct Known {
    number: Number,
    /// It has gone all the way down, but for what it has left to those that it has met.
    has_arrived: bool,
    met: Vec<Number>,
}

impl State {
    const EMPTY: State = State {
        last: NONE,
        strikes: Vec::new(),
        waiting: 0,
    };

    fn find(&mut self, number: Number) -> Option<&mut Known> {
        let mut strikes = self.strikes.iter_mut();
        strikes.find(|strike| strike.number == number)
    }

    /// Whether any of these has not arrived yet, or one that it has met, and so on.
    fn go_on(&self, numbers: &[Number]) -> bool {
        let mut all = numbers.to_vec();
        let mut looked_at = 0;
        while let Some(number) = all.get(looked_at).copied() {
            looked_at += 1;
            let mut strikes = self.strikes.iter();
            let Some(strike) = strikes.find(|strike| strike.number == number) else {
                continue;
            };
            if !strike.has_arrived {
                return true;
            }
            let is_new = |number: &&Number| !all.contains(number);
            let new: Vec<Number> = strike.met.iter().filter(is_new).copied().collect();
            all.extend(new);
        }
        false
    }
}

impl UnderWay {
    fn begin(&self) -> Number {
        let mut state = self.state.lock();
        state.last += 1;
        let number = state.last;
        state.strikes.push(Known {
            number,
            has_arrived: false,
            met: Vec::new(),
        });
        number
    }

    /// It has gone all the way down, but where it has met these.
    fn arrive(&self, number: Number, met: &[Number]) {
        let mut state = self.state.lock();
        if let Some(strike) = state.find(number) {
            strike.has_arrived = true;
            strike.met = met.to_vec();
            self.ring(&state);
        }
    }

    /// It is over: it has arrived, and so have all that it has met.
    fn end(&self, number: Number) {
        let mut state = self.state.lock();
        state.strikes.retain(|strike| strike.number != number);
        self.ring(&state);
    }

    fn ring(&self, state: &State) {
        if state.waiting > 0 {
            self.bell.notify_all();
        }
    }

    /// Waits until all of these have arrived, and those that they have met, and so on.
    fn wait(&self, numbers: &[Number]) {
        let goes_on = |state: &mut State| state.go_on(numbers);
        let mut state = self.state.lock();
        if goes_on(&mut state) {
            state.waiting += 1;
            state = self.bell.wait_while(state, goes_on);
            state.waiting -= 1;
        }
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, State>;

pub(crate) fn hold() -> Held {
    UNDER_WAY.state.lock()
}

/// In a child of `fork`: the strikes of other threads do not go on here.
pub(crate) fn forget(mut held: Held) {
    held.strikes.clear();
    held.waiting = 0;
}

#[cfg(all(test, loom))]
#[path = "../models/strike.rs"]
mod models;
