//! All children at the same time; the first to fail cancels the others.

use crate::cancel::Cancel;
use crate::error::{Echoes, Error, Outcome};
use crate::fan_out::{self, OnFailure};
use crate::process::{Context, Process};
use crate::sync::OnceLock;

/// The group's handle is its scope: its cause is listed once, however many children return it.
pub(crate) fn run(process: &Process, context: Context<'_>) -> Outcome {
    let scope = context.cancel.child();
    let inside = Context {
        cancel: &scope,
        ..context
    };
    let errors = fan_out::run(process, inside, OnFailure::CancelOthers);
    let errors = match scope.cause() {
        Some(cause) if !errors.is_empty() => Echoes::of(cause).keep_first(errors),
        _ => errors,
    };
    close(&scope);
    Error::merge(errors)
}

/// Whoever kept the handle of an ended group must not wait for it forever.
fn close(scope: &Cancel) {
    static ENDED: OnceLock<Error> = OnceLock::new();
    if scope.is_shared() && !scope.cancelled() {
        let ended = ENDED.get_or_init(|| Error::new(libc::ECANCELED, "the group has ended"));
        scope.trigger(ended.clone());
    }
}
