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
/// It may serve as an event, too, that happens once, for good, with something to tell: `proc_cancel_trigger` makes it
/// happen, any number of threads wait for it (`proc_wait`, `proc_poll`, `proc_cancel_fd`) or have a function called
/// (`proc_on_cancel`), and `proc_cancel_cause` tells. Made below the handle of who waits, it ends that wait, too.
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
/// @param parent  cancels the new handle when it is cancelled; the new one is born cancelled if it
///                is already. NULL: nothing above.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_new(parent: *mut proc_cancel) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    let parent = unsafe { borrow(parent) };
    give(parent.map_or_else(|| Cancel::root(None), |parent| parent.child()))
}

/// Makes a cancel handle below several others: the first to be cancelled cancels it. The cause is that one's. It is
/// for what belongs to two at once, as a request that ends with its connection and with the transaction that it is
/// a part of.
///
/// It is in the task of the first of them, and has the values of that one. It is draining if any of them is (`proc_draining`), and has the nearest
/// deadline of all. If some are cancelled already, it is born cancelled, with the cause of the one that was first.
///
/// Ownership: as for `proc_cancel_new`. When the last reference is gone, nothing is left of it at those above.
///
/// @param parents  the handles above; NULLs are left out.
/// @param count    how many there are; 0, or all are NULL: nothing above.
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

/// Makes another reference to a cancel handle. For instance, to keep that of a callback when this returns.
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

/// Cancels a handle and all below it. It wakes who waits on them, and calls their hooks (`proc_on_cancel`). Only
/// the first call counts: its cause stays.
///
/// When it returns, the handle and all below it are cancelled, also what another thread was just cancelling. It has
/// called the hooks of what it has cancelled itself, and waits neither for those that other threads call, nor for
/// anybody to stop.
///
/// Example:
/// ```c
/// proc_cancel_trigger(cancel, proc_errorf(ECONNRESET, "the client %s has gone", name));
/// ```
///
/// Ownership: takes the cause over, whether or not it counts; the handle stays what it was. The handle, and those below
/// it that are cancelled with it, keep the cause for as long as they are there. So a cause whose payload has a
/// reference to one of them (`proc_cancel_ref`) is a ring that is never released (`proc_error_with_payload`).
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

/// What a callback returns to say "stopped, as asked". It is the cause of the cancellation itself. Whoever
/// cancelled knows it for its own echo, and does not report it as a failure. To a sequence in between it is an
/// error like any other, which ends it.
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

/// Why a handle was cancelled. Of a group's it is the first failing child's error, of `proc_main`'s
/// an error with code EINTR that names the signal, of a deadline one with code ETIMEDOUT, of a handle below another its
/// parent's cause.
///
/// @param cancel  may be NULL.
/// @return borrowed from the handle; NULL if it is not cancelled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_cause(cancel: *const proc_cancel) -> *const proc_error {
    // SAFETY: the caller lends a valid pointer.
    let cause = unsafe { look(cancel) }.and_then(|cancel| cancel.cause());
    lend(cause.map(|cause| &**cause))
}

/// The cancel handle of the innermost process that runs on the calling thread. It is what the callback was given:
/// for code deep below a callback to which the handle is not passed on.
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
