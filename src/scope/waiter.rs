//! What one thread waits by, and several others may wake: whoever has something for it, and a cancellation.
//!
//! It is rung once, and for good: each wait has one of its own. Who rings it before it waits does not ask the kernel.

use crate::base::clock::Instant;
use crate::base::events;
use crate::base::sync::{Condvar, Mutex};
use crate::scope::listener::Listener;

pub(crate) struct Waiter {
    state: Mutex<State>,
    bell: Condvar,
}

struct State {
    is_rung: bool,
    /// Whether the thread waits, or did when it last looked.
    sleeps: bool,
}

impl State {
    fn is_silent(&mut self) -> bool {
        self.sleeps = !self.is_rung;
        self.sleeps
    }
}

impl Waiter {
    pub(crate) fn new() -> Waiter {
        let (is_rung, sleeps) = (false, false);
        Waiter {
            state: Mutex::new(State { is_rung, sleeps }),
            bell: Condvar::new(),
        }
    }

    pub(crate) fn ring(&self) {
        let mut state = self.state.lock();
        state.is_rung = true;
        let sleeps = state.sleeps;
        drop(state);
        if sleeps {
            self.bell.notify_one();
        }
    }

    /// Blocks until it is rung (true), or until the moment, if there is one, has come.
    pub(crate) fn wait(&self, end: Option<Instant>) -> bool {
        let state = self.state.lock();
        let _asleep = events::asleep(!state.is_rung, end);
        let state = self.bell.wait_while_asked(state, end, State::is_silent);
        state.is_rung
    }
}

impl Listener for Waiter {
    fn tell(&self) {
        self.ring();
    }
}
