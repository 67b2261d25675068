//! Promises.

use super::handle::{give, share, take};
use super::process::null;
use super::types::{proc_error, proc_impl, proc_promise};
use crate::base::error::Outcome;
use crate::base::world;
use crate::scope::promise::Promise;
use crate::tree::await_promise::Await;
use crate::tree::process::Process;

/// # Promises
///
/// Makes a promise: something that somebody completes once, with success or an error. It is for event loops, and
/// for languages whose work ends in a callback of their own: `proc_await` is the process that waits for it.
///
/// Example:
/// ```c
/// static void on_reply(const char *failure, void *promise) { // an event loop calls it
///     proc_promise_complete(promise, failure ? proc_error_new(EIO, failure) : NULL);
///     proc_promise_unref(promise);
/// }
/// static proc_impl *asking(struct client *client) {
///     proc_promise *promise = proc_promise_new();
///     proc_impl *reply = proc_await(promise);
///     client_ask(client, on_reply, promise);
///     return reply;
/// }
/// ```
///
/// Ownership: the result is yours.
///
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn proc_promise_new() -> *mut proc_promise {
    give(Promise::new())
}

/// Makes another reference to a promise.
///
/// @param promise  stays yours; may be NULL.
/// @return the same promise, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_promise_ref(promise: *mut proc_promise) -> *mut proc_promise {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(promise) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a promise. After the last reference is released, the promise can no longer be completed: if it is not complete by then,
/// all processes that await it, now or later, fail with EPIPE.
///
/// @param promise  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_promise_unref(promise: *mut proc_promise) {
    world::switch();
    // SAFETY: the caller gives up a reference.
    drop(unsafe { take(promise) });
}

/// Completes a promise, with success or with an error. All processes that await the promise complete, and those that
/// await it later complete at once. Only the first call counts. It does not block.
///
/// Ownership: takes the error over, whether or not it counts; the promise stays what it was.
///
/// Threads: any thread, one that runs no process, too. What awaits it goes on on other threads: nothing of the program's
/// is called in here but, if this is not the first call, what releases the error.
///
/// @param promise  may be NULL: then only the error is released.
/// @param error    the error with which the awaiting processes fail; NULL: they succeed.
/// @return true: this was the first call. false: it was not, or `promise` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_promise_complete(
    promise: *mut proc_promise,
    error: *mut proc_error,
) -> bool {
    world::switch();
    // SAFETY: the caller lends the promise and hands over the error.
    let (promise, error) = unsafe { (share(promise), take(error)) };
    let outcome: Outcome = error.map_or(Ok(()), Err);
    promise.is_some_and(|promise| promise.complete(outcome))
}

/// Makes a process that completes as a promise does. It waits until the promise is complete, and returns its error, if
/// it has one. If it is cancelled while it waits, it fails with the cause (`proc_cancel_error`); but if the promise is
/// complete by then, the result of the promise counts.
///
/// Threads: as one of several children that may run at the same time it takes no thread while it waits, also with tasks, regions,
/// values and timeouts around it: in a nursery, `proc_group`, `proc_concurrent`, `proc_race` and `proc_any`, with a limit, too. Elsewhere the thread
/// waits that runs it.
///
/// Ownership: the result is yours. The promise is borrowed: the process holds no reference to the promise, and may
/// outlive all references.
///
/// @param promise  NULL is bad input.
/// @return never NULL. After bad input, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: `promise` is NULL.
/// - EPIPE: the last reference to the promise is gone, and nobody has completed it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_await(promise: *mut proc_promise) -> *mut proc_impl {
    // SAFETY: the caller lends a valid pointer.
    let promise = unsafe { share(promise) };
    give(match promise {
        Some(promise) => Process::awaiting(Await::new(promise.node().clone())),
        None => Process::invalid(null("proc_await", "promise")),
    })
}
