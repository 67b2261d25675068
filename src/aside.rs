//! Work that the listening thread has another thread do, because it may take its time: hooks of the program run
//! in a cancellation, standard error may be a pipe that nobody reads, and so may the service manager's socket be.
//!
//! Invariant:
//! - **A1 the last one.** What was asked for last is done, and before that nothing is idle, as who waits sees it.

use crate::bug;
use crate::clock::Instant;
use crate::crew::{self, Job};
use crate::sync::{Arc, Condvar, Mutex};

/// One piece of work at a time.
pub(crate) struct Aside {
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

impl Aside {
    pub(crate) fn new() -> Arc<Aside> {
        let state = Mutex::new(State::default());
        let bell = Condvar::new();
        Arc::new(Aside { state, bell })
    }

    /// Has it done, after what is being done. If no thread can be had, it is done here and now.
    pub(crate) fn ask(self: &Arc<Aside>, job: Job) {
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

    pub(crate) fn is_busy(&self) -> bool {
        self.state.lock().is_busy
    }

    /// Waits until there is nothing to do, or the moment has come.
    pub(crate) fn wait(&self, end: Option<Instant>) {
        let busy = |state: &mut State| state.is_busy;
        drop(self.bell.wait_while_until(self.state.lock(), end, busy));
    }
}

#[cfg(all(test, loom))]
#[path = "models/aside.rs"]
mod models;
