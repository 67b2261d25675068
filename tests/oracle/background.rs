//! The model's children of the background: they run below a handle of their own, which is cancelled when all others have ended.

use crate::case::OnFailure;
use crate::evaluate::Model;
use crate::expect::Expect;
use crate::handles::Link;
use crate::model::Broken;
use crate::run::{Behind, Inside, Run};

impl<'a> Model<'a> {
    /// Makes what they run below, if there are any. If there are no others, they are cancelled.
    pub fn open_background(&mut self, run: &mut Run<'a>) {
        let is_there = run.kids.iter().any(|kid| self.case.is_background(kid.tree));
        if run.background.is_some() || !is_there || self.broken == Broken::BackgroundIsAnother {
            return;
        }
        let handle = self
            .handles
            .below(run.inside.handle, Link::Child, &mut run.past);
        let all = run.kids.iter().all(|kid| self.case.is_background(kid.tree));
        let is_settled = all || self.broken == Broken::AloneAtOnce;
        let left_alone = is_settled.then(|| self.handles.left_alone(handle, &run.past));
        run.background = Some(Behind {
            handle,
            left_alone: left_alone.flatten(),
            is_settled,
        });
    }

    /// Where that child runs.
    pub fn inside_of(&self, run: &Run<'_>, i: usize) -> Inside {
        match &run.background {
            Some(behind) if self.case.is_background(run.kids[i].tree) => {
                run.inside.below(behind.handle)
            }
            _ => run.inside,
        }
    }

    /// Cancels them, if all others have succeeded; says whether it does. A failure cancels all anyway.
    pub fn leave_alone(&mut self, run: &mut Run<'_>) -> bool {
        let Some(behind) = run.background.filter(|behind| !behind.is_settled) else {
            return false;
        };
        let mut past = run.past;
        for kid in &run.kids {
            if self.case.is_background(kid.tree) {
                continue;
            }
            match &kid.done {
                Some(done) if kid.told && done.error.is_none() => past.learn_all(&done.past),
                _ => return false,
            }
        }
        if !self.may_leave_alone(run, behind.handle) {
            return false;
        }
        let left_alone = self.handles.left_alone(behind.handle, &past);
        run.background = Some(Behind {
            left_alone,
            is_settled: true,
            ..behind
        });
        true
    }

    /// What still runs may go as far as it can before. If nothing does, the cancellation might have come earlier all the same.
    fn may_leave_alone(&mut self, run: &Run<'_>, handle: usize) -> bool {
        let is_left = run.kids.iter().any(|kid| kid.begun && !kid.told);
        !is_left || self.handles.is_cancelled(handle) || self.may_cancel()
    }

    /// The same in a nursery, where the body and all that it has accepted are the others, also what has failed, and was taken.
    pub fn leave_alone_in_nursery(&mut self, run: &mut Run<'_>, number: usize) -> bool {
        let Some(behind) = run.background.filter(|behind| !behind.is_settled) else {
            return false;
        };
        let open = &self.nurseries[number];
        let others = open.accepted().map(|(k, ..)| k);
        let others: Vec<usize> = std::iter::once(0)
            .chain(others.filter(|k| !self.case.is_background(run.kids[*k].tree)))
            .collect();
        if !others.iter().all(|k| run.kids[*k].told) {
            return false;
        }
        let mut past = run.past;
        let dones = others.iter().filter_map(|k| run.kids[*k].done.as_ref());
        dones.for_each(|done| past.learn_all(&done.past));
        if !self.may_leave_alone(run, behind.handle) {
            return false;
        }
        // Who has failed has cancelled all before it had ended.
        let is_taken = self.case.nurseries[number].on_failure == OnFailure::Swallow;
        let has_failed = others.iter().any(|k| {
            let done = run.kids[*k].done.as_ref();
            done.is_some_and(|done| done.error.is_some()) && (*k == 0 || !is_taken)
        });
        let left_alone = if has_failed {
            None
        } else {
            self.handles.left_alone(behind.handle, &past)
        };
        run.background = Some(Behind {
            left_alone,
            is_settled: true,
            ..behind
        });
        self.nurseries[number].left_alone = left_alone.map(|_| behind.handle);
        true
    }

    /// A nursery accepts a child: it must be certain whether all others have ended by then.
    pub fn note_company(&mut self, run: &Run<'_>, number: usize, k: usize) {
        let open = &self.nurseries[number];
        let has_background = open.children[1..]
            .iter()
            .any(|child| self.case.is_background(child.tree));
        if !has_background || self.case.is_background(open.children[k].tree) {
            return;
        }
        let bit = 1 << number;
        let is_other = run.inside.nurseries & bit != 0 && run.inside.behind & bit == 0;
        let is_known = open.left_alone.is_some_and(|handle| {
            let cancelled = self.handles.cancelled(handle);
            cancelled.is_some_and(|cancelled| cancelled.is_known(&run.past))
        });
        self.racy |= !is_other && !is_known;
    }

    /// Whether it is nothing but that all others have ended, which does not count.
    pub fn is_because_alone(&self, run: &Run<'_>, error: &Expect) -> bool {
        let cause = run.background.and_then(|behind| behind.left_alone);
        self.broken != Broken::AloneIsFailure
            && cause.is_some_and(|cause| error.is_echo(1 << cause, &self.handles.causes))
    }
}
