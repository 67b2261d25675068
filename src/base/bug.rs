//! Defects of the library itself: the only `catch_unwind`.
//!
//! A panic in here is a bug of ours. It must neither unwind into C nor leave a fan-out waiting for a
//! child that will not be reported, so it is turned into an error that says so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::error::{Error, Outcome};

/// Runs code of the library; a panic in it becomes an error.
pub(crate) fn contained(code: impl FnOnce() -> Outcome) -> Outcome {
    if cfg!(loom) {
        return code(); // A panic is how a model fails.
    }
    // What the panic left half done is not looked at again: the error ends the run that owned it.
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| Err(report(&*panic)))
}

fn report(panic: &(dyn Any + Send)) -> Error {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    Error::new(
        libc::ENOTRECOVERABLE,
        &format!("internal error of libprocession, please report it: {what}"),
    )
}
