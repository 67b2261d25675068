//! Claiming children, and running them.

use super::FanOut;
use super::shares::{Share, claim_beyond};
use crate::base::bug;
use crate::base::error::Outcome;
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
    /// Claims one child (F2), of that share if it is not used up, unless none is to begin any more.
    #[inline(always)]
    pub(super) fn claim(&self, share: &Share, cancel: &Cancel) -> Option<usize> {
        self.claim_by(self.rule, share, cancel)
    }

    #[inline(always)]
    fn claim_by(&self, rule: Rule, share: &Share, cancel: &Cancel) -> Option<usize> {
        if rule.stops && cancel.cancelled() {
            self.cut();
        }
        match share.claim() {
            None if self.looks_elsewhere() => self.claim_elsewhere(share),
            claimed => claimed,
        }
    }

    /// Takes a child that is ready, or claims one, if there is room (F10). It counts as on a thread until it has ended, or waits without
    /// one (`waiting`).
    pub(super) fn take(&self, cancel: &Cancel) -> Option<Taken> {
        if self.rule.stops && cancel.cancelled() {
            self.cut();
        }
        let state = &mut *self.state.lock();
        let operations = state.operations.as_mut()?;
        let room = operations.room(self.rule.limit);
        let taken = operations.take().or_else(|| {
            let beyond = || claim_beyond(&mut state.shares, &self.first);
            let claimed = || self.first.claim().or_else(beyond);
            (room > 0).then(claimed).flatten().map(Taken::New)
        })?;
        operations.add_on_threads(1);
        Some(taken)
    }

    /// Claims all, because of a cancellation.
    #[cold]
    pub(super) fn cut(&self) {
        let mut state = self.state.lock();
        if self.close(&mut state).next().is_some() {
            state.noted().is_cut = true;
        }
    }

    /// Claims and runs children until there are none.
    pub(super) fn work(&self, children: &C, context: &Context<'_>) {
        if self.rule.is_contest() {
            self.work_on_share(&self.first, children, context, || {});
        } else {
            let mut first = self.callers_first();
            while let Err(error) = self.work_until_one_fails(children, context, first.take()) {
                self.note_end(Err(error), context.scope.handle());
            }
        }
    }

    /// The same, with those of that share first. Tells of each before it is run.
    pub(super) fn work_on_share(
        &self,
        share: &Share,
        children: &C,
        context: &Context<'_>,
        tell: impl Fn(),
    ) {
        let rule = self.rule; // Who helps does not look at it for each: it lies beside what the caller writes.
        let cancel = context.scope.handle();
        while let Some(index) = self.claim_by(rule, share, cancel) {
            tell();
            self.run_by(rule, children, index, context);
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
            let mut next = first.or_else(|| self.claim(&self.first, cancel));
            while let Some(index) = next {
                children.run_one(index, context)?;
                // Who has claimed the last one need not ask.
                if index + 1 == self.count && !self.looks_elsewhere() {
                    break;
                }
                next = self.claim(&self.first, cancel);
            }
            Ok(())
        })
    }

    /// Runs one child. Nobody could step in if it waited for a sibling, so they fail at once (F3).
    pub(super) fn work_alone(&self, children: &C, context: &Context<'_>) {
        let first = self.callers_first();
        let first = first.or_else(|| self.claim(&self.first, context.scope.handle()));
        if let Some(struck) = self.fail_unclaimed(children, context.scope.handle()) {
            struck.finish();
        }
        if let Some(index) = first {
            self.run_child(children, index, context);
        }
    }

    pub(super) fn run_child(&self, children: &C, index: usize, context: &Context<'_>) {
        self.run_by(self.rule, children, index, context);
    }

    #[inline(always)]
    fn run_by(&self, rule: Rule, children: &C, index: usize, context: &Context<'_>) {
        let outcome = bug::contained(|| children.run_one(index, context));
        if outcome.is_err() || rule.is_contest() {
            self.note_end(outcome, context.scope.handle());
        }
    }
}
