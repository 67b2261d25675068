//! All children at the same time; the first to succeed decides, and the others are cancelled.

use std::ffi::CStr;

use crate::base::error::{Error, Outcome};
use crate::base::events;
use crate::engine::ended::Ended;
use crate::engine::fan_out;
use crate::engine::frames::Context;
use crate::engine::rule::{Decides, Rule};
use crate::tree::group;
use crate::tree::process::Process;

const RULE: Rule = Rule::of("any", Decides::Succeeding);

/// If none succeeds, the errors of all are the result.
#[inline(never)]
pub(super) fn run(process: &Process, context: &Context<'_>) -> Outcome {
    group::within(context, RULE.name, |inside| {
        match fan_out::run(process, inside, RULE).map(|ended| *ended) {
            None => Ok(()),
            Some(ended @ Ended { is_won: true, .. }) => won(ended, c"proc_any", inside),
            Some(ended) => group::failed(ended, inside.scope.handle(), context.scope),
        }
    })
}

/// The errors of the others are only told to who wants to know what happens, less those that only pass on that these
/// were cancelled.
pub(super) fn won(ended: Ended, category: &CStr, inside: &Context<'_>) -> Outcome {
    if ended.errors.is_empty() || !events::wanted() {
        return Ok(());
    }
    let task = inside.task.map(|task| &**task);
    let cause = inside.scope.handle().cause();
    let others = Error::merge(ended.errors);
    if let Err(others) = others.or_else(|others| others.without_echo(cause)) {
        for error in others.side_by_side() {
            events::log(task, category, error.message());
        }
    }
    Ok(())
}
