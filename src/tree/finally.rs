//! One process, and after it another one that cleans up, whatever became of the first.

use crate::base::error::{Error, Outcome};
use crate::engine::frames::{Context, What};
use crate::tree::family::Family;
use crate::tree::process::{self, Process};

/// The process, and what cleans up after it.
pub(crate) struct Finally([Process; 2]);

/// The errors of both, the first's first, but for an echo of why it was cancelled: that must not hide what failed
/// in cleaning up.
#[inline(never)]
pub(crate) fn run(finally: &Finally, context: &Context<'_>) -> Outcome {
    let [process, cleanup] = &finally.0;
    let outcome = context.inside(What::Finally(false), || process::run(process, context));
    match (outcome, clean_up(cleanup, context)) {
        (outcome, Ok(())) => outcome,
        (Ok(()), failed) => failed,
        (Err(first), Err(second)) => {
            Error::merge_echoes_last(vec![first, second], || context.scope.causes())
        }
    }
}

/// No cancellation above reaches it (C9).
#[inline(never)] // Its frame is not to be on the stack of what comes before it.
fn clean_up(cleanup: &Process, context: &Context<'_>) -> Outcome {
    context.under(&context.scope.apart(), |inside| {
        let outcome = inside.inside(What::Finally(true), || process::run(cleanup, inside));
        inside.scope.handle().close("cleanup");
        outcome
    })
}

impl Finally {
    pub(crate) fn new(process: Process, cleanup: Process) -> Finally {
        Finally([process, cleanup])
    }

    pub(crate) fn children(&self) -> &[Process] {
        &self.0
    }

    pub(crate) fn into_children(self) -> Family {
        let [process, cleanup] = self.0;
        Family::two(process, cleanup)
    }
}
