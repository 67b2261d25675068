//! One process after the other, on the calling thread.

use crate::base::error::Outcome;
use crate::engine::frames::{Context, What};
use crate::tree::process::{self, Process};

/// The first error ends the sequence. A cancellation does not: a step sees the cancelled handle, so
/// that steps which clean up still run.
#[inline(never)]
pub(super) fn run(steps: &[Process], context: &Context<'_>) -> Outcome {
    context.inside(What::Sequence, || {
        steps
            .iter()
            .try_for_each(|step| process::run(step, context))
    })
}
