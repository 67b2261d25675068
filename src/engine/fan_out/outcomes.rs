//! What becomes of children: how they end, and what that means for the others.

use super::{FanOut, State};
use crate::base::error::{Error, Outcome};
use crate::engine::children::Children;
use crate::engine::ended::{self, Ended};
use crate::engine::rule::{self, Decides};
use crate::scope::cancel::{Cancel, Struck};
use crate::scope::failing;

impl<C> State<C> {
    /// Where it is noted how a child has ended.
    pub(super) fn noted(&mut self) -> &mut Ended {
        self.ended.get_or_insert_default()
    }
}

impl<C: Children> FanOut<C> {
    #[inline(never)] // So that a child that succeeds needs none of it.
    pub(super) fn note_end(&self, outcome: Outcome, cancel: &Cancel) {
        if let Some(struck) = self.decide(outcome, cancel) {
            struck.finish();
        }
    }

    /// The same; what of the program's is to be done then, is returned.
    pub(super) fn decide(&self, outcome: Outcome, cancel: &Cancel) -> Option<Struck> {
        if self.rule.is_contest() {
            return self.decide_contest(outcome, cancel);
        }
        self.fail(outcome.err()?, cancel)
    }

    fn decide_contest(&self, outcome: Outcome, cancel: &Cancel) -> Option<Struck> {
        let failure = outcome.as_ref().err();
        let failure = failure.filter(|_| failing::is_watched(cancel)).cloned();
        let cause = self.note(outcome)?;
        let struck = cancel.strike_all(&cause);
        if let Some(failure) = failure {
            failing::note(cancel, &cause, &failure);
        }
        Some(struck)
    }

    /// Notes how a child of a contest has ended. If it has decided it, tells why the others are to be cancelled (F9).
    pub(super) fn note(&self, outcome: Outcome) -> Option<Error> {
        let mut state = self.state.lock();
        let cause = state.noted().compete(outcome, self.rule.decides)?;
        drop(self.close(&mut state));
        Some(cause)
    }

    /// Records a failure, and then cancels the others because of the first one recorded (F5).
    pub(super) fn fail(&self, error: Error, cancel: &Cancel) -> Option<Struck> {
        let cancels = self.rule.decides == Decides::Failing && !cancel.cancelled();
        let first = self.state.lock().noted().record([error], cancels)?;
        cancels.then(|| rule::cancel_by_failure(cancel, &first))
    }

    /// Claims and fails all children that are unclaimed, and then cancels the others, as `fail` does. Where that keeps
    /// others from beginning, one has failed and these do not begin. What of the program's is to be done then, is returned.
    pub(super) fn fail_unclaimed(&self, children: &C, cancel: &Cancel) -> Option<Struck> {
        if self.rule.stops && cancel.cancelled() {
            self.cut();
            return None;
        }
        let claimed = self.close(&mut self.state.lock());
        self.fail_those(children, claimed, cancel)
    }

    /// The same of those that were claimed.
    pub(super) fn fail_those(
        &self,
        children: &C,
        claimed: impl Iterator<Item = usize>,
        cancel: &Cancel,
    ) -> Option<Struck> {
        let cancels = self.rule.decides == Decides::Failing && !cancel.cancelled();
        let most = if self.rule.stops && cancels {
            1
        } else {
            usize::MAX
        };
        let fail = |index| children.not_started(index, ended::denied());
        let errors: Vec<Error> = claimed.take(most).map(fail).collect();
        let first = self.state.lock().noted().record(errors, cancels)?;
        cancels.then(|| rule::cancel_by_failure(cancel, &first))
    }
}
