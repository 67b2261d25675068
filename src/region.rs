//! A named interval in the trace, on one thread.

use crate::error::Outcome;
use crate::frames::Context;
use crate::process::{self, Process};

/// Passes errors on as they are.
///
/// There is no trace yet to open the interval in, so the region's name is checked but not kept.
pub(crate) fn run(child: &Process, context: Context<'_>) -> Outcome {
    process::run(child, context)
}
