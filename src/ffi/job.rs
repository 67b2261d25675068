//! Jobs.

use std::ffi::{c_int, c_void};

use super::bad_input::BadInput;
use super::errno::{bad_input, or_errno};
use super::handle::{give, give_outcome, look, share, take};
use super::types::{proc_cancel, proc_error, proc_impl, proc_job};
use crate::callback::Notice;
use crate::clock;
use crate::error::Error;
use crate::job::{Job, Work};
use crate::process::{self, Process};

/// # Jobs
///
/// Starts a process and returns at once: for event loops, and for other languages, whose thread must not
/// wait. Every job is to be joined, once, by `proc_job_join`.
///
/// Ownership: takes over one reference of `impl`; the result is yours until it is joined. `user_data` stays
/// yours, and is not used any more when the job has been joined.
///
/// Threads: the process runs on a thread of the library from its beginning. If there is none to be had,
/// it fails with EAGAIN, and `on_done` runs on the calling thread before this returns.
///
/// @param impl       what to run. NULL is bad input: the job fails with EINVAL.
/// @param cancel     the handle to run under: the job is cancelled with it. NULL makes a new one, which
///                   nothing cancels.
/// @param on_done    runs exactly once, on a thread of the library, when the process has completed and
///                   `proc_job_fd` is readable, and before a join returns. It must return, as a callback
///                   must. May be NULL.
/// @param user_data  passed to `on_done` as it is.
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_start(
    r#impl: *mut proc_impl,
    cancel: *mut proc_cancel,
    on_done: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> *mut proc_job {
    // SAFETY: the caller hands over the process and lends the handle.
    let (process, cancel) = unsafe { (take(r#impl), share(cancel)) };
    let process = process.unwrap_or_else(|| Process::invalid(null("proc_start", "impl")));
    let task = process::task_of(cancel.as_ref());
    let on_done = on_done.map(|function| Notice {
        function,
        data: user_data,
    });
    give(Job::start(Work {
        expected: process.expect_services(cancel.as_ref()),
        process,
        cancel,
        task,
        on_done,
    }))
}

/// A descriptor that is readable once a job is complete, and stays so. It is made when it is first asked
/// for, and close-on-exec.
///
/// Ownership: the job's; joining the job closes it.
///
/// @param job  NULL is bad input.
/// @return -1 if there is none to be had, with `errno` as `proc_cancel_fd` sets it; EINVAL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_fd(job: *mut proc_job) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    let job = unsafe { look(job) };
    or_errno(job.map_or_else(|| Err(bad_input()), |job| job.fd()))
}

/// Blocks until a job is complete or the time is up. Signals do not end it. From inside of the job itself
/// it returns at once.
///
/// @param job         NULL returns false at once.
/// @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
/// @return true: complete, so joining it waits for no more than the end of `on_done`. false: the time is up,
///         and it was not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_wait(job: *mut proc_job, timeout_ns: i64) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(job) }.is_some_and(|job| job.wait(clock::deadline(timeout_ns)))
}

/// Whether the calling thread is inside of a job, which it therefore cannot join: it runs a callback that
/// is a part of the job, or `on_done`. For code that may be called from anywhere: where `proc_job_join`
/// returns EDEADLK, the process itself may have failed with that, and then the job has been released.
///
/// @param job  NULL returns false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_inside(job: *const proc_job) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(job) }.is_some_and(Job::is_around_the_caller)
}

/// Waits until a job is complete and `on_done` has returned, releases the job, and returns its error.
///
/// A callback that is a part of the job, and `on_done`, cannot wait for it: then it fails with EDEADLK, and
/// the job stays yours, to be joined by somebody else. `proc_job_inside` tells beforehand.
///
/// Ownership: takes the job over, but for EDEADLK; the returned error is yours.
///
/// @param job  NULL fails with EINVAL.
/// @return NULL on success, else the process's error.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_job_join(job: *mut proc_job) -> *mut proc_error {
    // SAFETY: the caller lends the job, until it is known that it is joined.
    let Some(lent) = (unsafe { share(job) }) else {
        return give_outcome(Err(null("proc_job_join", "job")));
    };
    let Some(outcome) = lent.join() else {
        return give(Error::new(
            libc::EDEADLK,
            "proc_job_join: the job cannot be joined from inside of itself",
        ));
    };
    // SAFETY: the caller hands over the job.
    drop(unsafe { take(job) });
    give_outcome(outcome)
}

fn null(function: &'static str, argument: &'static str) -> Error {
    BadInput::Null { function, argument }.into()
}
