//! Background children: one run's, which are cancelled when all others have ended.
//!
//! Whoever runs them tells when that is; it is told under no lock, for hooks of the program's follow from it.
//!
//! Invariants:
//! - **BG1 told.** Whoever of the others is the last, a nursery's body is one, tells them. In a nursery, one of the background is counted from
//!   when it is accepted, under the same lock under which its count is compared with that of all.
//! - **BG2 not too soon.** By then all others have ended, and who is told knows what they have done. In a nursery, one of the background is
//!   counted no more before it gives up its place.

use std::slice;

use crate::base::error::{Echoes, Error, Outcome};
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::scope::cancel::Cancel;

pub(crate) struct Background {
    /// What they run under, below that of what they are children of.
    handle: Cancel,
    why: Error,
    /// In a group: how many others have not succeeded. In a nursery: how many of these have a place.
    count: AtomicUsize,
}

/// Why they are cancelled.
pub(crate) fn why() -> Error {
    Error::new(libc::ECANCELED, "all others have ended")
}

/// The outcome of one: that it was cancelled because of the end of the others is no failure.
pub(crate) fn absorb(outcome: Outcome, why: &Error) -> Outcome {
    outcome.or_else(|error| {
        if Echoes::of(slice::from_ref(why)).is_echo(&error) {
            Ok(())
        } else {
            Err(error)
        }
    })
}

impl Background {
    pub(crate) fn new(handle: Cancel, count: usize) -> Arc<Background> {
        Arc::new(Background {
            handle,
            why: why(),
            count: AtomicUsize::new(count),
        })
    }

    /// All others have ended.
    pub(crate) fn stop(&self) {
        self.handle.trigger(self.why.clone());
    }

    /// What they run under.
    pub(crate) fn handle(&self) -> &Cancel {
        &self.handle
    }

    /// The outcome of one.
    pub(crate) fn absorb(&self, outcome: Outcome) -> Outcome {
        absorb(outcome, &self.why)
    }

    /// One of the others of a group has succeeded. One that fails cancels all anyway.
    pub(crate) fn note_success(&self) {
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.stop();
        }
    }

    /// One of these is given a place in a nursery, under its lock.
    fn enter(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    /// How many of these have a place, if it is asked under that lock; or fewer, while one ends.
    pub(super) fn inside(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

/// A background child of a nursery: it is one of those that have a place from when it is accepted until this is dropped.
pub(crate) struct Member {
    background: Arc<Background>,
    is_inside: bool,
}

impl Member {
    pub(crate) fn of(background: Arc<Background>) -> Member {
        Member {
            background,
            is_inside: false,
        }
    }

    pub(crate) fn accepted(&mut self) {
        self.background.enter();
        self.is_inside = true;
    }

    pub(crate) fn background(&self) -> &Arc<Background> {
        &self.background
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.is_inside {
            self.background.count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(all(test, loom))]
#[path = "models/background.rs"]
mod models;
