//! Time: the clock, deadlines, and processes that go by the clock.

use super::bad_input::BadInput;
use super::handle::{borrow, give, look, take};
use super::process::around;
use super::types::{proc_cancel, proc_impl};
use crate::base::clock::{self, Duration};
use crate::scope::cancel::{Cancel, Deadline};
use crate::tree::delay::Delay;
use crate::tree::every::Every;
use crate::tree::process::{Kind, Process};
use crate::tree::timeout::Timeout;

/// What PROC_FOREVER says.
pub(super) const FOREVER: i64 = -1;

/// What PROC_AT_ONCE says: the shortest time.
const AT_ONCE: i64 = 1;

/// A time of an option of which 0 stands for the default.
pub(super) fn or_default(time_ns: i64, default: i64) -> i64 {
    match time_ns {
        0 => default,
        AT_ONCE => 0,
        _ => time_ns,
    }
}

/// # Time
///
/// The time of the clock that the library uses for all durations: CLOCK_MONOTONIC. It stands still while the machine is suspended, and cannot be set.
///
/// Threads: async-signal-safe.
///
/// @return nanoseconds since some moment in the past.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn proc_now() -> i64 {
    i64::try_from(clock::exact()).unwrap_or(i64::MAX)
}

/// PROC_FOREVER, for languages that have no macros.
///
/// Threads: async-signal-safe.
///
/// @return -1: any negative duration is forever.
#[unsafe(no_mangle)]
pub extern "C" fn proc_forever() -> i64 {
    FOREVER
}

/// PROC_AT_ONCE, for languages that have no macros. It is the shortest duration, for options of which 0 stands for
/// the default.
///
/// Threads: async-signal-safe.
///
/// @return 1, a nanosecond.
#[unsafe(no_mangle)]
pub extern "C" fn proc_at_once() -> i64 {
    AT_ONCE
}

/// Makes a process that waits, and then succeeds. No callback runs meanwhile. If the time is over before a cancellation comes, it succeeds, even if
/// its result is noticed only after the cancellation.
///
/// Threads: as one of several children that may run at the same time it takes no thread while it waits, as `proc_await`. There is one thread
/// for all that wait for a moment.
///
/// @param duration_ns  nanoseconds from when it begins, by the clock of `proc_now`; negative is forever (PROC_FOREVER): until it is
///                     cancelled.
/// @return never NULL. If it is cancelled before the time is over, the process fails with the cause. If it is cancelled from the start, it fails even
///         with a duration of 0.
#[unsafe(no_mangle)]
pub extern "C" fn proc_delay(duration_ns: i64) -> *mut proc_impl {
    give(Process::delay(Delay::new(duration_ns)))
}

/// Runs a process that is cancelled when its time is up. The cause is an error with code ETIMEDOUT and the message "timed out after 5 s": the time is
/// written in the largest unit in which it is at least 1 (ns, µs, ms, s, min, h, d), with three digits at most.
///
/// It is a deadline like that of `proc_cancel_new_timeout`: the cancellation comes on time, whatever runs inside. But nothing ends a callback that
/// does not stop: `proc_timeout` completes when `impl` has completed. The result of `impl` decides: if `impl` succeeds, late or in time, so does
/// `proc_timeout`; if `impl` fails, `proc_timeout` fails with its errors. Errors that only pass on this timeout's own cause are listed once, after
/// all others. They are not left out: for the processes around it, a timeout is a failure.
///
/// If a deadline above is nearer, that deadline cancels, and an error with its cause is an echo here as everywhere.
///
/// `impl` runs below a handle of its own. This handle is cancelled before `proc_timeout` returns, on success too, and hooks that the deadline has
/// called have returned by then.
///
/// Example:
/// ```c
/// proc_error *error = proc_run(proc_timeout(PROC_SECONDS(5), proc_new(fetch, url, NULL)), cancel);
/// if (proc_error_is(error, ETIMEDOUT))
///     fprintf(stderr, "%s\n", proc_error_message(error)); // "timed out after 5 s"
/// proc_error_unref(error);
/// ```
///
/// Threads: around what waits without a thread (`proc_await`, `proc_delay`, `proc_on_queue`) it takes none either.
///
/// Ownership: takes over one reference of `impl`.
///
/// @param timeout_ns  nanoseconds from when it begins, by the clock of `proc_now`. 0: it begins, and is cancelled from the start;
///                    negative: its time is never up (PROC_FOREVER).
/// @param impl        what to run; NULL is bad input.
/// @return as for `proc_sequence`.
/// Errors:
/// - ETIMEDOUT: the time was up, and something stopped because of it.
/// - Any other is that of what it runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_timeout(timeout_ns: i64, r#impl: *mut proc_impl) -> *mut proc_impl {
    // SAFETY: the caller hands the process over.
    let child = unsafe { take(r#impl) };
    around("proc_timeout", Ok(()), child, |(), child| {
        Kind::Timeout(Timeout::new(timeout_ns, child))
    })
}

/// Makes a cancel handle with a deadline. When its time is up, it is cancelled, with the cause of `proc_timeout`
/// (ETIMEDOUT).
///
/// The handle is cancelled on time, whether or not anybody waits on it: hooks are called (on a thread of the library), its descriptor is readable,
/// and functions such as `proc_cancelled` say so. Hooks and descriptors need a thread for that, one for all deadlines; threads that only ask or wait
/// need none. If no thread can be had, hooks are called and descriptors become readable when any thread next calls a function of the library.
///
/// Handles below it are cancelled at the same moment, also those with a later deadline of their own, but not those that `proc_shield` and
/// `proc_finally` shield.
///
/// In a child of `fork`, the handle has the same deadline. In the child, the deadline reaches hooks and descriptors from before the `fork` only after
/// the child has added a hook or a descriptor to this handle or to a handle below it.
///
/// Example:
/// ```c
/// proc_cancel *soon = proc_cancel_new_timeout(cancel, PROC_SECONDS(2)); // for both calls together
/// if (proc_connect(soon, fd, address, size, PROC_FOREVER) == 0)
///     proc_write_all(soon, fd, "ping\n", 5, PROC_FOREVER);
/// proc_cancel_unref(soon);
/// ```
///
/// Ownership: as for `proc_cancel_new`. When the last reference is released, the deadline is released, too.
///
/// @param parent      as for `proc_cancel_new`.
/// @param timeout_ns  nanoseconds from now, by the clock of `proc_now`; 0: it is cancelled from the start; negative: no deadline
///                    (PROC_FOREVER).
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_cancel_new_timeout(
    parent: *mut proc_cancel,
    timeout_ns: i64,
) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    let parent = unsafe { borrow(parent) };
    give(match (parent, Deadline::after(timeout_ns)) {
        (Some(parent), Some(deadline)) => parent.child_until(deadline),
        (Some(parent), None) => parent.child(),
        (None, Some(deadline)) => Cancel::root_until(None, deadline),
        (None, None) => Cancel::root(None),
    })
}

/// How long it is until a deadline cancels a handle, its own or one above. It is for calls that take a timeout themselves.
///
/// @param cancel  may be NULL.
/// @return nanoseconds until the nearest deadline; 0 if it is cancelled, for whatever reason; PROC_FOREVER if there is no deadline, and
///         for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_remaining(cancel: *const proc_cancel) -> i64 {
    // SAFETY: the caller lends a valid pointer.
    match unsafe { look(cancel) } {
        Some(cancel) if cancel.cancelled() => 0,
        Some(cancel) => cancel.deadline().map_or(-1, |deadline| {
            let left = clock::until(deadline.moment()).as_nanos();
            i64::try_from(left).unwrap_or(i64::MAX)
        }),
        None => -1,
    }
}

/// Runs a process again and again, at each multiple of a period, until cancelled.
///
/// It runs at once, and then at each multiple of the period since then. A run that takes longer skips the times
/// that it has missed, so there is never more than one.
///
/// Between the runs it waits, and uses no processor time. Each time is computed from the time of the first run, so the times do not drift.
///
/// When it is cancelled, it succeeds, for it is meant to go on until then; a child that returns the cause has not failed. Any other error of the
/// child ends it with that error, also after a cancellation. A service in it (`proc_service`) is a task as any other, as in `proc_on_signal`.
///
/// Example:
/// ```c
/// return proc_run(proc_every(PROC_SECONDS(60), proc_new(statistics, server, NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of `impl`.
///
/// @param period_ns  nanoseconds, by the clock of `proc_now`; 0 or less is bad input.
/// @param impl       what to run; NULL is bad input.
/// @return as for `proc_sequence`. Cancelled from the start, it runs nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_every(period_ns: i64, r#impl: *mut proc_impl) -> *mut proc_impl {
    // SAFETY: the caller hands the process over.
    let child = unsafe { take(r#impl) };
    let period = u64::try_from(period_ns).ok().filter(|period| *period > 0);
    let period = period.ok_or_else(|| BadInput::Period { period_ns }.into());
    around("proc_every", period, child, |period, child| {
        Kind::Every(Every::new(Duration::from_nanos(period), child))
    })
}
