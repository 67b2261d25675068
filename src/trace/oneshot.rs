//! What one thread waits for and another one gives, once.

use crate::base::sync::{Condvar, Mutex};

pub(super) struct Oneshot<T> {
    given: Mutex<Option<T>>,
    bell: Condvar,
}

impl<T> Oneshot<T> {
    pub(super) fn awaited() -> Oneshot<T> {
        Oneshot {
            given: Mutex::new(None),
            bell: Condvar::new(),
        }
    }

    pub(super) fn give(&self, value: T) {
        *self.given.lock() = Some(value);
        self.bell.notify_one();
    }

    /// Blocks until it is given, and takes it.
    pub(super) fn wait(&self) -> T {
        let mut given = self.given.lock();
        loop {
            match given.take() {
                Some(value) => return value,
                None => given = self.bell.wait(given),
            }
        }
    }
}
