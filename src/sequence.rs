//! One process after the other, on the calling thread.

use crate::error::Outcome;
use crate::frames::{Context, What};
use crate::process::{self, Process};

/// The first error ends the sequence. A cancellation does not: a step sees the cancelled handle, so
/// that steps which clean up still run.
#[inline(never)]
pub(crate) fn run(steps: &[Process], context: &Context<'_>) -> Outcome {
    context.inside(What::Sequence, || {
        steps
            .iter()
            .try_for_each(|step| process::run(step, context))
    })
}
