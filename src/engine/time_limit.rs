//! The end of what has a time limit of its own, which a handle tells: it is cancelled when its time is up.

use crate::base::error::{Error, Outcome};
use crate::engine::late_strike;
use crate::scope::cancel::Cancel;

/// Ends it, and its handle. Above that, these are the causes.
pub(crate) fn end(
    outcome: Outcome,
    handle: &Cancel,
    above: impl FnOnce() -> Vec<Error>,
) -> Outcome {
    let outcome = outcome.or_else(|error| failed(error, handle, above));
    close(handle);
    outcome
}

#[inline(never)] // Its frame is not to be on the stack of every level.
fn failed(error: Error, handle: &Cancel, above: impl FnOnce() -> Vec<Error>) -> Outcome {
    late_strike::strike_if_over(handle);
    told(error, handle, above)
}

/// How it fails. Of several errors that only pass on its own cause the first is listed, and after what failed otherwise.
pub(super) fn told(error: Error, handle: &Cancel, above: impl FnOnce() -> Vec<Error>) -> Outcome {
    match handle.timed_out() {
        Some(cause) if !error.items().is_empty() => Error::merge_once(vec![error], cause, || {
            [above(), vec![cause.clone()]].concat()
        }),
        _ => Err(error),
    }
}

/// Its deadline does not strike any more (Z2), and whoever has kept the handle is told that.
fn close(handle: &Cancel) {
    if handle.is_shared() {
        late_strike::strike_if_over(handle);
    }
    if let Some(deadline) = handle.own_deadline() {
        deadline.end();
    }
    handle.close("timeout");
}
