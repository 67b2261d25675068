//! All children at the same time; every error is returned.

use crate::error::{Error, Outcome};
use crate::fan_out::{self, OnFailure};
use crate::frames::Context;
use crate::process::Process;

#[inline(never)]
pub(crate) fn run(process: &Process, context: &Context<'_>) -> Outcome {
    Error::merge(fan_out::run(process, context, OnFailure::GoOn))
}
