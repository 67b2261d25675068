//! All children at the same time; the first to complete decides, and the others are cancelled.

use crate::base::error::Outcome;
use crate::engine::ended::Ended;
use crate::engine::fan_out;
use crate::engine::frames::Context;
use crate::engine::rule::{Decides, Rule};
use crate::tree::process::Process;
use crate::tree::{any, group};

const RULE: Rule = Rule::of("race", Decides::First);

/// The error of the first is the result, and after it those of others that do not only pass on that they were cancelled.
#[inline(never)]
pub(super) fn run(process: &Process, context: &Context<'_>) -> Outcome {
    group::within(context, RULE.name, |inside| {
        let Some(ended) = fan_out::run(process, inside, RULE) else {
            return Ok(());
        };
        let cancelled_by = ended.cancelled_by.clone();
        let outcome = match *ended {
            ended @ Ended { is_won: true, .. } => any::won(ended, c"proc_race", inside),
            ended => group::failed(ended, inside.scope.handle(), context.scope),
        };
        outcome.or_else(|error| error.without_echo(cancelled_by.as_ref()))
    })
}
