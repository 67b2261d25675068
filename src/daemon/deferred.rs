//! Work that the listening thread defers to another thread, because it may take its time: standard
//! error may be a pipe that nobody reads. (What runs code of the program is handed over: `crew::hand_over`.)
//!
//! Invariants:
//! - **A1 the last one.** What was asked for last is done, and before that nothing is idle, as who waits sees it.
//! - **A2 soon over.** It runs nothing of the program's, and waits for others no longer than standard error may
//!   take: so it can be done on the spot where no thread can be had.

use crate::base::bug;
use crate::base::clock::Instant;
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::engine::crew::{self, Job};

/// One piece of work at a time.
pub(super) struct Deferred {
    state: Mutex<State>,
    /// Rung when there is none any more.
    bell: Condvar,
}

#[derive(Default)]
struct State {
    is_busy: bool,
    /// What is to be done next. Whatever else is asked for meanwhile is the same.
    next: Option<Job>,
}

impl Deferred {
    pub(super) fn new() -> Arc<Deferred> {
        let state = Mutex::new(State::default());
        let bell = Condvar::new();
        Arc::new(Deferred { state, bell })
    }

    /// Has it done, after what is being done. If no thread can be had, it is done here and now (A2).
    pub(super) fn ask(self: &Arc<Deferred>, job: Job) {
        if !self.begin(job) {
            return;
        }
        let this = self.clone();
        if crew::lend(Box::new(move || this.work())).is_err() {
            self.work();
        }
    }

    /// Notes it as the next one. Tells whether nobody does such work at this moment, who would go on with it.
    fn begin(&self, job: Job) -> bool {
        let mut state = self.state.lock();
        state.next = Some(job);
        !std::mem::replace(&mut state.is_busy, true)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let _ = bug::contained(|| {
                job();
                Ok(())
            });
        }
    }

    /// The next one. That there is none, and that nobody works any more, is one step (A1).
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        let next = state.next.take();
        if next.is_none() {
            state.is_busy = false;
            self.bell.notify_all();
        }
        next
    }

    /// Waits until there is nothing to do, or the moment has come.
    pub(super) fn wait(&self, end: Option<Instant>) {
        let busy = |state: &mut State| state.is_busy;
        drop(self.bell.wait_while_until(self.state.lock(), end, busy));
    }
}

#[cfg(all(test, loom))]
#[path = "models/deferred.rs"]
mod models;
