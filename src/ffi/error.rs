//! Errors.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;

use super::handle::{elements, give, give_outcome, lend, look, share, string, take};
use super::types::{proc_cancel, proc_destroy_fn, proc_error};
use crate::base::error::{self, Echoes, Error, Payload};
use crate::base::sys::errno;
use crate::base::user_data::UserData;

/// # Errors
///
/// Makes an error.
///
/// Ownership: the result is yours; the message is copied.
///
/// @param code     an `errno` value, or any other number of your own. 0 means no failure, so it becomes -1.
/// @param message  UTF-8 (invalid bytes are replaced by U+FFFD); NULL stands for `strerror(code)`.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_error_new(code: c_int, message: *const c_char) -> *mut proc_error {
    let code = failing(code);
    // SAFETY: the caller lends the message.
    give(Error::new(code, &unsafe { text(code, message) }))
}

/// Makes an error that carries something of your own.
///
/// Ownership: the result is yours; the message is copied; the payload is the error's until `destroy`
/// is called with it, when the last reference to the error is released.
///
/// A handle keeps the cause of its cancellation: the handle of a group keeps the error of the child that failed first,
/// and so do all handles below it. If the payload owns a reference to such a handle, for instance as a part of the
/// object that has failed, the two keep each other, and neither is ever released. So the payload must not own a handle
/// which the error may cancel: release the handle before the error is returned, or let the payload only point to the
/// object.
///
/// @param code     as for `proc_error_new`.
/// @param message  as for `proc_error_new`.
/// @param payload  what `proc_error_payload` returns; may be NULL.
/// @param destroy  releases the payload, exactly once; may be NULL.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_error_with_payload(
    code: c_int,
    message: *const c_char,
    payload: *mut c_void,
    destroy: proc_destroy_fn,
) -> *mut proc_error {
    // SAFETY: the caller lends the message.
    unsafe { proc_error_with_typed_payload(code, message, std::ptr::null(), payload, destroy) }
}

/// Makes an error that carries something of your own, and says of what type it is.
///
/// In a program of several parts, any part may make payloads. `proc_error_find_payload` finds payloads of one type, so
/// that no part of the program takes the payload of another part for its own.
///
/// Ownership: the result is yours; message and type are copied; the payload is the error's until
/// `destroy` is called with it, when the last reference to the error is released.
///
/// @param code          as for `proc_error_new`.
/// @param message       as for `proc_error_new`.
/// @param payload_type  a name that no other type of payload has; NULL: no type.
/// @param payload       what `proc_error_payload` returns; may be NULL.
/// @param destroy       releases the payload, exactly once; may be NULL.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_error_with_typed_payload(
    code: c_int,
    message: *const c_char,
    payload_type: *const c_char,
    payload: *mut c_void,
    destroy: proc_destroy_fn,
) -> *mut proc_error {
    let code = failing(code);
    let user = UserData {
        data: payload,
        destroy,
    };
    // SAFETY: the caller lends the texts.
    let (message, payload_type) = unsafe { (text(code, message), string(payload_type)) };
    let payload_type = payload_type.map(CStr::to_owned);
    let payload = Payload { user, payload_type };
    give(Error::with_payload(code, &message, Some(payload)))
}

/// Makes an error with a message as `printf` would print it.
///
/// Ownership: the result is yours; format and arguments are only read.
///
/// @param code    as for `proc_error_new`.
/// @param format  as for `printf`; NULL stands for `strerror(code)`.
/// @return never NULL.
///
/// cbindgen:postfix=PROC_PRINTF(2, 3)
#[unsafe(no_mangle)]
#[must_use]
#[cfg(any())] // For the header only: stable Rust cannot define a function with variable arguments, so `printf.c` does.
pub unsafe extern "C" fn proc_errorf(
    code: c_int,
    format: *const c_char,
    _: ...
) -> *mut proc_error {
}

/// Makes an error of the calling thread's `errno`, with the text "WHAT: STRERROR".
///
/// Example:
/// ```c
/// if (listen(listener, 128) < 0)
///     return proc_errno("listen"); // "listen: Address already in use"
/// ```
///
/// Ownership: the result is yours; the text is copied. `errno` is left as it is.
///
/// @param what  what failed, for instance the function's name; NULL leaves it out.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_errno(what: *const c_char) -> *mut proc_error {
    let code = errno::get();
    let failing = failing(code);
    let reason = strerror(failing);
    // SAFETY: the caller lends the text.
    let message = match unsafe { string(what) } {
        Some(what) => format!("{}: {reason}", what.to_string_lossy()),
        None => reason,
    };
    let error = give(Error::new(failing, &message));
    errno::set(code);
    error
}

/// Puts a text, as `printf` would print it, before that of an error: "TEXT: CAUSE".
///
/// In all else the result is like the wrapped error: it has the same code and the same payload, functions that search
/// for a code, a task or a payload look inside of it, and "stopped, as asked" (`proc_cancel_error`) stays that.
/// `proc_error_cause` returns the wrapped error. In a multi error it counts as one error, even if it wraps several.
///
/// Example:
/// ```c
/// proc_error *error = read_configuration(path);
/// if (error)
///     return proc_error_wrap(error, "configuration %s", path); // "configuration web.conf: No such file or directory"
/// ```
///
/// Ownership: takes the cause over; the result is yours; format and arguments are only read.
///
/// @param cause   NULL: the result is NULL.
/// @param format  as for `printf`; NULL: the result is the cause.
/// @return NULL for NULL.
///
/// cbindgen:postfix=PROC_PRINTF(2, 3)
#[unsafe(no_mangle)]
#[must_use]
#[cfg(any())] // For the header only, as `proc_errorf`.
pub unsafe extern "C" fn proc_error_wrap(
    cause: *mut proc_error,
    format: *const c_char,
    _: ...
) -> *mut proc_error {
}

/// What `proc_error_wrap` does once `printf.c` has printed its text. Programs do not see it: what CMake builds exports `proc_*` alone.
///
/// # Safety
/// The cause is NULL or handed over; the text is NULL or a string.
#[unsafe(no_mangle)]
unsafe extern "C" fn procession_wrap(
    cause: *mut proc_error,
    text: *const c_char,
) -> *mut proc_error {
    // SAFETY: as promised by the caller.
    match unsafe { (take(cause), string(text)) } {
        (Some(cause), Some(text)) => give(Error::wrap(text, cause)),
        (cause, _) => cause.map_or(std::ptr::null_mut(), give),
    }
}

/// Makes one error of several: a multi error, or the only one that is left. A multi error lists them in the order of
/// the array.
///
/// It is for the errors of processes that ran one after the other. Multi errors among them are replaced by the errors
/// that they list; an error that occurs twice, as the same object, is listed once.
///
/// Ownership: takes over one reference of each error; the array stays yours; the result is yours.
///
/// @param errors  NULL elements mean success, and are left out. NULL with a count is bad input: an error with code
///                EINVAL.
/// @param count   how many.
/// @return NULL if none is left.
/// Errors:
/// - EINVAL: `errors` is NULL, and `count` is not 0. The result is an error with this code.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_error_merge(
    errors: *const *mut proc_error,
    count: usize,
) -> *mut proc_error {
    // SAFETY: the caller promises that many elements, and gives them up.
    let elements = unsafe { elements(["proc_error_merge", "errors"], errors, count) };
    give_outcome(elements.map_err(Error::from).and_then(|elements| {
        // SAFETY: as above.
        let taken = elements.iter().filter_map(|error| unsafe { take(*error) });
        Error::merge(taken.collect())
    }))
}

/// Makes another reference to an error.
///
/// @param error  stays yours; may be NULL.
/// @return the same error, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_ref(error: *mut proc_error) -> *mut proc_error {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(error) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to an error. The last release also releases its causes and its payload.
///
/// @param error  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_unref(error: *mut proc_error) {
    // SAFETY: the caller hands over one reference.
    drop(unsafe { take(error) });
}

/// The code of an error. A task error has that of its cause; a multi error that of its first, which is the first
/// failure, if there is one in it.
///
/// @param error  may be NULL.
/// @return never 0, but for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_code(error: *const proc_error) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(error) }.map_or(0, |error| error.code())
}

/// The whole text of an error, in UTF-8. A task error's is "TASK_TYPE: TEXT"; a multi error's is "N errors:" and then,
/// for each, a line break, "- " and its text. If the same error occurs more than once, all but the first place say "(as
/// above)".
///
/// A text that is composed of other texts is cut at 1 MiB: then its end says how many bytes were left out.
///
/// @param error  may be NULL.
/// @return borrowed, never NULL; "success" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_message(error: *const proc_error) -> *const c_char {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(error) }
        .map_or(c"success", |error| error.message())
        .as_ptr()
}

/// The name of the task that failed.
///
/// @param error  may be NULL.
/// @return borrowed; NULL if it is not a task error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_task_type(error: *const proc_error) -> *const c_char {
    // SAFETY: the caller lends a valid pointer.
    let error = unsafe { look(error) };
    let task_type = error.and_then(|error| error.task_type());
    task_type.map_or(std::ptr::null(), CStr::as_ptr)
}

/// Why the task failed, or the error that is wrapped in a text (`proc_error_wrap`).
///
/// @param error  may be NULL.
/// @return borrowed; NULL if it is neither a task error nor wrapped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_cause(error: *const proc_error) -> *const proc_error {
    // SAFETY: the caller lends a valid pointer.
    lend(unsafe { look(error) }.and_then(|error| error.cause()))
}

/// How many errors there are side by side: in a multi error two or more, else one.
///
/// @param error  may be NULL.
/// @return 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_count(error: *const proc_error) -> usize {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(error) }.map_or(0, |error| error.items().len().max(1))
}

/// One of the errors side by side.
///
/// A combinator lists the failures first, so that the first error is the first failure, and after them the errors that
/// only pass on why the process was cancelled (`proc_error_is_echo`); both in order of completion. `proc_error_merge`
/// keeps the order that it was given.
///
/// @param error  may be NULL.
/// @param index  from 0. A single error is itself at 0.
/// @return borrowed; NULL if there is no such index.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_at(
    error: *const proc_error,
    index: usize,
) -> *const proc_error {
    // SAFETY: the caller lends a valid pointer.
    let items = unsafe { look(error) }.map_or(&[][..], |error| error.items());
    match items {
        [] if index == 0 => error,
        items => lend(items.get(index).map(|item| &**item)),
    }
}

/// The payload of an error (`proc_error_with_payload`). If a task error or a wrapped error has no payload itself, it is
/// the payload of its cause.
///
/// @param error  may be NULL.
/// @return borrowed; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_payload(error: *const proc_error) -> *mut c_void {
    // SAFETY: the caller lends a valid pointer.
    let error = unsafe { look(error) };
    error
        .and_then(|error| error.payload())
        .unwrap_or(std::ptr::null_mut())
}

/// The first payload of this type: of the error itself or of one in it, depth first.
///
/// Example:
/// ```c
/// const struct syntax_error *found = proc_error_find_payload(error, "syntax_error");
/// if (found)
///     fprintf(stderr, "line %d\n", found->line);
/// ```
///
/// @param error         may be NULL.
/// @param payload_type  exactly the text that `proc_error_with_typed_payload` was given; may be NULL.
/// @return borrowed; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_find_payload(
    error: *const proc_error,
    payload_type: *const c_char,
) -> *mut c_void {
    // SAFETY: the caller lends valid pointers.
    let (error, payload_type) = unsafe { (look(error), string(payload_type)) };
    payload_type
        .and_then(|payload_type| error?.find_payload(payload_type))
        .unwrap_or(std::ptr::null_mut())
}

/// Whether an error, or any error in it, has this code.
///
/// @param error  may be NULL.
/// @param code  an `errno` value, or one of your own.
/// @return true: it has it. false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_is(error: *const proc_error, code: c_int) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(error) }.is_some_and(|error| error.has_code(code))
}

/// Whether an error only says "stopped, as asked". Then it contains nothing but the cause of the cancellation of
/// `cancel`, or of a handle above, inside of any number of tasks, texts and multi errors.
///
/// Only the cause itself counts (`proc_cancel_error`), not another error that looks like it, and only the whole cause:
/// one of the errors of a multi error is no echo. Use it in code that restarts, counts or logs failures: an echo is no
/// failure.
///
/// Example:
/// ```c
/// proc_error *error = proc_run(proc_new(serve, server, NULL), cancel);
/// if (error && !proc_error_is_echo(error, cancel))
///     failures++; // it was not just stopped, as asked
/// return error;
/// ```
///
/// @param error   may be NULL, which is success, and no echo.
/// @param cancel  may be NULL, which is not cancelled.
/// @return true: it is an echo. false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_is_echo(
    error: *const proc_error,
    cancel: *const proc_cancel,
) -> bool {
    // SAFETY: the caller lends valid pointers.
    let (error, cancel) = unsafe { (look(error), look(cancel)) };
    error
        .zip(cancel)
        .is_some_and(|(error, cancel)| Echoes::of(&cancel.causes()).is_echo(error))
}

/// The first task error with this name: the error itself or one in it, depth first.
///
/// @param error      may be NULL.
/// @param task_type  may be NULL.
/// @return borrowed; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_error_find_task(
    error: *const proc_error,
    task_type: *const c_char,
) -> *const proc_error {
    // SAFETY: the caller lends valid pointers.
    let (error, task_type) = unsafe { (look(error), string(task_type)) };
    lend(task_type.and_then(|task_type| error?.find_task(task_type)))
}

/// 0 is no failure.
fn failing(code: c_int) -> c_int {
    if code == 0 { -1 } else { code }
}

/// The text for a message of C.
///
/// # Safety
/// `message` is NULL or a string.
unsafe fn text(code: c_int, message: *const c_char) -> String {
    // SAFETY: as promised by the caller.
    match unsafe { string(message) } {
        Some(message) => message.to_string_lossy().into_owned(),
        None => strerror(code),
    }
}

/// What the C library says of a code.
pub(super) fn strerror(code: c_int) -> String {
    error::reason(&io::Error::from_raw_os_error(code))
}
