//! What a daemon needs beyond `proc_main`.

use std::ffi::{CStr, c_char, c_int};

use super::handle::{lend, look, share, string, take};
use super::main_options::{Given, proc_main_options};
use super::process::{around, named};
use super::types::{proc_cancel, proc_error, proc_impl};
use super::{run, signals};
use crate::base::clock;
use crate::base::error::Error;
use crate::base::world;
use crate::daemon::proc_main;
use crate::scope::{drain_handle, health, progress, readiness};
use crate::tree::on_signal::OnSignal;
use crate::tree::process::Kind;
use crate::tree::task::Task;

/// # Daemons
///
/// Runs a process as the purpose of a program, with options for its stop. `proc_main` is this with the defaults.
///
/// The first of `signals` begins the stop:
///
/// - Every handle below is draining (`proc_draining`).
/// - After `drain_ns` the process is cancelled, with a cause of code EINTR that names the signal.
/// - If it has still not completed `grace_ns` later, the live tree is written to standard error, which tells what
///   still runs and for how long. Then `on_abandon` is called, if it is given, and the program ends in the way the
///   signal would have ended it (for process 1 of a container, and by signals that end nothing, with exit status
///   128 plus its number). If standard error does not take the tree, the program ends after 2 seconds all the
///   same.
/// - A further one of `signals` ends the program in the same way, at any moment and at once, but after `on_abandon`, if
///   it is given. It does so if it comes `force_after_ns` after the first or later; a signal that comes sooner is the
///   same request.
///
/// The grace period applies to a stop by a signal. Without a signal nothing ends the program by force: not after a cancellation by the program itself
/// and, unless `failure_grace_ns` is given, not while a group waits for its children after a failure. A signal after such a cancellation, or such a
/// cancellation after a signal, ends the drain time at once.
///
/// With `notify`, the service manager that NOTIFY_SOCKET names (a path, or @ and the name of an abstract socket)
/// receives these messages:
///
/// - READY=1, once, when the program is up (`proc_ready`).
/// - STOPPING=1 at the signal, when the process completes by itself, or at the failure from which `failure_grace_ns`
///   counts. With it comes EXTEND_TIMEOUT_USEC= with the drain time plus the grace period plus ten seconds, if both are
///   limited; if only the drain time is unlimited, it comes at the cancellation.
/// - WATCHDOG=1 after each half of WATCHDOG_USEC (unless WATCHDOG_PID names another process), until the process has
///   completed, as long as the library is able to look at what runs and the program is healthy (`proc_healthy`).
/// - STATUS= with each of these: the number of tasks that run, or the text of `proc_status`.
/// - RELOADING=1 and MONOTONIC_USEC= when a SIGHUP arrives for a `proc_on_signal` below this, and the program is
///   up; READY=1 when all that these run then has returned (Type=notify-reload).
/// - MAINPID= once, by a program that is neither the process in which the library was loaded, nor a child of it: a
///   daemon that has forked twice.
///
/// Without NOTIFY_SOCKET no messages are sent. READY=1 and STOPPING=1 are kept until the manager has received them,
/// however late its socket exists, and however busy it is; the first time that this takes longer than a second,
/// standard error says why. At its end, the program waits a second at most for a busy manager, and does not wait for a
/// manager that does not exist. The socket is connected before the process begins, and kept, so that the program may
/// call `chroot`, become another user, or use up its descriptors. If the program closes the socket, the library makes a
/// new one.
///
/// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are for this program alone. With `notify` they are removed from the
/// environment, so that programs that it executes do not use them, and remembered for the next call of this function.
/// To name another manager, set them again; an empty NOTIFY_SOCKET means no manager. No other thread of the program may
/// use the environment during this call.
///
/// A `proc_on_signal` for one of `signals`, or for `dump_signal`, receives this signal, too.
///
/// Example:
/// ```c
/// int main(void) {
///     proc_main_options options = PROC_MAIN_OPTIONS_INIT;
///     options.drain_ns = PROC_SECONDS(5);  // who is still sent here is served
///     options.grace_ns = PROC_SECONDS(10); // then what hangs is named, and the program ends
///     options.notify = true;               // READY=1 and the like, for systemd
///     return proc_exit_status(proc_main_with(proc_new(serve, server, NULL), &options));
/// }
/// ```
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
/// Errors:
/// - EINVAL: `impl` is NULL, or the options are not valid (above).
/// - EBUSY, EAGAIN: as for `proc_main`.
/// - Any other is the process's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_main_with(
    r#impl: *mut proc_impl,
    options: *const proc_main_options,
) -> *mut proc_error {
    world::switch();
    const FUNCTION: &str = "proc_main_with";
    // SAFETY: the caller hands over the process, and lends the options.
    let (process, given) = unsafe { (take(r#impl), Given::of(FUNCTION, options)) };
    run::run(FUNCTION, process, |process| {
        let given = given?;
        let (outcome, signal) = proc_main::main(FUNCTION, process, &given.options);
        // SAFETY: the caller lends the options until this returns.
        unsafe { given.tell(signal) };
        outcome
    })
}

/// Whether a handle is cancelled or will be soon: the program was asked to stop. Then take no new work, and tell
/// clients so, for instance by a readiness endpoint. Once it is true, it stays true.
///
/// It is true from the signal on, for every handle below the one of `proc_main`; `proc_main_options` says how long before the cancellation that is.
/// Inside of a `proc_shield` it is also true from a cancellation above the shield on, before the cancellation reaches the inside.
///
/// Threads: async-signal-safe; costs two atomic loads, on the handle of a task three, and as much again for each shield around.
///
/// @param cancel  NULL is not draining.
/// @return true: it is draining, or cancelled. false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_draining(cancel: *const proc_cancel) -> bool {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(cancel) }.is_some_and(|cancel| cancel.draining())
}

/// A handle that is cancelled when another one begins to drain (`proc_draining`). Or when that other handle is
/// cancelled. Use it to wait for the begin of the drain time, to poll for it, or to have a function called then. Its
/// cause is that of the signal, "stopped by SIGTERM", or of the cancellation, whichever comes first.
///
/// It is in the task of the other handle and has the values of that handle. Cancelling it does not cancel the other handle. Its hooks are called on a
/// thread of the library on which code of the program may run, never on the thread that listens for signals; `proc_main` waits for the hooks before
/// it returns.
///
/// Example:
/// ```c
/// // Closes the listener when the program is to stop; connections that are open are served until the drain time is over.
/// if (proc_wait(proc_drain_handle(cancel), PROC_FOREVER))
///     close(listener);
/// ```
///
/// @param cancel  may be NULL.
/// @return borrowed from the handle, and the same each time; a reference to it (`proc_cancel_ref`) keeps `cancel`, too. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_drain_handle(cancel: *const proc_cancel) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    let cancel = unsafe { share(cancel.cast_mut()) };
    let drains = cancel.map(|cancel| drain_handle::of(&cancel));
    // The handle keeps it.
    lend::<proc_cancel>(drains.as_deref()).cast_mut()
}

/// Says that a process is up: its port is open, its data is loaded. This is said of the innermost `proc_service` that
/// the handle is in; if the handle is in no service, of the program.
///
/// The program is up, and the service manager receives READY=1 (`proc_main_with`), at the first call after which no
/// service is expected any more. So, in a program
///
/// - without services: at the first call, whoever makes it.
/// - with services: when each of them has called it, or has succeeded without having been cancelled. Calls outside of
///   services do not count while a service is expected.
/// - that never calls it: never. A service manager that waits for READY=1 (Type=notify) then takes the start for
///   failed, which is better than a READY=1 that comes too early.
///
/// Does not block; further calls do nothing.
///
/// Example:
/// ```c
/// if (listen(listener, 128) < 0)
///     return proc_errno("listen");
/// proc_ready(cancel); // clients may come
/// ```
///
/// @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_ready(cancel: *mut proc_cancel) {
    world::switch();
    // SAFETY: the caller lends a valid pointer.
    if let Some(cancel) = unsafe { share(cancel) } {
        readiness::say(&cancel);
    }
}

/// Says that a service is alive, and will say so again within some time.
///
/// The service is the innermost `proc_service` that the handle is in, or the program, if it is in none. By this call it
/// *vouches* for itself. If it does not call this again in time, it is late: `proc_healthy` is false, and the service
/// manager gets no WATCHDOG=1 any more (`proc_main_with`), so that it restarts the program. So if a service calls this
/// regularly, a deadlock or an endless loop in the service is noticed. Choose the time longer than the longest work
/// between two calls, so that a busy service is not late.
///
/// A service that has never called this, or has ended, is never late.
///
/// Does not block; from any thread.
///
/// Example:
/// ```c
/// while (work(database)) // takes a second at most
///     proc_alive(cancel, PROC_SECONDS(10));
/// ```
///
/// @param cancel    NULL, or a handle that is not below that of `proc_main`, does nothing.
/// @param valid_ns  nanoseconds from now; 0: the service is late at once; negative (PROC_FOREVER): it need not call
///                  this again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_alive(cancel: *mut proc_cancel, valid_ns: i64) {
    world::switch();
    // SAFETY: the caller lends a valid pointer.
    if let Some(cancel) = unsafe { share(cancel) } {
        health::vouch(&cancel, clock::deadline(valid_ns));
    }
}

/// Whether no service is late with its next `proc_alive`. It is also true if no service has called `proc_alive`, and
/// outside of `proc_main`. While it is false, the watchdog of the service manager receives no WATCHDOG=1. Health checks
/// of a load balancer may use it, too.
///
/// Does not block; from any thread.
///
/// @return false: a service is late.
#[unsafe(no_mangle)]
pub extern "C" fn proc_healthy() -> bool {
    health::is_healthy()
}

/// Tells the service manager in words what the program does at this moment. For instance "loading, 40 %". The text
/// becomes STATUS= (`proc_main_with`), instead of the number of tasks. It is sent at once, and with each further
/// message until another text replaces it. While a stack starts or stops, STATUS= is the later one of this text and the
/// progress of the stack.
///
/// Does not block.
///
/// Ownership: the text is copied.
///
/// @param cancel  NULL, or a handle that is not below that of `proc_main`, does nothing.
/// @param text    line breaks in it become spaces, and only its first 1,000 characters count; NULL: STATUS= is the number of tasks again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_status(cancel: *mut proc_cancel, text: *const c_char) {
    world::switch();
    // SAFETY: the caller lends both.
    let (cancel, text) = unsafe { (look(cancel), string(text)) };
    if let Some(cancel) = cancel {
        progress::say(cancel.main(), text.map(one_line));
    }
}

fn one_line(text: &CStr) -> String {
    const LONGEST: usize = 1000;
    let text = text.to_string_lossy();
    text.chars()
        .take(LONGEST)
        .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c })
        .collect()
}

/// Makes a process a task that says when it is up: a service. It is like `proc_task`, but the process must call
/// `proc_ready`: the program is not up before that.
///
/// All services in the process of `proc_main` are expected from the moment at which the process begins to run. The same holds for a process that a
/// callback below it runs (`proc_run`, `proc_start`). Services whose turn in a sequence has not come are expected, too. A sequence does not wait
/// until a service is up, but until it has ended; so services that run at the same time must be children of a group. A service that succeeds is up,
/// unless it was cancelled. A service that fails stays expected until the whole process has ended that was given to `proc_main`, `proc_run` or
/// `proc_start`, and of which it is a part; a callback may then run another one. Below `proc_on_signal`, and outside of `proc_main`, a service is a
/// task like any other.
///
/// Ownership: takes over one reference of `impl`; the name is copied.
///
/// @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
/// @param impl       what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_service(
    task_type: *const c_char,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    let make = |name: &CStr, child| Kind::Task(Task::service(name, child));
    // SAFETY: the caller lends the name and hands over the process.
    unsafe { named(["proc_service", "task_type"], make, task_type, r#impl) }
}

/// Runs a process at each arrival of a signal, until it is cancelled. For instance, to load the configuration again at
/// SIGHUP. Signals that arrive while it runs count together as one more.
///
/// From its beginning until it returns, the program's own disposition for the signal is suspended: its handler is not called, and the default action
/// does not happen. It is received even if all of the program's threads block it. If there are several `proc_on_signal` for the same signal, all
/// receive it, and so does `proc_main` if it is one of its signals. In this case, below that `proc_main`, `impl` has the drain time before it is
/// cancelled; if the drain time is 0, `impl` does not run, since the cancellation comes first. `proc_on_signal` works without `proc_main`, too.
///
/// When it is cancelled, it succeeds, even if `impl` returned the cause of the cancellation (`proc_cancel_error`). An
/// error of `impl` ends it, with that error. It fails with EAGAIN if no thread can be had to listen for signals.
///
/// Example:
/// ```c
/// return proc_run(PROC_GROUP(proc_new(serve, server, NULL), proc_on_signal(SIGHUP, proc_new(load, server, NULL))), cancel);
/// ```
///
/// Ownership: takes over one reference of `impl`.
///
/// @param signal_number  a number that is no signal, one that cannot be received (SIGKILL, SIGSTOP) and one
///                       that is a fault (SIGSEGV and so on, see `proc_main_with`) are bad input.
/// @param impl           what to run; NULL is bad input.
/// @return as for `proc_sequence`.
/// Errors:
/// - EAGAIN: no thread can be had to listen for signals.
/// - Any other is that of what it runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_signal(
    signal_number: c_int,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    const FUNCTION: &str = "proc_on_signal";
    // SAFETY: the caller hands over the process.
    let child = unsafe { take(r#impl) };
    let signal = signals::valid(FUNCTION, "signal_number".to_owned(), signal_number);
    around(FUNCTION, signal.map_err(Error::from), child, |_, child| {
        Kind::OnSignal(OnSignal::new(signal_number, child))
    })
}
