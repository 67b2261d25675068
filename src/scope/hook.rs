//! A hook: code of the program that a cancellation runs.
//!
//! Invariants:
//! - **C3 once or never.** A hook runs once or, if it is stopped before, never. Stopping it waits for a
//!   run; but what is a part of the run, on whatever thread, does not, because it would wait for itself.
//! - **C4 no callbacks under locks** (`cancel`). The state says that it runs; no lock does.
//!
//! In a child of `fork` a run of the parent's is not there, so nobody waits for it.

use crate::base::events;
use crate::base::generation;
use crate::base::intrusive_list::Member;
use crate::base::race_detector;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::base::user_data::Notice;
use crate::scope::activity;
use crate::scope::task_run::TaskRun;
use crate::scope::wait_graph::{self, Awaited};

pub(super) struct Hook {
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
    Runs(Run),
    /// It has run, or was stopped before.
    Over,
}

/// One run, in one process.
#[derive(Clone, Copy)]
struct Run {
    activity: activity::Id,
    generation: u32,
}

impl Hook {
    pub(super) fn new(notice: Notice, task: Option<Arc<TaskRun>>) -> Hook {
        Hook {
            notice,
            task,
            state: Mutex::new(State::Waiting),
            bell: Condvar::new(),
            place: AtomicUsize::new(0),
        }
    }

    /// Runs it on the calling thread, if that is still to be done (C3).
    pub(super) fn run(&self) {
        if let Some(run) = self.begin() {
            race_detector::acquire(&raw const self.notice);
            activity::inside(run.activity, || {
                self.notice.give_in(|| TaskRun::path(self.task.as_ref()))
            });
            self.end();
        }
    }

    /// From now on it does not run, unless the calling thread is a part of its run (C3).
    pub(super) fn stop(self: &Arc<Hook>) {
        if let Some(run) = self.forestall() {
            let waiting = wait_graph::begin(run.activity, self.clone());
            let goes_on =
                |state: &mut State| matches!(state, State::Runs(_)) && !waiting.is_refused();
            let mut state = self.state.lock();
            let _asleep = events::asleep(goes_on(&mut state), None);
            drop(self.bell.wait_while(state, goes_on));
        }
        race_detector::acquire(&raw const self.bell);
    }

    /// What its owner has done comes before its run.
    pub(super) fn release_by_owner(&self) {
        race_detector::release(&raw const self.notice);
    }

    fn begin(&self) -> Option<Run> {
        let mut state = self.state.lock();
        if !matches!(*state, State::Waiting) {
            return None;
        }
        let run = Run {
            activity: activity::new_id(),
            generation: generation::current(),
        };
        *state = State::Runs(run);
        Some(run)
    }

    /// It does not begin to run any more. Returns the run that is to be waited for, if it runs.
    fn forestall(&self) -> Option<Run> {
        let mut state = self.state.lock();
        match *state {
            State::Waiting => *state = State::Over,
            State::Runs(run) if run.is_to_be_waited_for() => return Some(run),
            State::Runs(_) | State::Over => {}
        }
        None
    }

    fn end(&self) {
        race_detector::release(&raw const self.bell);
        *self.state.lock() = State::Over;
        self.bell.notify_all();
    }
}

impl Run {
    fn is_to_be_waited_for(self) -> bool {
        self.generation == generation::current() && !activity::is_inside(self.activity)
    }
}

impl Awaited for Hook {
    fn ring(&self) {
        let _state = self.state.lock();
        self.bell.notify_all();
    }
}

impl Member for Hook {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}

#[cfg(all(test, loom))]
#[path = "models/hook.rs"]
mod models;
