//! Claiming children, and running them.

use std::ops::Range;

use super::FanOut;
use crate::base::bug;
use crate::base::error::Outcome;
use crate::base::sync::atomic::Ordering;
use crate::engine::children::Children;
use crate::engine::frames::Context;
use crate::engine::pending::Kept;
use crate::engine::rule::Rule;
use crate::scope::cancel::Cancel;

/// A child that somebody has taken.
pub(super) enum Taken {
    /// To begin it.
    New(usize),
    /// To end it.
    Ready(Box<Kept<usize>>),
}

impl<C: Children> FanOut<C> {
    /// Claims one child (F2), unless none is to begin any more.
    #[inline(always)]
    pub(super) fn claim(&self, cancel: &Cancel) -> Option<usize> {
        if self.rule.stops && cancel.cancelled() {
            self.cut();
        }
        self.claim_next()
    }

    #[inline(always)]
    fn claim_next(&self) -> Option<usize> {
        // Relaxed: the children are immutable, and what they leave behind is passed on by `state`.
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.count).then_some(index)
    }

    /// Takes a child that is ready, or claims one, if there is room (F10). It counts as on a thread until it has ended, or waits without
    /// one (`waiting`).
    pub(super) fn take(&self, cancel: &Cancel) -> Option<Taken> {
        if self.rule.stops && cancel.cancelled() {
            self.cut();
        }
        let mut state = self.state.lock();
        let operations = state.operations.as_mut()?;
        let room = operations.room(self.rule.limit);
        let taken = operations.take().or_else(|| {
            let index = (room > 0).then(|| self.claim_next()).flatten()?;
            Some(Taken::New(index))
        })?;
        operations.add_on_threads(1);
        Some(taken)
    }

    /// How many nobody has claimed.
    pub(super) fn not_claimed(&self) -> usize {
        self.count.saturating_sub(self.next.load(Ordering::Relaxed))
    }

    /// Claims all that is unclaimed, which is not to begin any more (F9). Tells which they are.
    pub(super) fn close(&self) -> Range<usize> {
        let claimed = self.next.swap(self.count, Ordering::Relaxed);
        claimed.min(self.count)..self.count
    }

    /// The same, because of a cancellation.
    #[cold]
    pub(super) fn cut(&self) {
        if !self.close().is_empty() {
            self.state.lock().noted().is_cut = true;
        }
    }

    /// Claims and runs children until there are none.
    pub(super) fn work(&self, children: &C, context: &Context<'_>) {
        if self.rule.is_contest() {
            let cancel = context.scope.handle();
            while let Some(index) = self.claim(cancel) {
                self.run_child(children, index, context);
            }
        } else {
            let mut first = self.callers_first();
            while let Err(error) = self.work_until_one_fails(children, context, first.take()) {
                self.note_end(Err(error), context.scope.handle());
            }
        }
    }

    /// The child that is the caller's from the beginning, if there is one (F12).
    fn callers_first(&self) -> Option<usize> {
        FanOut::<C>::is_one_the_callers(self.rule, self.can_wait).then_some(0)
    }

    /// Whether one child is the caller's from the beginning: where all begin, he need not claim the first one as others do (F12).
    pub(super) fn is_one_the_callers(rule: Rule, can_wait: bool) -> bool {
        !rule.is_contest() && !rule.stops && !can_wait
    }

    /// The same, but returns at the first error: children that succeed need nothing but to be run.
    #[inline(never)]
    fn work_until_one_fails(
        &self,
        children: &C,
        context: &Context<'_>,
        first: Option<usize>,
    ) -> Outcome {
        let cancel = context.scope.handle();
        bug::contained(|| {
            let mut next = first.or_else(|| self.claim(cancel));
            while let Some(index) = next {
                children.run_one(index, context)?;
                // Who has claimed the last one need not ask.
                if index + 1 == self.count {
                    break;
                }
                next = self.claim(cancel);
            }
            Ok(())
        })
    }

    /// Runs one child. Nobody could step in if it waited for a sibling, so they fail at once (F3).
    pub(super) fn work_alone(&self, children: &C, context: &Context<'_>) {
        let first = self.callers_first();
        let first = first.or_else(|| self.claim(context.scope.handle()));
        if let Some(struck) = self.fail_unclaimed(children, context.scope.handle()) {
            struck.finish();
        }
        if let Some(index) = first {
            self.run_child(children, index, context);
        }
    }

    pub(super) fn run_child(&self, children: &C, index: usize, context: &Context<'_>) {
        let outcome = bug::contained(|| children.run_one(index, context));
        if outcome.is_err() || self.rule.is_contest() {
            self.note_end(outcome, context.scope.handle());
        }
    }
}
