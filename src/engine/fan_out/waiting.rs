//! Children that wait without a thread (`engine/pending`): what a fan-out does that has any.
//!
//! Each has its place, as far as a limit is concerned, until it has ended (F10): so who claims a child does it under the lock under
//! which they are counted. The caller does not close the fan-out before all have ended, because helpers may be needed for that.

use super::claiming::Taken;
use super::{FanOut, State, Work};
use crate::base::bug;
use crate::base::events::{self, Origin};
use crate::base::sync::{Arc, Weak};
use crate::engine::children::Children;
use crate::engine::crew::{self, Due};
use crate::engine::frames::Context;
use crate::engine::operation::Operation;
use crate::engine::pending::{self, Keeper, Kept, Pending, Which};
use crate::engine::timer;
use crate::scope::activity;
use crate::scope::cancel::{Cancel, Struck};

pub(super) struct Operations<C> {
    /// What they are given back to.
    me: Weak<FanOut<C>>,
    pub(super) pending: Pending<usize>,
    /// How many children are on threads, which begin, run or end them.
    on_threads: usize,
    /// How many that were ready have been taken so far.
    pub(super) taken: usize,
    /// What of the program's is due because those that are ready were given up.
    due: Vec<Due>,
    /// Whether the caller waits for something to do, or the end.
    caller_waits: bool,
}

impl<C: Children> Operations<C> {
    pub(super) fn of(fan_out: &Arc<FanOut<C>>) -> Box<Operations<C>> {
        Box::new(Operations {
            me: Arc::downgrade(fan_out),
            pending: Pending::new(),
            on_threads: 0,
            taken: 0,
            due: Vec::new(),
            caller_waits: false,
        })
    }

    /// How many more may have a place.
    pub(super) fn room(&self, limit: usize) -> usize {
        limit.saturating_sub(self.on_threads + self.pending.count())
    }

    /// Takes one that is ready.
    pub(super) fn take(&mut self) -> Option<Taken> {
        let kept = self.pending.take()?;
        self.taken += 1;
        Some(Taken::Ready(kept))
    }

    /// That many more children are on threads.
    pub(super) fn add_on_threads(&mut self, count: usize) {
        self.on_threads += count;
    }

    /// Whether no child has begun and not ended.
    fn is_empty(&self) -> bool {
        self.on_threads == 0 && self.pending.count() == 0
    }
}

impl<C> State<C> {
    fn take_due(&mut self) -> Vec<Due> {
        let of_ready = self
            .operations
            .as_mut()
            .map(|operations| &mut operations.due);
        let mut all = of_ready.map(std::mem::take).unwrap_or_default();
        all.extend(self.due.take());
        all
    }
}

impl<C: Children> FanOut<C> {
    /// What the caller does in place of `work` or `work_alone`.
    #[cold]
    pub(super) fn work_with_operations(
        &self,
        children: &C,
        context: &Context<'_>,
        is_watched: bool,
    ) {
        if is_watched {
            self.work_and_wait(context, || _ = self.work_on(children, context, None));
        } else {
            self.work_and_wait(context, || self.work_on_alone(children, context));
        }
    }

    /// Works in that way whenever there is something to do, until no child is left.
    fn work_and_wait(&self, context: &Context<'_>, work: impl Fn()) {
        let cancel = context.scope.handle();
        loop {
            timer::come_by();
            work();
            let comes_by = timer::unserved();
            let state = self.state.lock();
            let waits = |state: &mut State<C>| self.caller_waits(state);
            let mut state = self.empty.wait_while_until(state, comes_by, waits);
            let due = state.take_due();
            let is_over = due.is_empty() && self.is_at_end(&state);
            let operations = is_over.then(|| state.operations.take()).flatten();
            drop(state);
            due.into_iter().for_each(|due| due.settle()); // A child may wait for that.
            if let Some(mut operations) = operations {
                let alert = operations.pending.close();
                alert.iter().for_each(|alert| cancel.unlisten(alert));
                return;
            }
        }
    }

    /// Whether the caller has nothing to do, and is to be rung when it has.
    fn caller_waits(&self, state: &mut State<C>) -> bool {
        let is_over = self.is_at_end(state);
        let left = self.not_claimed_by(state);
        let Some(operations) = &mut state.operations else {
            return false;
        };
        let is_due = state.due.is_some() || !operations.due.is_empty();
        let can_begin = left > 0 && operations.room(self.rule.limit) > 0;
        let is_ready = operations.pending.ready() > 0;
        operations.caller_waits = !(is_over || is_due || can_begin || is_ready);
        operations.caller_waits
    }

    /// Whether all children have ended, or will never begin.
    fn is_at_end(&self, state: &State<C>) -> bool {
        let operations = state.operations.as_ref();
        self.not_claimed_by(state) == 0 && operations.is_none_or(|operations| operations.is_empty())
    }

    /// Begins and ends children until there is none that could be. Of those that were started elsewhere, says where. Tells whether
    /// there were any.
    pub(super) fn work_on(
        &self,
        children: &C,
        context: &Context<'_>,
        origin: Option<Origin>,
    ) -> bool {
        let cancel = context.scope.handle();
        let mut useful = false;
        while let Some(taken) = self.take(cancel) {
            useful = true;
            match taken {
                Taken::New(index) => {
                    let task = context.task.map(|task| &**task);
                    origin.inspect(|origin| events::arrive(*origin, task));
                    self.begin(children, index, context);
                }
                Taken::Ready(kept) => self.end(*kept, cancel),
            }
        }
        useful
    }

    /// Nobody watches (F3): those that only wait do so, each as soon as it has a place, and of those to be run that would have one
    /// meanwhile, one runs and the others fail. While it runs, nobody could begin what is left, which fails, too.
    fn work_on_alone(&self, children: &C, context: &Context<'_>) {
        let cancel = context.scope.handle();
        let mut runs = None;
        while let Some(taken) = self.take(cancel) {
            match taken {
                Taken::New(index) if children.can_wait(index) => {
                    self.begin(children, index, context);
                }
                Taken::New(index) if runs.is_none() => runs = Some(index),
                Taken::New(index) => self.fail_one(children, index, cancel),
                Taken::Ready(kept) => self.end(*kept, cancel),
            }
        }
        if let Some(index) = runs {
            let struck = self.fail_unclaimed(children, cancel);
            struck.into_iter().for_each(Struck::finish);
            self.begin(children, index, context);
        }
    }

    /// One that was taken cannot be run.
    fn fail_one(&self, children: &C, index: usize, cancel: &Cancel) {
        let struck = self.fail_those(children, std::iter::once(index), cancel);
        struck.into_iter().for_each(Struck::finish);
        self.note_off_thread();
    }

    /// Begins a child that was taken. If it is ready at once, the calling thread, which goes on to take the next one, finds it.
    fn begin(&self, children: &C, index: usize, context: &Context<'_>) {
        match children.begin(index, context) {
            Some(operation) => self.keep(index, operation, context.scope.handle()),
            None => {
                self.run_child(children, index, context);
                self.note_off_thread();
            }
        }
    }

    pub(super) fn keep(&self, index: usize, operation: Operation, cancel: &Cancel) {
        let kept = self.lock_operations(|operations| {
            let me = operations.me.clone();
            operations.on_threads -= 1;
            operations.pending.keep(index, operation, me, cancel)
        });
        kept.into_iter()
            .for_each(|kept| kept.see_to_moments(cancel));
    }

    fn end(&self, kept: Kept<usize>, cancel: &Cancel) {
        let outcome = bug::contained(|| kept.end(cancel));
        self.note_end(outcome, cancel);
        self.note_off_thread();
    }

    /// A child that was taken has ended.
    fn note_off_thread(&self) {
        let mut state = self.state.lock();
        let Some(operations) = &mut state.operations else {
            return;
        };
        operations.on_threads -= 1;
        if std::mem::take(&mut operations.caller_waits) {
            self.empty.notify_one();
        }
    }

    fn lock_operations<T>(&self, code: impl FnOnce(&mut Operations<C>) -> T) -> Option<T> {
        self.state.lock().operations.as_deref_mut().map(code)
    }

    /// No thread can be had for those that are ready, and nothing of the program's runs here. What follows from how they end is noted
    /// at once; the rest is handed over.
    pub(super) fn give_up_ready(&self) {
        let Some(work) = self.enter() else { return };
        let taken = self.lock_operations(|operations| {
            let ready = operations.pending.take_all();
            operations.taken += ready.len();
            operations.on_threads += ready.len();
            (operations.me.upgrade(), ready)
        });
        let Some((Some(me), ready)) = taken.filter(|(_, ready)| !ready.is_empty()) else {
            drop(work);
            return self.leave();
        };
        let struck: Vec<Struck> = ready
            .iter()
            .filter_map(|kept| self.decide(kept.operation.outcome(&work.cancel), &work.cancel))
            .collect();
        let activities = work.activities.clone();
        let rest = move || me.end_all(struck, ready, work);
        let due = activity::within(activities, || crew::hand_over(Box::new(rest)));
        self.lock_operations(|operations| operations.due.push(due));
        self.empty.notify_one();
    }

    /// Ends those that were given up, of which it is noted how.
    fn end_all(
        &self,
        struck: Vec<Struck>,
        ready: impl IntoIterator<Item = Box<Kept<usize>>>,
        work: Work<C>,
    ) {
        struck.into_iter().for_each(Struck::finish);
        for kept in ready {
            drop(kept.end(&work.cancel));
            self.note_off_thread();
        }
        drop(work);
        self.leave();
    }
}

impl<C: Children> Keeper for FanOut<C> {
    /// Sees to it that somebody comes who ends them (B1): the caller, if it waits for something to do.
    fn give_back(self: Arc<Self>, which: Which) {
        let mut state = self.state.lock();
        let Some(operations) = &mut state.operations else {
            return;
        };
        let is_first = operations.pending.ready() == 0;
        if operations.pending.give_back(which) == 0 {
            return;
        }
        let rings = std::mem::take(&mut operations.caller_waits);
        let me = operations.me.upgrade();
        drop(state);
        if rings {
            self.empty.notify_one();
        }
        if me.is_some_and(|me| !pending::send_for(&me, is_first && !rings)) {
            self.give_up_ready();
        }
    }
}

#[cfg(all(test, loom))]
#[path = "../models/waiting.rs"]
mod models;
