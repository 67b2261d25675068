//! What runs again when it fails, and what stands on each other.

use std::ffi::{c_int, c_void};
use std::mem::{MaybeUninit, offset_of, transmute};

use super::bad_input::BadInput;
use super::handle::take;
use super::process::{around, several};
use super::sized::{self, Growing};
use super::time::{FOREVER, or_default};
use super::types::{proc_error, proc_impl};
use crate::base::clock::Duration;
use crate::base::error::Error;
use crate::tree::process::Kind;
use crate::tree::supervise::{Judge, Options, Policy, Restart, Supervise};

/// Decides whether a supervised process runs again after an error.
///
/// @param error      borrowed until it returns; never NULL.
/// @param user_data  that of the options.
/// @return true: it runs again.
pub type proc_restart_fn =
    Option<unsafe extern "C-unwind" fn(error: *const proc_error, user_data: *mut c_void) -> bool>;

/// When a supervised process runs again: `proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;`
///
/// Ownership: yours; `proc_supervise` copies it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_supervise_options {
    /// sizeof(proc_supervise_options), as PROC_SUPERVISE_OPTIONS_INIT sets it.
    pub size: usize,
    /// How long it waits before it runs the process again, in nanoseconds: default 100 ms. Each failure doubles the delay for the next one. 0: it
    /// does not wait; then only `most` limits how often it fails at full speed. Negative (PROC_FOREVER): it waits until it is cancelled.
    pub first_delay_ns: i64,
    /// The longest delay, in nanoseconds: doubling ends there. Default 30 s, or `first_delay_ns` if that is more; 0: the default. Negative: no limit.
    /// Otherwise less than `first_delay_ns` is bad input.
    pub longest_delay_ns: i64,
    /// By how many percent each delay is made shorter or longer at most, at random, so that processes that failed at the same moment do not all begin
    /// again at the same moment: default 20. Less than 0 or more than 100 is bad input.
    pub jitter_percent: c_int,
    /// A run that lasted this long, in nanoseconds, was healthy: the delay after it is `first_delay_ns` again. Default
    /// 60 s, which 0 stands for, too; negative: no run is healthy; PROC_AT_ONCE: each run is.
    pub healthy_after_ns: i64,
    /// How many failures within `within_ns` are allowed: after more it gives up. Default 5 in 60 s; SIZE_MAX: it never gives up; 0: it gives up at
    /// the first.
    pub most: usize,
    /// The time for `most`, in nanoseconds. Healthy runs in between do not matter. Negative: all failures count. 0: the
    /// default.
    pub within_ns: i64,
    /// Whether the process runs again also after a success, `first_delay_ns` later. Default false: success ends it.
    pub restart_on_success: MaybeUninit<bool>,
    /// Called after each failure: decides whether the process runs again. If not, the supervision ends with the error as it is. It is not called
    /// after a cancellation. It is called on the thread that runs the process, and must return, as a callback must. NULL, the default: the process
    /// runs again after any error.
    pub restart: proc_restart_fn,
    /// Passed to `restart` as it is; may be NULL. It stays yours, and must be there until the process's last run and last
    /// reference have ended.
    pub user_data: *mut c_void,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers, pointers and a byte that may be any.
unsafe impl Growing for proc_supervise_options {
    const INIT: Self = proc_supervise_options {
        size: size_of::<proc_supervise_options>(),
        first_delay_ns: 100_000_000,
        longest_delay_ns: 30_000_000_000,
        jitter_percent: 20,
        healthy_after_ns: 60_000_000_000,
        most: 5,
        within_ns: 60_000_000_000,
        restart_on_success: MaybeUninit::new(false),
        restart: None,
        user_data: std::ptr::null_mut(),
    };
}

/// What the first version measures.
const FIRST_SIZE: usize = offset_of!(proc_supervise_options, user_data) + size_of::<*mut c_void>();

/// What `proc_restart_fn` is, but for NULL.
type CJudge = unsafe extern "C-unwind" fn(*const proc_error, *mut c_void) -> bool;

/// # Restarts and ordered stops
///
/// Runs a process again when it fails, after a delay, up to a limit. The delay grows as long as the process goes on
/// failing.
///
/// If the process has failed too often in too short a time, `proc_supervise` gives up, and fails with the last error, wrapped (`proc_error_wrap`):
/// "gave up after 6 failures in 3.1 s: TEXT"; the time is from the first of these failures to the last. Each failure but the last is written to the
/// trace as a log of the category `proc_supervise`, and counted when the process runs again (`restarts_total`); it is reported nowhere else. Each run
/// is a region of the trace, "supervised". The file of `proc_trace_start` also shows each delay, and the giving up.
///
/// After a cancellation the process does not run again: the run that is cancelled is the last, whatever it returns. A cancellation during a delay
/// ends the delay, and `proc_supervise` fails with the cause.
///
/// The process runs on the calling thread, in the same task and below the same cancel handle each time.
///
/// A service in it (`proc_service`) is expected anew in each run. A service that fails is not up any more, and a
/// program that was not up yet waits until the service is up again. Once the program is up, it stays up.
///
/// Example:
/// ```c
/// proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
/// options.first_delay_ns = PROC_SECONDS(1);
/// return proc_run(proc_supervise(&options, proc_new(fetch, "feed", NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of `impl`; the options are copied.
///
/// @param options  NULL: the defaults.
/// @param impl     what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_supervise(
    options: *const proc_supervise_options,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    // SAFETY: the caller hands the process over, and lends the options.
    let (child, options) = unsafe { (take(r#impl), read(options)) };
    let options = options.map_err(Error::from);
    around("proc_supervise", options, child, |options, child| {
        Kind::Supervise(Box::new(Supervise::new(options, child)))
    })
}

/// Runs services that depend on each other: they start in order and stop in reverse.
///
/// Each child starts when the child before it is up, and stops before that child.
///
/// The first child starts at once. A child is up when all services in it are up (`proc_service`); if it has no
/// services, when `proc_ready` is called in it; and in any case when it has succeeded. This holds whether or not the
/// stack runs below `proc_main`. A call of `proc_ready` in a child, outside of its services, is for that child alone.
/// When all children are up, and one of them has called `proc_ready`, this counts as a call outside of the stack.
///
/// The stack stops when a child has failed, when it is cancelled from above, and when all children have succeeded. Then no further child starts, and
/// the running children are cancelled from the last to the first, with the same cause: each child has completed before the child before it is
/// cancelled. `proc_draining` is true in all of them from the beginning of the stop on. If a child fails before it is up, the children after it are
/// never started.
///
/// Each child runs below a cancel handle of its own, on a thread of the library's, in the task and with the values around the stack. The calling
/// thread starts and stops them in order.
///
/// All errors are listed, the first failure first; errors that only pass on why the stack stops are listed once, as by `proc_group`. If the stack was
/// cancelled from above before all children had started, the cause is among the errors.
///
/// With `notify` (`proc_main_with`), the service manager is told at each step how far the stack is, and that it takes longer; the latter is repeated
/// while the step goes on. So the service manager waits as long as the step takes.
///
/// Example:
/// ```c
/// // The server begins when the database is up, and stops before it.
/// return proc_run(PROC_STACK(proc_service("database", proc_new(open_database, database, NULL)),
///                            proc_service("web", proc_new(serve, server, NULL))),
///                 cancel);
/// ```
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children, the lowest first. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_stack(impls: *const *mut proc_impl, count: usize) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_stack", Kind::Stack, impls, count) }
}

/// # Safety
/// `options` is NULL, or valid.
unsafe fn read(options: *const proc_supervise_options) -> Result<Options, BadInput> {
    let asked = if options.is_null() {
        proc_supervise_options::INIT
    } else {
        // SAFETY: as promised by the caller.
        unsafe { sized::read(["proc_supervise", "options"], options, FIRST_SIZE)? }
    };
    let restart = asked.restart.map(|function| Restart {
        // SAFETY: the two types differ in what C calls the nodes that handles point to.
        function: unsafe { transmute::<CJudge, Judge>(function) },
        data: asked.user_data,
    });
    Ok(Options {
        policy: policy(&asked)?,
        // SAFETY: it has one byte, which was read; C may have any number in it.
        restart_on_success: unsafe { asked.restart_on_success.as_ptr().cast::<u8>().read() } != 0,
        restart,
    })
}

fn policy(asked: &proc_supervise_options) -> Result<Policy, BadInput> {
    let percent = asked.jitter_percent;
    let jitter_percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
    let default = proc_supervise_options::INIT;
    let (first, longest) = (asked.first_delay_ns, asked.longest_delay_ns);
    let longest = match longest {
        0 if first < 0 => FOREVER,
        0 => default.longest_delay_ns.max(first),
        _ => longest,
    };
    if time(longest) < time(first) {
        return Err(BadInput::LongestDelay { longest, first });
    }
    Ok(Policy {
        first_delay: time(first),
        longest_delay: time(longest),
        jitter_percent: jitter_percent.ok_or(BadInput::Jitter { percent })?,
        healthy_after: time(or_default(asked.healthy_after_ns, default.healthy_after_ns)),
        most: asked.most,
        within: match asked.within_ns {
            0 => time(default.within_ns),
            within => time(within),
        },
    })
}

/// Negative is forever.
fn time(nanoseconds: i64) -> Duration {
    u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
}
