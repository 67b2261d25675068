//! Children that wait without a thread (`engine/pending`): keeping them, and what is done when they are given back.

use super::spawn::Under;
use super::{Child, Locked, Nursery, Work};
use crate::base::bug;
use crate::base::events;
use crate::base::sync::Arc;
use crate::engine::operation::Operation;
use crate::engine::part::Host;
use crate::engine::pending::{self, Keeper, Kept, Which};
use crate::scope::activity::Id;
use crate::scope::cancel::Cancel;

impl<C: Child> Nursery<C> {
    /// A child that has its place, and only waits, begins on the thread that has spawned it.
    pub(super) fn begin_here(self: &Arc<Self>, mut child: C, under: &Under) {
        if let Some(origin) = child.origin() {
            events::arrive(origin, under.task.as_deref());
        }
        let operation = child.begin(under);
        self.keep(child, operation, &under.cancel);
        let state = self.lock();
        if state.pending.ready() > 0 {
            self.see_to_ready(state, true);
        }
    }

    /// A child waits from now on. If it is ready already, the calling thread has to see to that.
    pub(super) fn keep(self: &Arc<Self>, child: C, operation: Operation, cancel: &Cancel) {
        let me = Arc::downgrade(self);
        let kept = self.lock().pending.keep(child, operation, me, cancel);
        kept.see_to_moments(cancel);
    }

    /// Sees to it that somebody comes who ends what is ready (B1): the thread that runs the nursery, if it waits for something to do.
    fn see_to_ready(self: &Arc<Self>, mut state: Locked<'_, C>, is_first: bool) {
        let rings = std::mem::take(&mut state.runner_waits);
        drop(state);
        if rings {
            self.bell.ring();
        }
        if !pending::send_for(self, is_first && !rings) {
            self.clone().have_given_up(false);
        }
    }

    /// Ends one that is ready, on the calling thread.
    pub(super) fn end_waiting(&self, kept: Kept<C>, work: &Work) {
        let outcome = bug::contained(|| kept.end(&work.cancel));
        if let Err(error) = outcome {
            self.fail_child(error, work);
        }
    }
}

impl<C: Child> Keeper for Nursery<C> {
    fn give_back(self: Arc<Self>, which: Which) {
        let mut state = self.lock();
        let before = state.pending.ready();
        if state.pending.give_back(which) > 0 {
            self.see_to_ready(state, before == 0);
        }
    }
}

/// A child that runs in a queue waits for others of the nursery as those do that threads run.
impl<C: Child> Host for Nursery<C> {
    fn arrives(&self, activity: Id) {
        self.lock().places.begin_running(activity);
    }

    fn leaves(&self, activity: Id) {
        self.lock().places.end_running(activity);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/pending.rs"]
mod models;
