//! A hook: code of the program that a cancellation runs.
//!
//! Invariants:
//! - **C3 once or never.** A hook runs once or, if it is stopped before, never. Stopping it waits for a
//!   run on another thread; on the thread of the run it does not, because it would wait for itself.
//! - **C4 no callbacks under locks** (`cancel`). The state says that it runs; no lock does.

use crate::callback::Notice;
use crate::placed_list::Placed;
use crate::sync::atomic::AtomicUsize;
use crate::sync::{Arc, Condvar, Mutex, ThreadId};
use crate::task_run::TaskRun;

pub(crate) struct Hook {
    notice: Notice,
    /// The task of the handle that it is on.
    task: Option<Arc<TaskRun>>,
    state: Mutex<State>,
    /// Rung when a run is over.
    bell: Condvar,
    place: AtomicUsize,
}

enum State {
    Waiting,
    RunsOn(ThreadId),
    /// It has run, or was stopped before.
    Over,
}

impl Hook {
    pub(crate) fn new(notice: Notice, task: Option<Arc<TaskRun>>) -> Hook {
        Hook {
            notice,
            task,
            state: Mutex::new(State::Waiting),
            bell: Condvar::new(),
            place: AtomicUsize::new(0),
        }
    }

    /// Runs it on the calling thread, if that is still to be done (C3).
    pub(crate) fn run(&self) {
        if self.begin() {
            self.notice.give(self.task.as_ref());
            self.end();
        }
    }

    /// From now on it does not run, but on the calling thread, if it does so already (C3).
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock();
        if let State::Waiting = *state {
            *state = State::Over;
        }
        let this = ThreadId::current();
        let runs_elsewhere =
            |state: &mut State| matches!(state, State::RunsOn(thread) if *thread != this);
        drop(self.bell.wait_while(state, runs_elsewhere));
    }

    fn begin(&self) -> bool {
        let mut state = self.state.lock();
        let waiting = matches!(*state, State::Waiting);
        if waiting {
            *state = State::RunsOn(ThreadId::current());
        }
        waiting
    }

    fn end(&self) {
        *self.state.lock() = State::Over;
        self.bell.notify_all();
    }
}

impl Placed for Hook {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}

#[cfg(all(test, loom))]
#[path = "models/hook.rs"]
mod models;
