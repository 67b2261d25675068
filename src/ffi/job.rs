//! Jobs.

use std::ffi::{c_int, c_void};

use super::bad_input::BadInput;
use super::errno::{bad_input, errno, or_errno, set_errno};
use super::handle::{borrow, give, give_outcome, share, take};
use super::types::{proc_cancel, proc_error, proc_impl, proc_job};
use crate::base::clock;
use crate::base::error::Error;
use crate::base::user_data::Notice;
use crate::base::world;
use crate::engine::frames;
use crate::tree::job::{Job, Refused, Work};
use crate::tree::process::{self, Process};

/// # Jobs
///
/// Starts a process as a job, and returns at once. It is for threads that must not wait, such as those of event loops
/// and of other languages. Every job must be joined, once, by `proc_job_join`.
///
/// Example:
/// ```c
/// proc_job *job = proc_start(proc_new(fetch, url, NULL), cancel, NULL, NULL);
/// draw(cancel, window); // meanwhile; an event loop watches proc_job_fd(job)
/// return proc_job_join(job);
/// ```
///
/// Ownership: takes over one reference of `impl`; the result is yours until it is joined.
///
/// Threads: the process runs on a thread of the library from its beginning. If there is none to be had,
/// it fails with EAGAIN, and `on_done` runs on the calling thread before this returns. But if that thread
/// is inside of another job's `on_done`, it runs after that has returned, or in `proc_job_join` of this job,
/// if that is earlier: so an `on_done` may start its job again, however often that fails.
///
/// A child of `fork` does not have the jobs of its parent: there, all functions for jobs fail at once with such a job,
/// even if it is complete.
///
/// @param impl       what to run. NULL is bad input: the job fails with EINVAL.
/// @param cancel     the handle to run under: the job is cancelled with it. NULL makes a new one, which
///                   nothing cancels.
/// @param on_done    runs exactly once, on a thread of the library if one can be had, when the process has
///                   completed and `proc_job_fd` is readable, and before a join returns. It must return, as
///                   a callback must. May be NULL.
/// @param user_data  passed to `on_done` as it is; may be NULL. It stays yours, and must be there until the job has been joined.
/// @return never NULL.
/// Errors: the job fails with one of these.
/// - EINVAL: `impl` is NULL.
/// - EAGAIN: no thread can be had.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_start(
    r#impl: *mut proc_impl,
    cancel: *mut proc_cancel,
    on_done: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> *mut proc_job {
    world::switch();
    // SAFETY: the caller hands over the process and lends the handle.
    let (process, cancel) = unsafe { (take(r#impl), share(cancel)) };
    let process = process.unwrap_or_else(|| Process::invalid(null("proc_start", "impl")));
    let on_done = on_done.map(|function| Notice {
        function,
        data: user_data,
    });
    let start_site = frames::job_site(cancel.is_some());
    let expected = process.expect_services(cancel.as_ref());
    let (task, own) = process::meant_by(cancel.as_ref());
    let cancel = cancel.or(own);
    give(Job::start(Work {
        start_site,
        expected,
        process,
        cancel,
        task,
        on_done,
    }))
}

/// A descriptor that is readable once a job is complete, and stays so. It is for poll, epoll and event loops
/// (POLLIN). It is made when it is first asked for, and close-on-exec.
///
/// Ownership: the descriptor is the job's; joining the job closes it.
///
/// @param job  NULL is bad input.
/// @return the descriptor. -1 with `errno`.
/// Errors:
/// - EINVAL: `job` is NULL.
/// - EOWNERDEAD: in a child of `fork`, the job is the parent's.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_fd(job: *mut proc_job) -> c_int {
    // SAFETY: the caller lends the job, which another thread may join meanwhile.
    let job = unsafe { share(job) };
    or_errno(job.map_or_else(|| Err(bad_input()), |job| job.fd()))
}

/// Blocks until a job is complete or the time is up. Signals do not end the wait. From inside of the job itself
/// (`proc_job_inside`) it returns at once.
///
/// @param job         NULL returns false at once.
/// @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
/// @return true: the job is complete, so a join waits only for the end of `on_done`. false: the job is not complete:
///         the time is up; or the caller is inside of the job; or the wait would be forever, since the job waits for
///         the caller, as `proc_job_join` says. In a child of `fork`, for a job of its parent's, always false.
/// Errors:
/// - EOWNERDEAD: in a child of `fork`, the job is the parent's. The result is false, and `errno` is this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_wait(job: *mut proc_job, timeout_ns: i64) -> bool {
    world::switch();
    // SAFETY: the caller lends the job, which another thread may join while this one waits.
    let Some(job) = (unsafe { share(job) }) else {
        return false;
    };
    job.wait(clock::deadline(timeout_ns)).unwrap_or_else(|| {
        set_errno(libc::EOWNERDEAD);
        false
    })
}

/// Whether the calling thread is inside of a job, which it therefore cannot join.
///
/// Inside is all code that runs as a part of the job, on whatever thread: its callbacks, what they run by `proc_run`,
/// the hooks that they trigger (`proc_on_cancel`, `proc_trace_set_hooks`), each `destroy` that it causes, and
/// `on_done`. Another job that was started there is not inside: it runs independently.
///
/// @param job  NULL returns false; so does, in a child of `fork`, a job of its parent's.
/// @return true: inside. false: not, or `job` is NULL, or, in a child of `fork`, a job of its parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_job_inside(job: *const proc_job) -> bool {
    // SAFETY: the caller lends the job, which another thread may join meanwhile.
    unsafe { share(job.cast_mut()) }.is_some_and(|job| job.is_around_the_caller())
}

/// Waits until a job is complete, releases it, and returns its error. It waits for the end of `on_done`, too.
///
/// Code inside of the job (`proc_job_inside`) cannot wait for it: there, this call fails with EDEADLK, and the job
/// stays yours; it must be joined from outside. If jobs join each other in a ring, the call that would join the oldest job
/// of the ring fails in the same way, and the others go on waiting. So a job may join a job that it has started. A
/// process may also fail with EDEADLK itself; `errno` tells the difference: it is EDEADLK only if the job is still
/// yours, and otherwise unchanged.
///
/// Ownership: takes the job over, but for EDEADLK; the returned error is yours.
///
/// @param job  handed over, but for EDEADLK; NULL fails with EINVAL.
/// @return NULL on success, else the process's error.
/// Errors:
/// - EINVAL: `job` is NULL.
/// - EDEADLK: it is called from inside of the job, or in a ring of joins. The job stays yours, and `errno` is EDEADLK, too.
/// - EOWNERDEAD: in a child of `fork`, the job is the parent's, and goes on there.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_job_join(job: *mut proc_job) -> *mut proc_error {
    world::switch();
    // SAFETY: the caller lends the job, until it is known that it is joined.
    let Some(lent) = (unsafe { borrow(job) }) else {
        return give_outcome(Err(null("proc_job_join", "job")));
    };
    let before = errno();
    let outcome = match lent.join() {
        Err(Refused::Inside) => {
            set_errno(libc::EDEADLK);
            return give(inside());
        }
        Err(Refused::Inherited) => Err(inherited()),
        Ok(outcome) => outcome,
    };
    // SAFETY: the caller hands over the job.
    drop(unsafe { take(job) });
    set_errno(before);
    give_outcome(outcome)
}

fn inside() -> Error {
    let text = "proc_job_join: the job cannot be joined from inside of itself";
    Error::new(libc::EDEADLK, text)
}

fn inherited() -> Error {
    let text = "proc_job_join: the job runs in the parent of this process, which was made by fork";
    Error::new(libc::EOWNERDEAD, text)
}

fn null(function: &'static str, argument: &'static str) -> Error {
    BadInput::Null { function, argument }.into()
}
