//! Where those sleep who wait for a cancellation.
//!
//! The lock of a node is one that nobody can sleep at. So the bell has one of its own, which only they take, and a strike that has found under the
//! node's lock that there are any. A handle on which nobody waits never touches it.

use crate::base::clock::Instant;
use crate::base::sync::{Condvar, Mutex};

pub(super) struct Bell {
    lock: Mutex<()>,
    condvar: Condvar,
}

impl Bell {
    pub(super) fn new() -> Bell {
        Bell {
            lock: Mutex::new(()),
            condvar: Condvar::new(),
        }
    }

    /// Sleeps as long as the condition holds and the moment, if there is one, has not come. The caller has said before that somebody waits.
    pub(super) fn wait(&self, end: Option<Instant>, mut condition: impl FnMut() -> bool) {
        let awake = self.lock.lock();
        drop((self.condvar).wait_while_asked(awake, end, |()| condition()));
    }

    /// Wakes all who sleep, after the condition was changed. Who has looked at it before, and is about to sleep, has the lock until he does.
    #[cold]
    pub(super) fn ring(&self) {
        drop(self.lock.lock());
        self.condvar.notify_all();
    }
}

#[cfg(all(test, loom))]
#[path = "../models/bell.rs"]
mod models;
