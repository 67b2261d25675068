//! A hook: code of the program that a cancellation runs.
//!
//! Invariants:
//! - **C3 once or never.** A hook runs once or, if it is stopped before, never. Stopping it waits for a
//!   run; but what is a part of the run, on whatever thread, does not, because it would wait for itself.
//! - **C4 no callbacks under locks** (`cancel`). The state says that it runs; no lock does.
//! - **C12 lent to its handle.** A hook is in the list of a handle only while its owner holds it, who takes it out of there, under the lock
//!   of the handle, before he lets go. So the list has no count of its own. A cancellation that takes it out, under that lock, holds it from then on.
//! - **C13 the handle is the owner's.** He lets go of the handle that it is on when he has stopped it, unless that is lent to him for as long; and nobody looks at
//!   that handle any more: who runs it does so before it is stopped.
//!
//! In a child of `fork` a run of the parent's is not there, so nobody waits for it.
//!
//! unsafe: C12 is what makes a reference sound that is not counted, and C13 one that is moved out of what several hold.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::base::common::Common;
use crate::base::events;
use crate::base::generation;
use crate::base::intrusive_list::Member;
use crate::base::race_detector;
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::base::user_data::Notice;
use crate::scope::activity;
use crate::scope::cancel::Cancel;
use crate::scope::task_run::TaskRun;
use crate::scope::wait_graph::{self, Awaited};

pub(crate) struct Hook {
    notice: Notice,
    /// That it is on; the owner's (C13).
    cancel: ManuallyDrop<Cancel>,
    /// Whether it holds that.
    holds: bool,
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

/// A hook in the list of its handle (C12).
pub(super) struct Lent(ManuallyDrop<Common<Hook>>);

impl Hook {
    /// One that holds the handle, or to which that is lent until the owner lets go of it.
    pub(super) fn new(notice: Notice, cancel: ManuallyDrop<Cancel>, holds: bool) -> Hook {
        Hook {
            notice,
            cancel,
            holds,
            state: Mutex::new(State::Waiting),
            bell: Condvar::new(),
            place: AtomicUsize::new(0),
        }
    }

    /// Runs it on the calling thread, if that is still to be done (C3).
    pub(super) fn run(&self) {
        if let Some((run, task)) = self.begin() {
            race_detector::acquire(&raw const self.notice);
            activity::inside(run.activity, || {
                self.notice.give_in(|| TaskRun::path(task.as_ref()))
            });
            self.end();
        }
    }

    /// From now on it does not run, unless the calling thread is a part of its run (C3).
    pub(super) fn stop(this: &Common<Hook>) {
        if let Some(run) = this.forestall() {
            let waiting = wait_graph::begin(run.activity, || Arc::new(Stopped(this.clone())) as _);
            let goes_on =
                |state: &mut State| matches!(state, State::Runs(_)) && !waiting.is_refused();
            let mut state = this.state.lock();
            let _asleep = events::asleep(goes_on(&mut state), None);
            drop(this.bell.wait_while(state, goes_on));
        }
        race_detector::acquire(&raw const this.bell);
    }

    /// What its owner has done comes before its run.
    pub(super) fn release_by_owner(&self) {
        race_detector::release(&raw const self.notice);
    }

    /// The handle that it is on. Only for the owner, and who runs it.
    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Whether it holds that, to which it is not lent.
    pub(super) fn holds(&self) -> bool {
        self.holds
    }

    /// Lets go of that, if it holds it.
    ///
    /// # Safety
    /// It is in no list, and was stopped. Only the owner does so, once.
    pub(super) unsafe fn let_go(&self) {
        if !self.holds {
            return;
        }
        // SAFETY: nobody looks at it from now on (C13).
        drop(ManuallyDrop::into_inner(unsafe {
            std::ptr::read(&raw const self.cancel)
        }));
    }

    /// The run, and the task of the handle that it is on. Nobody lets go of that under the lock of what is waiting (C13).
    fn begin(&self) -> Option<(Run, Option<Common<TaskRun>>)> {
        let mut state = self.state.lock();
        if !matches!(*state, State::Waiting) {
            return None;
        }
        let run = Run {
            activity: activity::new_id(),
            generation: generation::current(),
        };
        *state = State::Runs(run);
        Some((run, self.cancel.task().cloned()))
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

impl Lent {
    /// # Safety
    /// The caller holds the hook for as long as this may be in a list (C12).
    pub(super) unsafe fn of(hook: &Common<Hook>) -> Lent {
        // SAFETY: it is not dropped, and used only while the caller holds the hook.
        Lent(ManuallyDrop::new(unsafe {
            std::ptr::read(&raw const *hook)
        }))
    }

    /// One more who holds it: who has taken it out of the list, under the lock of that (C12).
    pub(super) fn hold(self) -> Common<Hook> {
        Common::clone(&self.0)
    }

    pub(super) fn is(&self, hook: &Hook) -> bool {
        std::ptr::eq(&raw const **self, hook)
    }
}

impl Deref for Lent {
    type Target = Hook;
    fn deref(&self) -> &Hook {
        &self.0
    }
}

impl Member for Hook {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}

/// One that is waited for.
struct Stopped(Common<Hook>);

impl Awaited for Stopped {
    fn ring(&self) {
        let _state = self.0.state.lock();
        self.0.bell.notify_all();
    }
}

#[cfg(all(test, loom))]
#[path = "models/hook.rs"]
mod models;
