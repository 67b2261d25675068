//! Cancel handles.

use super::error::strerror;
use super::handle::{borrow, elements, give, lend, look, share, take};
use super::types::{proc_cancel, proc_error};
use crate::base::clock;
use crate::base::error::Error;
use crate::base::world;
use crate::engine::frames;
use crate::engine::late_strike;
use crate::engine::leaf::Waiting;
use crate::engine::waiting;
use crate::scope::cancel::Cancel;

/// # Cancellation
///
/// Makes a cancel handle.
///
/// A handle may also serve as an event that happens once and carries a reason. `proc_cancel_trigger` makes the event
/// happen. Any number of threads wait for it (`proc_wait`, `proc_poll`, `proc_cancel_fd`) or have a function called
/// (`proc_on_cancel`), and `proc_cancel_cause` returns the reason. If such a handle is made below the handle of the
/// waiting callback, a cancellation of the callback ends the wait, too.
///
/// Example:
/// ```c
/// proc_cancel *below = proc_cancel_new(cancel); // cancelled with `cancel`, or alone: proc_cancel_trigger(below, NULL)
/// proc_error *error = proc_run(proc_new(fetch, url, NULL), below);
/// proc_cancel_unref(below);
/// return error;
/// ```
///
/// Ownership: the result is yours. The parent stays yours, and need not outlive the result.
///
/// @param parent  when it is cancelled, the new handle is cancelled. If it is cancelled already, so is the new handle
///                from the start. NULL: no parent.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_new(parent: *mut proc_cancel) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    let parent = unsafe { borrow(parent) };
    give(parent.map_or_else(|| Cancel::root(None), |parent| parent.child()))
}

/// Makes a cancel handle below several others: the first to be cancelled cancels it. The new handle gets the cause of
/// that parent. It is for work that belongs to two things at once, such as a request that ends with its connection and
/// also with its transaction.
///
/// The new handle is in the task of the first parent, and has the values of the first parent. It is draining if any parent is (`proc_draining`), and
/// has the nearest deadline of all parents. If some parents are cancelled already, the new handle is cancelled from the start, with the cause of the
/// parent that was cancelled first.
///
/// Ownership: as for `proc_cancel_new`. When the last reference is released, the parents keep nothing of it.
///
/// @param parents  the handles above; NULLs are left out.
/// @param count    how many there are; 0, or all are NULL: no parent.
/// @return never NULL. After bad input, a handle that is cancelled already.
/// Errors:
/// - EINVAL: `parents` is NULL, and `count` is not 0. It is the code of the handle's cause.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_new_any(
    parents: *const *mut proc_cancel,
    count: usize,
) -> *mut proc_cancel {
    // SAFETY: the caller lends the array.
    let parents = unsafe { elements(["proc_cancel_new_any", "parents"], parents, count) };
    give(match parents {
        Ok(parents) => {
            // SAFETY: the caller lends valid pointers.
            let parents = parents
                .iter()
                .filter_map(|parent| unsafe { share(*parent) });
            Cancel::below_all(&parents.collect::<Vec<_>>())
        }
        Err(bad) => {
            let cancelled = Cancel::root(None);
            cancelled.strike_alone(&bad.into());
            cancelled
        }
    })
}

/// Makes another reference to a cancel handle. For instance, to keep the handle of a callback after the callback has
/// returned.
///
/// @param cancel  stays what it was; may be NULL.
/// @return the same handle, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_ref(cancel: *mut proc_cancel) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(cancel) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a cancel handle. It does not cancel it.
///
/// @param cancel  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_unref(cancel: *mut proc_cancel) {
    // SAFETY: the caller hands over one reference.
    drop(unsafe { take(cancel) });
}

/// Cancels a handle and all below it. It wakes the threads that wait on these handles, and calls their hooks
/// (`proc_on_cancel`). Only the first call counts: its cause stays.
///
/// When this function returns, the handle and all handles below it are cancelled, including those that another thread
/// was just cancelling. It has called the hooks of the handles that it has cancelled itself. It waits neither for hooks
/// that other threads call, nor for any callback to stop.
///
/// Example:
/// ```c
/// proc_cancel_trigger(cancel, proc_errorf(ECONNRESET, "the client %s has gone", name));
/// ```
///
/// Ownership: takes the cause over, whether or not it counts; the handle stays what it was. The handle, and the handles
/// below that are cancelled with it, keep the cause until they are released. So if the payload of the cause owns a
/// reference to one of these handles (`proc_cancel_ref`), the two keep each other and are never released
/// (`proc_error_with_payload`).
///
/// @param cancel  may be NULL: then only the cause is released.
/// @param cause   why; NULL stands for an error with code ECANCELED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_trigger(cancel: *mut proc_cancel, cause: *mut proc_error) {
    world::switch();
    // SAFETY: the caller lends the handle and hands over the cause.
    let (cancel, cause) = unsafe { (share(cancel), take(cause)) };
    if let Some(cancel) = cancel {
        late_strike::strike_if_over(&cancel);
        let cancelled = || Error::new(libc::ECANCELED, &strerror(libc::ECANCELED));
        cancel.trigger(cause.unwrap_or_else(cancelled));
    }
}

/// Whether a handle is cancelled. Once it is, it stays so.
///
/// Example:
/// ```c
/// for (size_t i = 0; i < count && !proc_cancelled(cancel); i++)
///     compute(i);
/// return proc_cancel_error(cancel); // NULL if nobody has cancelled
/// ```
///
/// Threads: async-signal-safe; costs one atomic load, on the handle of a task two, and below a deadline a look at the clock.
///
/// @param cancel  NULL is not cancelled.
/// @return true: it is cancelled. false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancelled(cancel: *const proc_cancel) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(cancel) }.is_some_and(|cancel| cancel.cancelled())
}

/// Blocks until a handle is cancelled or the time is up. Signals do not end it.
///
/// Example:
/// ```c
/// while (!proc_wait(cancel, PROC_SECONDS(10)))
///     save(database); // every ten seconds, until somebody cancels
/// return proc_cancel_error(cancel);
/// ```
///
/// @param cancel      NULL returns false at once.
/// @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
/// @return true: cancelled. false: the time is up, and it was not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_wait(cancel: *mut proc_cancel, timeout_ns: i64) -> bool {
    world::switch();
    // SAFETY: the caller lends a valid pointer, and may release it while others wait.
    let cancel = unsafe { share(cancel) };
    cancel.is_some_and(|cancel| {
        let end = clock::deadline(timeout_ns);
        let wait = || waiting::until(end, |end| cancel.wait(end));
        let cancelled = waiting::during(Waiting::Wait, wait);
        late_strike::strike_if_over(&cancel);
        cancelled
    })
}

/// What a callback returns to say "stopped, as asked". It is the cause of the cancellation itself. The group or other
/// combinator that cancelled recognizes this error as its own echo, and does not report it as a failure. For a sequence
/// in between it is an error like any other: it ends the sequence.
///
/// Ownership: the result is yours.
///
/// @param cancel  may be NULL.
/// @return NULL if it is not cancelled.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_error(cancel: *const proc_cancel) -> *mut proc_error {
    // SAFETY: the caller lends a valid pointer.
    let cancel = unsafe { share(cancel.cast_mut()) };
    let cause = cancel.as_ref().and_then(|cancel| cancel.cause());
    cancel.iter().for_each(late_strike::strike_if_over);
    cause.cloned().map_or(std::ptr::null_mut(), give)
}

/// Why a handle was cancelled. For the handle of a group it is the error of the first child that failed; for the handle
/// of `proc_main`, an error with code EINTR that names the signal; for a deadline, an error with code ETIMEDOUT; for a
/// handle below another one, the cause of its parent.
///
/// @param cancel  may be NULL.
/// @return borrowed from the handle; NULL if it is not cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_cause(cancel: *const proc_cancel) -> *const proc_error {
    // SAFETY: the caller lends a valid pointer.
    let cause = unsafe { look(cancel) }.and_then(|cancel| cancel.cause());
    lend(cause.map(|cause| &**cause))
}

/// The cancel handle of the innermost process that runs on the calling thread. It is the handle that the callback was
/// given. Use it in code that is called deep inside of a callback and does not get the handle as an argument.
///
/// @return borrowed until that callback returns; NULL on a thread that runs no process.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn proc_current() -> *mut proc_cancel {
    frames::with_current(|context| {
        let handle = context.map(|context| &**context.scope.handle());
        lend::<proc_cancel>(handle).cast_mut()
    })
}
