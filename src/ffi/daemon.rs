//! What a daemon needs beyond `proc_main`.

use std::ffi::c_int;

use super::handle::{give, look, take};
use super::main_options::{Given, proc_main_options};
use super::process::{combine, null};
use super::types::{proc_cancel, proc_error, proc_impl};
use super::{run, signals};
use crate::on_signal::OnSignal;
use crate::process::{Kind, Process};
use crate::toplevel;

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
/// Threads: async-signal-safe; costs two atomic loads.
///
/// @param cancel  NULL is not draining.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_draining(cancel: *const proc_cancel) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(cancel) }.is_some_and(|cancel| cancel.draining())
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
