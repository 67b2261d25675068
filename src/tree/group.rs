//! All children at the same time; the first to fail cancels the others.

use crate::base::error::{Error, Outcome};
use crate::engine::children::Children;
use crate::engine::ended::Ended;
use crate::engine::fan_out;
use crate::engine::frames::{Context, What};
use crate::engine::rule::{Decides, Rule};
use crate::scope::cancel::{Cancel, Scope};
use crate::scope::failing;

pub(super) const RULE: Rule = Rule::of("group", Decides::Failing);

/// The cause of the group's handle is listed once, however many children return it.
#[inline(never)]
pub(super) fn run<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Outcome {
    within(context, "group", |inside| {
        run_within(children, inside, context.scope, rule)
    })
}

/// The same, in the handle of its own.
#[inline(always)]
pub(super) fn run_within<C: Children>(
    children: &C,
    inside: &Context<'_>,
    above: &Scope<'_>,
    rule: Rule,
) -> Outcome {
    let Some(mut ended) = fan_out::run(children, inside, rule) else {
        return Ok(());
    };
    if ended.is_cut {
        tell_of_cut(&mut ended, inside.scope.handle(), above);
    }
    outcome(*ended, inside.scope.handle(), above)
}

/// What has become of its children together.
#[inline(always)]
pub(super) fn outcome(ended: Ended, handle: &Cancel, above: &Scope<'_>) -> Outcome {
    match ended.errors.len() {
        0 => Ok(()),
        _ => failed(ended, handle, above),
    }
}

/// Runs code below a handle of its own, which is cancelled when it ends.
#[inline(always)]
pub(super) fn within(
    context: &Context<'_>,
    name: &str,
    code: impl FnOnce(&Context<'_>) -> Outcome,
) -> Outcome {
    context.under(&context.scope.own_child(), |inside| {
        if failing::is_looked_for() {
            watch_all_of_it(inside);
        }
        let outcome = code(inside);
        inside.scope.handle().close(name);
        outcome
    })
}

/// If this is what all of the program is, its handle is watched.
#[cold]
fn watch_all_of_it(inside: &Context<'_>) {
    let is_around = |what: &What<'_>| matches!(what, What::Task | What::Region(_) | What::Shield);
    if inside.is_within_run("proc_main", is_around) {
        failing::watch(inside.scope.handle());
    }
}

/// What a cancellation from above has kept from beginning, has not succeeded. A child that cancels the group has had
/// enough of it.
#[cold]
pub(super) fn tell_of_cut(ended: &mut Ended, handle: &Cancel, above: &Scope<'_>) {
    let from_above = |cause: &&Error| above.causes().iter().any(|other| other.is(cause));
    let cause = handle.cause().filter(from_above);
    ended.errors.extend(cause.cloned());
}

/// All errors, of which the first failure is the first. If it has cancelled the others, it is the cause,
/// but no echo of it.
#[inline(never)] // Its frame is not to be on the stack of every level.
pub(super) fn failed(ended: Ended, handle: &Cancel, above: &Scope<'_>) -> Outcome {
    let errors = ended.errors;
    let single = errors.len() == 1 && errors[0].items().is_empty();
    let Some(cause) = handle.cause().filter(|_| !single) else {
        return Error::merge(errors);
    };
    let began_here = ended.cancelled_others && cause.is(&errors[0]);
    let causes = || {
        let mut causes = above.causes();
        causes.extend((!began_here).then(|| cause.clone()));
        causes
    };
    Error::merge_once(errors, cause, causes)
}
