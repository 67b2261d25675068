//! A process that is cancelled when its time is up.

use crate::base::error::Outcome;
use crate::engine::frames::{Context, What};
use crate::engine::time_limit;
use crate::scope::cancel::{Deadline, TimeLimit};
use crate::tree::process::{self, Process};

pub(crate) struct Timeout {
    /// Negative: it is for ever.
    time_ns: i64,
    child: Process,
}

#[inline(never)]
pub(super) fn run(timeout: &Timeout, context: &Context<'_>) -> Outcome {
    let handle = match Deadline::after(timeout.time_ns) {
        Some(deadline) => context.scope.child_until(deadline.of_this_run()),
        None => context.scope.child(),
    };
    context.under(&handle, |inside| {
        let outcome = inside.inside(What::Timeout, || process::run(&timeout.child, inside));
        time_limit::end(outcome, inside.scope.handle(), || context.scope.causes())
    })
}

impl Timeout {
    pub(crate) fn new(time_ns: i64, child: Process) -> Timeout {
        Timeout { time_ns, child }
    }

    /// When its time is up if it begins now; `None`: never.
    pub(super) fn limit(&self) -> Option<TimeLimit> {
        TimeLimit::after(self.time_ns)
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}
