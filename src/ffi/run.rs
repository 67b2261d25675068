//! Running a process.

use std::ffi::{CStr, c_char, c_int};
use std::io::Write;

use super::bad_input::BadInput;
use super::handle::{give_outcome, share, take};
use super::main_options;
use super::types::{proc_cancel, proc_error, proc_impl};
use crate::error::{Error, Outcome};
use crate::process::{self, Process};
use crate::{bug, toplevel};

/// # Running
///
/// Runs a process and returns when it has completed. May be called from a callback.
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
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_run(
    r#impl: *mut proc_impl,
    cancel: *mut proc_cancel,
) -> *mut proc_error {
    // SAFETY: the caller hands over the process and lends the handle.
    let (process, cancel) = unsafe { (take(r#impl), share(cancel)) };
    run("proc_run", process, |process| {
        process::start("proc_run", process, cancel)
    })
}

/// Runs a process as the purpose of a program, and returns when it has completed.
///
/// The first SIGINT or SIGTERM cancels the process, with a cause of code EINTR that names the signal;
/// the process is waited for. A second signal ends the program at once, in the way the signal would
/// have by default (for process 1 of a container, with exit status 128 plus its number). That holds
/// if the program ignored, blocked or handled the signals before, too. The former signal
/// dispositions are back when it returns; a signal that came too late to cancel the process is
/// then sent again.
///
/// If the environment has PROCESSION_TRACE, that names a file, and a trace of the process is written to it, as
/// between `proc_trace_start` and `proc_trace_stop`. What is wrong with it is said on standard error, and
/// changes nothing else. A program that runs with more rights than who started it takes no notice of it.
///
/// Ownership: takes over one reference of `impl`; the returned error is yours.
///
/// Threads: may be called from any thread, but by one at a time: a second one fails with EBUSY, and
/// with EAGAIN if no thread can be had to wait for signals. In both cases nothing was started.
///
/// @param impl  what to run. NULL fails with EINVAL.
/// @return the process's error as it is. An error that only passes on the signal's cancellation is
///         none: NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main(r#impl: *mut proc_impl) -> *mut proc_error {
    const FUNCTION: &str = "proc_main";
    // SAFETY: the caller hands over the process.
    run(FUNCTION, unsafe { take(r#impl) }, |process| {
        toplevel::main(FUNCTION, process, &main_options::defaults()).0
    })
}

/// What `main` should return. Prints "PROGRAM: MESSAGE" to standard error if there is an error.
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
            complain(error.message());
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

unsafe extern "C" {
    /// The last part of `argv[0]`, which the C library keeps.
    static program_invocation_short_name: *const c_char;
}

fn complain(message: &CStr) {
    // SAFETY: the C library has set it to a string before `main` began.
    let program = unsafe { CStr::from_ptr(program_invocation_short_name) };
    let line = [program.to_bytes(), b": ", message.to_bytes(), b"\n"].concat();
    // There is nobody left to tell if standard error is closed.
    let _ = std::io::stderr().write_all(&line);
}
