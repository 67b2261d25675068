//! What a daemon needs beyond `proc_main`.

use std::ffi::{CStr, c_char, c_int};

use super::handle::{give, look, share, take};
use super::main_options::{Given, proc_main_options};
use super::process::{combine, named, null};
use super::types::{proc_cancel, proc_error, proc_impl};
use super::{run, signals};
use crate::on_signal::OnSignal;
use crate::process::{Kind, Process};
use crate::task::Task;
use crate::{readiness, toplevel};

/// # Daemons
///
/// Runs a process as the purpose of a program as `proc_main` does, which is this with the defaults.
///
/// The first of `signals` begins the stop: every handle below is draining (`proc_draining`); after `drain_ns` the
/// process is cancelled, with a cause of code EINTR that names the signal; and when `grace_ns` after that it
/// has still not completed, the live tree is written to standard error, which tells what still runs and
/// for how long, and the program ends in the way the signal would have ended it (for process 1 of a container, and
/// by signals that end nothing, with exit status 128 plus its number). If standard error does not take it, the
/// program ends after 2 seconds all the same. A second one of `signals` ends it so at any moment, at once.
///
/// The grace period is that of a stop by a signal. Without one nothing ends the program: not after a cancellation
/// that is its own, and not when a group waits for its children after a failure. A signal that comes after such
/// a cancellation ends the drain time at once.
///
/// With `notify`, the service manager that NOTIFY_SOCKET names (a path, or @ and the name of an abstract socket) is
/// told: READY=1, once, when the program is up (`proc_ready`); STOPPING=1 at the signal, or when the process
/// completes by itself; WATCHDOG=1 after each half of WATCHDOG_USEC (unless WATCHDOG_PID names another
/// process), until the process has completed, as long as the library is able to look at what runs; and with each
/// of these STATUS= with the number of tasks that run. Without NOTIFY_SOCKET nobody is told anything. What cannot
/// be sent within a second is not sent; the first time, standard error says why.
///
/// A `proc_on_signal` for one of `signals`, or for `dump_signal`, hears of that too.
///
/// Ownership: takes over one reference of `impl`; the returned error is yours.
///
/// Threads: as for `proc_main`. The library has a thread wait for signals meanwhile, on which nothing of the
/// program runs.
///
/// @param impl     what to run. NULL fails with EINVAL.
/// @param options  NULL stands for the defaults. What cannot be is bad input, with EINVAL: a `size` that
///                 there never was, `signals` that is NULL with a count, numbers that are no signal, that cannot be
///                 received (SIGKILL, SIGSTOP) or are faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS,
///                 SIGABRT), one that is there twice, a `dump_signal` that is one of the `signals`.
/// @return as for `proc_main`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main_with(
    r#impl: *mut proc_impl,
    options: *const proc_main_options,
) -> *mut proc_error {
    const FUNCTION: &str = "proc_main_with";
    // SAFETY: the caller hands over the process, and lends the options.
    let (process, given) = unsafe { (take(r#impl), Given::of(FUNCTION, options)) };
    run::run(FUNCTION, process, |process| {
        let given = given?;
        let (outcome, signal) = toplevel::main(FUNCTION, process, &given.options);
        // SAFETY: the caller lends the options until this returns.
        unsafe { given.tell(signal) };
        outcome
    })
}

/// Whether a handle is cancelled or will be soon: `proc_main` was asked to stop. Then take no new work, and tell
/// whoever sends it, as an endpoint for readiness does. Once it is true, it stays so.
///
/// It is true from the signal on, for every handle below the one of `proc_main`; `proc_main_options` says how long
/// before the cancellation that is.
///
/// Threads: async-signal-safe; costs two atomic loads, on the handle of a task three.
///
/// @param cancel  NULL is not draining.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_draining(cancel: *const proc_cancel) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(cancel) }.is_some_and(|cancel| cancel.draining())
}

/// Says that a process is up: its port is open, its data is loaded. The innermost `proc_service` that the handle
/// is in is up then; if it is in none, the program is.
///
/// The program is up, and the service manager told so (READY=1, see `proc_main_with`), at the first call after
/// which no service is expected any more. So, in a program
///
/// - without services: at the first call, whoever makes it.
/// - with services: when each of them has called it, or has succeeded. What is called outside of them does not
///   count while one is expected.
/// - where nobody calls it: never. A service manager that waits for it (Type=notify) then takes the start for
///   failed, which is better than to be told too early.
///
/// Does not block; further calls do nothing.
///
/// @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_ready(cancel: *mut proc_cancel) {
    // SAFETY: the caller lends a valid pointer.
    if let Some(cancel) = unsafe { share(cancel) } {
        readiness::say(&cancel);
    }
}

/// Makes a process a task, as `proc_task` does, that will call `proc_ready`: the program is not up before it has.
///
/// All services of a tree are expected from the moment at which it begins to run, those too that a sequence begins
/// later. That holds for the tree of `proc_main`, and for one that a callback runs below it. A service that
/// succeeds is up. One that fails is expected until its whole tree has ended; a callback may then run
/// another. Below `proc_on_signal`, and outside of `proc_main`, a service is a task like any other.
///
/// Ownership: takes over one reference of `impl`; the name is copied.
///
/// @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
/// @param impl       what to run; NULL is bad input.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_service(
    task_type: *const c_char,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    let make = |name: &CStr, child| Kind::Task(Task::service(name, child));
    // SAFETY: the caller lends the name and hands over the process.
    unsafe { named(["proc_service", "task_type"], make, task_type, r#impl) }
}

/// Makes a process that runs another one at each arrival of a signal, until it is cancelled: SIGHUP to load the
/// configuration again, and the like. Signals that arrive while that one runs count as one more.
///
/// While it runs, the signal does nothing else: the disposition that the program had for it is back when it
/// returns. It is received even if all of the program's threads block it. Several of them for the same signal all
/// hear of it, and so does `proc_main` if it is one of its signals: then this has the drain time to react in, and
/// none if that is 0. It works without `proc_main`, too.
///
/// It returns NULL when it was cancelled, also if the other process returned that cancellation's cause
/// (`proc_cancel_error`). An error of the other process ends it, with that error. It fails with EAGAIN if no
/// thread can be had to listen for signals.
///
/// Ownership: takes over one reference of `impl`.
///
/// @param signal_number  a number that is no signal, one that cannot be received (SIGKILL, SIGSTOP) and one
///                       that is a fault (SIGSEGV and so on, see `proc_main_with`) are bad input.
/// @param impl           what to run; NULL is bad input.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_signal(
    signal_number: c_int,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    const FUNCTION: &str = "proc_on_signal";
    // SAFETY: the caller hands over the process.
    let child = unsafe { take(r#impl) };
    let signal = signals::valid(FUNCTION, "signal_number".to_owned(), signal_number);
    give(match (signal, child) {
        (Err(bad), _) => Process::invalid(bad.into()),
        (_, None) => Process::invalid(null(FUNCTION, "impl")),
        (Ok(_), Some(child)) => {
            let kind = Kind::OnSignal(OnSignal::new(signal_number, child));
            combine(FUNCTION, kind, |_| "impl".to_owned())
        }
    })
}
