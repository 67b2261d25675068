//! What one thread waits by, and several others may wake: whoever has something for it, and a cancellation.
//!
//! It is rung once, and for good: each wait has one of its own.

use crate::base::clock::Instant;
use crate::base::events;
use crate::base::sync::{Condvar, Mutex};
use crate::scope::listener::Listener;

pub(crate) struct Waiter {
    is_rung: Mutex<bool>,
    bell: Condvar,
}

impl Waiter {
    pub(crate) fn new() -> Waiter {
        Waiter {
            is_rung: Mutex::new(false),
            bell: Condvar::new(),
        }
    }

    pub(crate) fn ring(&self) {
        *self.is_rung.lock() = true;
        self.bell.notify_one();
    }

    /// Blocks until it is rung (true), or until the moment, if there is one, has come.
    pub(crate) fn wait(&self, end: Option<Instant>) -> bool {
        let is_rung = self.is_rung.lock();
        let _asleep = events::asleep(!*is_rung, end);
        let silent = |is_rung: &mut bool| !*is_rung;
        *self.bell.wait_while_asked(is_rung, end, silent)
    }
}

impl Listener for Waiter {
    fn tell(&self) {
        self.ring();
    }
}
