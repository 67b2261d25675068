//! What the thread that runs a nursery waits by. Its children are under a lock that rings nobody (`spin_lock`), and it seldom waits.
//!
//! A ring is remembered until that thread has heard it. So who has found, under the lock of the nursery, that it waits, or is about to,
//! rings under no lock.

use crate::base::clock::Instant;
use crate::base::sync::{Condvar, Mutex};

pub(super) struct Bell {
    is_rung: Mutex<bool>,
    rung: Condvar,
}

impl Bell {
    pub(super) fn new() -> Bell {
        Bell {
            is_rung: Mutex::new(false),
            rung: Condvar::new(),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn ring(&self) {
        *self.is_rung.lock() = true;
        self.rung.notify_one();
    }

    /// Waits until it is rung, or has been since the last wait; or until that moment, if there is one.
    #[cold]
    #[inline(never)]
    pub(super) fn wait(&self, end: Option<Instant>) {
        let is_rung = self.is_rung.lock();
        let mut is_rung = self.rung.wait_while_until(is_rung, end, |rung| !*rung);
        *is_rung = false;
    }
}

#[cfg(all(test, loom))]
#[path = "../models/nursery_bell.rs"]
mod models;
