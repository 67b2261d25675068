//! Who comes to help, and goes; and the caller, who waits for that at last.

use super::{FanOut, State, Work};
use crate::base::counts::Counted;
use crate::base::events;
use crate::base::race_detector;
use crate::base::sync::atomic::Ordering;
use crate::engine::children::Children;
use crate::engine::crew;
use crate::engine::ended::Noted;
use crate::engine::frames::{self, Context, What};
use crate::scope::activity;
use crate::scope::cancel::{Scope, Struck};

impl<C: Children> FanOut<C> {
    /// Works on the calling thread, which has come to help.
    pub(super) fn help_out(&self) {
        let Some(work) = self.enter() else { return };
        activity::within(work.activities.clone(), || {
            self.help_with(&work);
            drop(work);
        });
        self.leave();
    }

    /// Fails what is unclaimed, on the sentinel, where nothing of the program's runs.
    pub(super) fn give_up_unclaimed(&self) {
        let Some(work) = self.enter() else { return };
        activity::within(work.activities.clone(), || {
            let struck = self.fail_unclaimed(&work.children, &work.cancel);
            if let Some(rest) = struck.and_then(Struck::rest) {
                self.state.lock().due = Some(crew::hand_over(rest));
                self.empty.notify_one();
            }
            drop(work);
        });
        self.leave();
    }

    /// Lets a helper in, if there may be something left to help with (F4), and it may run beside those who are in (F10).
    pub(super) fn enter(&self) -> Option<Work<C>> {
        let mut state = self.state.lock();
        if state.inside >= self.rule.limit - 1 {
            return None;
        }
        let work = state.open.as_ref()?.work();
        state.inside += 1;
        race_detector::acquire(&raw const self.first);
        Some(work)
    }

    /// Lets a helper out, who has let go of all that it held.
    pub(super) fn leave(&self) {
        race_detector::release(&raw const self.empty);
        let mut state = self.state.lock();
        state.inside -= 1;
        if state.inside == 0 {
            self.empty.notify_one();
        }
    }

    /// Closes the fan-out, whose children are all claimed, and waits until it is over (F4).
    pub(super) fn join(&self) -> Noted {
        let mut state = self.state.lock();
        let closed = state.open.take();
        // Whoever claimed a child that has not ended yet is in.
        let idle = |state: &mut State<C>| state.inside > 0 && state.due.is_none();
        loop {
            state = self.empty.wait_while(state, idle);
            let Some(due) = state.due.take() else { break };
            drop(state);
            due.settle(); // A child may wait for that.
            state = self.state.lock();
        }
        let ended = state.ended.take();
        drop(state);
        race_detector::acquire(&raw const self.empty);
        drop(closed);
        ended
    }

    /// Works on the calling thread, which is not the one that published this.
    pub(super) fn help_with(&self, work: &Work<C>) {
        let task = work.task.as_ref();
        let scope = Scope::of(Some(&work.cancel), task);
        let useful = frames::enter(What::Help(self), &scope, task, work.tree, |context| {
            context.slot.counts.count(Counted::Helpers);
            if self.can_wait {
                self.work_on(&work.children, &context, Some(work.origin))
            } else {
                self.help_on(work, &context)
            }
        });
        if useful {
            self.useful.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// As `work` does, and says of each child that it was started elsewhere.
    pub(super) fn help_on(&self, work: &Work<C>, context: &Context<'_>) -> bool {
        let arrives = || events::arrive(work.origin, work.task.as_deref());
        let Some(first) = self.claim(&self.first, &work.cancel) else {
            return false;
        };
        arrives();
        self.run_child(&work.children, first, context);
        let own = self.share_for_helper(); // Many have one child, for which they need none.
        let share = own.as_deref().map_or(&self.first, |own| own);
        self.work_on_share(share, &work.children, context, arrives);
        true
    }
}
