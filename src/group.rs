//! All children at the same time; the first to fail cancels the others.

use crate::cancel::{Cancel, Scope};
use crate::error::{Echoes, Error, Outcome};
use crate::fan_out::{self, OnFailure};
use crate::frames::Context;
use crate::process::Process;

/// The cause of the group's handle is listed once, however many children return it.
#[inline(never)]
pub(crate) fn run(process: &Process, context: &Context<'_>) -> Outcome {
    let scope = Scope::of(Some(context.scope.child()), context.task);
    let inside = Context {
        scope: &scope,
        ..*context
    };
    let handle = scope.handle();
    let errors = fan_out::run(process, &inside, OnFailure::CancelOthers);
    let errors = match handle.cause() {
        Some(cause) if !errors.is_empty() => Echoes::of(cause).keep_first(errors),
        _ => errors,
    };
    close(handle);
    Error::merge(errors)
}

/// Whoever kept the handle of an ended group must not wait for it forever.
fn close(handle: &Cancel) {
    if handle.is_shared() && !handle.cancelled() {
        handle.trigger(Error::new(libc::ECANCELED, "the group has ended"));
    }
}
