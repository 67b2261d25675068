//! Values that travel down with handles.

use std::ffi::c_void;

use super::bad_input::BadInput;
use super::handle::{borrow, give, look, take};
use super::process::{around, null};
use super::types::{proc_cancel, proc_destroy_fn, proc_impl, proc_key};
use crate::base::user_data::UserData;
use crate::engine::frames;
use crate::scope::cancel::{Cancel, Entry, Key, Value};
use crate::tree::process::Kind;
use crate::tree::value::WithValue;

/// # Values
///
/// Makes a cancel handle that has a value, below another one. A value is, for instance, a request's number, a logger, a
/// credential. The handles below have the value too, and so have the callbacks that run with them, on whatever thread.
/// Cancelling the new handle does not cancel its parent.
///
/// Ownership: the result is yours. The value is the handle's until `destroy` is called with it, which is after the last reference to the
/// last handle that can see it is released: this one, and those below it.
///
/// @param parent   as for `proc_cancel_new`: cancels the new handle when it is cancelled. NULL: nothing above, and no other
///                 values.
/// @param key      the key of the value; hides values of handles above under the same key. NULL is bad input.
/// @param value    anything; NULL hides values of handles above, too: then there is no value.
/// @param destroy  releases the value, exactly once, also if the call fails; may be NULL.
/// @return never NULL. After bad input, a handle that is cancelled already.
/// Errors:
/// - EINVAL: `key` is NULL. It is the code of the handle's cause.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_with_value(
    parent: *mut proc_cancel,
    key: *const proc_key,
    value: *mut c_void,
    destroy: proc_destroy_fn,
) -> *mut proc_cancel {
    let value = own(value, destroy);
    if key.is_null() {
        return give(refused());
    }
    let entry = Entry::Value(Key::at(key), Value::shared(value));
    // SAFETY: the caller lends a valid pointer.
    give(match unsafe { borrow(parent) } {
        Some(parent) => parent.child_with(entry),
        None => Cancel::root_with(None, entry),
    })
}

/// Gives a value to all that runs in a process. `proc_cancel_with_value` does the same for a handle. Errors of the
/// process are passed on as they are. The process runs below a handle of its own, so cancelling that handle cancels
/// nothing above.
///
/// Example:
/// ```c
/// static const proc_key request_key = {"request"};
/// static void log_text(const char *text) { // wherever it is called, it knows for which request
///     const struct request *request = proc_value(NULL, &request_key);
///     fprintf(stderr, "%d: %s\n", request ? request->number : 0, text);
/// }
/// static proc_impl *handling(struct request *request) {
///     return proc_with_value(&request_key, request, NULL, proc_new(handle, request, NULL));
/// }
/// ```
///
/// Ownership: takes over one reference of `impl`. The value is the process's until `destroy` is called with it, which is after
/// the last run and the last reference have ended, and with them the last handle that somebody has kept of a run.
///
/// @param key      the key of the value; NULL is bad input.
/// @param value    the same in each run; NULL: there is none.
/// @param destroy  releases the value, exactly once, also if the call fails; may be NULL.
/// @param impl     what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_with_value(
    key: *const proc_key,
    value: *mut c_void,
    destroy: proc_destroy_fn,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    const FUNCTION: &str = "proc_with_value";
    let value = own(value, destroy);
    // SAFETY: the caller hands the process over.
    let child = unsafe { take(r#impl) };
    let key = match key.is_null() {
        true => Err(null(FUNCTION, "key")),
        false => Ok(Key::at(key)),
    };
    around(FUNCTION, key, child, |key, child| {
        Kind::WithValue(WithValue::new(key, value, child))
    })
}

/// The value that a handle has under a key. The search begins at this handle and goes upwards: the nearest handle that
/// was given a value for the key decides.
///
/// A run or a job that was given no handle has the values of the callback that started it.
///
/// @param cancel  NULL: the handle of the callback that runs on the calling thread (`proc_current`).
/// @param key     may be NULL.
/// @return borrowed until the handle is released; NULL: there is none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_value(
    cancel: *const proc_cancel,
    key: *const proc_key,
) -> *mut c_void {
    let key = Key::at(key);
    // SAFETY: the caller lends a valid pointer.
    match unsafe { look(cancel) } {
        Some(cancel) => cancel.value(key),
        None => frames::with_current(|asking| {
            let handle = asking.and_then(|asking| asking.scope.existing()); // V2
            handle.map_or(std::ptr::null_mut(), |handle| handle.value(key))
        }),
    }
}

fn own(data: *mut c_void, destroy: proc_destroy_fn) -> UserData {
    UserData { data, destroy }
}

fn refused() -> Cancel {
    let (function, argument) = ("proc_cancel_with_value", "key");
    let cancel = Cancel::root(None);
    cancel.strike_alone(&BadInput::Null { function, argument }.into());
    cancel
}
