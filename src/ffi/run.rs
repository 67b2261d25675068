//! Running a process.

use std::ffi::c_int;

use super::bad_input::BadInput;
use super::handle::{borrow, give_outcome, take};
use super::main_options;
use super::types::{proc_cancel, proc_error, proc_impl};
use crate::base::error::{Error, Outcome};
use crate::base::world;
use crate::base::{bug, descriptor};
use crate::daemon::proc_main;
use crate::tree::process::{self, Process};

/// # Running
///
/// Runs a process and returns when it has completed. May be called from a callback.
///
/// Example:
/// ```c
/// proc_error *error = proc_run(proc_new(serve, server, NULL), cancel);
/// if (error)
///     fprintf(stderr, "%s\n", proc_error_message(error));
/// proc_error_unref(error);
/// ```
///
/// Ownership: takes over one reference of `impl`; the returned error is yours.
///
/// Threads: the process runs on the calling thread, and on threads of the library where it needs
/// more than one. When it returns, nothing of it runs any more, and if the reference was the last
/// one, each `destroy` in it has been called.
///
/// @param impl    what to run. NULL fails with EINVAL.
/// @param cancel  the handle to run under; NULL makes a new one, which nothing cancels.
/// @return NULL on success, else the process's error.
/// Errors:
/// - EINVAL: `impl` is NULL.
/// - Any other is the process's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_run(
    r#impl: *mut proc_impl,
    cancel: *mut proc_cancel,
) -> *mut proc_error {
    world::switch();
    // SAFETY: the caller hands over the process and lends the handle.
    let (process, cancel) = unsafe { (take(r#impl), borrow(cancel)) };
    run("proc_run", process, |process| {
        process::start("proc_run", process, cancel.as_deref())
    })
}

/// Runs a process as the purpose of a program, and returns when it has completed.
///
/// The first SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal; `proc_main` waits
/// until the process has completed. A further signal that comes a second after the first or later ends the program at
/// once, as the signal does by default (for process 1 of a container, with exit status 128 plus its number); a signal
/// that comes sooner is the same request (`proc_main_options`). This holds even if the program ignored, blocked or
/// handled the signals before. The former signal dispositions are restored when it returns; a signal that came too late
/// to cancel the process is then sent again, unless a `proc_on_signal` has received it.
///
/// If PROCESSION_TRACE in the environment names a file, a trace of the process is written to this file, as between
/// `proc_trace_start` and `proc_trace_stop`; `%p` in the name is the number of the program's process. If another trace
/// is being written to the file, or an earlier run in the same process of the system has written it, the file stays as
/// it is: the trace goes to NAME.PROCESS, else to NAME.PROCESS.2 and so on, and standard error says so. If a trace
/// cannot be written, standard error says why, and all else goes on as without it. If the file is a pipe, `proc_main`
/// waits for its reader at the end, but no longer than 2 s. A program with more rights than the user who started it
/// (set-user-ID) ignores the variable. The variable is for this program alone: it is removed from the environment, and
/// remembered for the next call. Programs that it executes find the name in PROCESSION_PARENT_TRACE instead, and write
/// a trace of their own to NAME.PROCESS. No other thread of the program may use the environment when this is called.
///
/// Example:
/// ```c
/// int main(void) { // Ctrl-C stops it; the exit status is 1 if it fails
///     return proc_exit_status(proc_main(proc_task("web", proc_new(serve, server, NULL))));
/// }
/// ```
///
/// Ownership: takes over one reference of `impl`; the returned error is yours.
///
/// Threads: may be called from any thread, but by one at a time: a second one fails with EBUSY, and
/// with EAGAIN if no thread can be had to wait for signals. In both cases nothing was started.
///
/// @param impl  what to run. NULL fails with EINVAL.
/// @return the process's error as it is. NULL on success, and if the error only passes on the cancellation by the
///         signal.
/// Errors:
/// - EINVAL: `impl` is NULL.
/// - EBUSY: another thread is in this function, or in `proc_main_with`. Nothing was started.
/// - EAGAIN: no thread can be had to wait for signals. Nothing was started.
/// - Any other is the process's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main(r#impl: *mut proc_impl) -> *mut proc_error {
    world::switch();
    const FUNCTION: &str = "proc_main";
    // SAFETY: the caller hands over the process.
    run(FUNCTION, unsafe { take(r#impl) }, |process| {
        proc_main::main(FUNCTION, process, &main_options::defaults()).0
    })
}

/// Reports an error, if there is one, and gives what `main` should return.
///
/// It prints "PROGRAM: MESSAGE" to standard error. If standard error accepts nothing (a pipe that nobody reads, a
/// stopped terminal), it gives up after 2 s, as the library does with all its own messages.
///
/// Ownership: takes the error over.
///
/// @param error  what `proc_main` or `proc_run` returned; NULL is success.
/// @return 0 for NULL, else 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_exit_status(error: *mut proc_error) -> c_int {
    // SAFETY: the caller hands over the error.
    match unsafe { take(error) } {
        None => 0,
        Some(error) => {
            descriptor::say(descriptor::complaint(error.message()));
            1
        }
    }
}

pub(super) fn run(
    function: &'static str,
    process: Option<Process>,
    how: impl FnOnce(&Process) -> Outcome,
) -> *mut proc_error {
    let argument = "impl";
    let process = process.ok_or_else(|| Error::from(BadInput::Null { function, argument }));
    give_outcome(process.and_then(|process| bug::contained(|| how(&process))))
}
