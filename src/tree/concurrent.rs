//! All children at the same time; every error is returned, failures before echoes of why they were cancelled.

use crate::base::error::{Error, Outcome};
use crate::engine::children::Children;
use crate::engine::fan_out;
use crate::engine::frames::Context;
use crate::engine::rule::{Decides, Rule};

pub(super) const RULE: Rule = Rule::of("concurrent", Decides::Nobody);

#[inline(never)]
pub(super) fn run<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Outcome {
    let Some(ended) = fan_out::run(children, context, rule) else {
        return Ok(());
    };
    let mut errors = ended.errors;
    if ended.is_cut {
        let cause = context.scope.handle().cause();
        errors.extend(cause.cloned());
    }
    Error::merge_echoes_last(errors, || context.scope.causes())
}
