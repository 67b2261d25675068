//! What a thread of the library is made like.
//!
//! Invariant:
//! - **T2 no signals.** Asynchronous signals are blocked on all threads of the library, so that
//!   those of the program receive them. A program started from a callback inherits that mask.
//!
//! unsafe: `std`'s spawn aborts the program when it cannot set up a thread's signal stack
//! (rust-lang/rust#78497), so threads are made with `pthread_create`.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;

// A model makes threads of its own.
#[cfg(all(test, loom))]
use crate::models::threads::pthread_create;
#[cfg(not(all(test, loom)))]
use libc::pthread_create;

use super::{EXHAUSTED, Job, NoThread};
use crate::sync::atomic::Ordering;
use crate::{bug, fork, slots, thread_name};

/// Enough for the deepest tree, and as much again for callbacks, where the system's default is small.
const SMALLEST_STACK: usize = 2 << 20;

/// Makes a thread of the library for this job.
pub(crate) fn hire(job: Job) -> Result<(), NoThread> {
    fork::prepare_for_it();
    let argument = Box::into_raw(Box::new(job));
    let created = without_signals(|| create(argument.cast()));
    if created {
        EXHAUSTED.store(false, Ordering::Relaxed);
        return Ok(());
    }
    // SAFETY: no thread was made, so the argument is still ours alone.
    drop(unsafe { Box::from_raw(argument) });
    Err(NoThread)
}

fn create(argument: *mut c_void) -> bool {
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the attributes are made before they are used, and destroyed after. The pointers are
    // valid, and the new thread alone takes the argument.
    unsafe {
        if libc::pthread_attr_init(attributes.as_mut_ptr()) != 0 {
            return false;
        }
        let attributes = attributes.assume_init_mut();
        libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED);
        let mut stack_size = 0;
        libc::pthread_attr_getstacksize(attributes, &mut stack_size);
        libc::pthread_attr_setstacksize(attributes, stack_size.max(SMALLEST_STACK));
        let error = pthread_create(thread.as_mut_ptr(), attributes, start, argument);
        libc::pthread_attr_destroy(attributes);
        error == 0
    }
}

/// Where a thread of the library begins.
extern "C" fn start(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the argument is the job that `hire` boxed for this thread.
    let job = unsafe { Box::from_raw(argument.cast::<Job>()) };
    thread_name::adopt();
    let _ = bug::contained(|| {
        slots::with_own(job);
        Ok(())
    });
    std::ptr::null_mut()
}

/// Lets the calling thread of the library sleep for less than the kernel's usual 50 µs of slack.
pub(crate) fn sleep_precisely() {
    const NANOSECONDS: libc::c_ulong = 1;
    // SAFETY: this call takes no pointer.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, NANOSECONDS) };
}

/// On how many processors the calling thread may run. (std also asks the control groups, for which
/// it opens files: a daemon that closes all descriptors at that moment would have one of its own
/// closed.)
pub(crate) fn cores() -> usize {
    // SAFETY: the kernel fills the set, and if it fails, the set is empty.
    let count = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        libc::CPU_COUNT(&set)
    };
    usize::try_from(count).unwrap_or(1).max(1)
}

/// Runs code with asynchronous signals blocked: a thread made in it inherits that (T2).
fn without_signals<T>(code: impl FnOnce() -> T) -> T {
    let mut before = MaybeUninit::uninit();
    let blocked = asynchronous_signals();
    // SAFETY: both sets are valid; the second is written by the first call, which cannot fail.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, before.as_mut_ptr()) };
    let value = code();
    // SAFETY: `before` was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    value
}

/// All signals but those that a thread causes itself by what it does.
fn asynchronous_signals() -> libc::sigset_t {
    const SYNCHRONOUS: [libc::c_int; 7] = [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGSYS,
        libc::SIGABRT,
    ];
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigfillset` writes the whole set before it is used.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for signal in SYNCHRONOUS {
            libc::sigdelset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}
