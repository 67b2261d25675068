//! The threads of the library: lent, parked, reused, let go.
//!
//! Invariants:
//! - **T1 one hand-over.** A parked worker is in `IDLE` until somebody takes it out, who then gives
//!   it a job; or it takes itself out, and ends.
//! - **T2 no signals.** Asynchronous signals are blocked on all threads of the library, so that
//!   those of the program receive them. A program started from a callback inherits that mask.
//! - **T3 failure is a value.** That no thread can be had is told to who asked, never a panic.
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

use crate::clock::{self, Duration};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, global};
use crate::{bug, fork, slots, thread_name};

/// What a thread is lent for.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// No thread could be had: `EAGAIN`.
#[derive(Debug)]
pub(crate) struct NoThread;

/// How long a thread without work is kept; in a model it leaves at once.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(if cfg!(loom) { 0 } else { 30 });

/// How long a thread is asked for again and again before that fails.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// Enough for the deepest tree, and as much again for callbacks, where the system's default is small.
const SMALLEST_STACK: usize = 2 << 20;

/// How long to wait before asking again for a thread that was denied.
const RETRY: Duration = Duration::from_millis(1);

global!(IDLE: Idle = Idle::new(Vec::new()));

// Whether a thread was asked for patiently, in vain, and none was to be had since.
global!(EXHAUSTED: AtomicBool = AtomicBool::new(false));

/// The parked workers, the warmest last.
type Idle = Mutex<Vec<Arc<Worker>>>;

pub(crate) struct Worker {
    job: Mutex<Option<Job>>,
    bell: Condvar,
}

/// Has a job done on a thread of the crew, a parked one if there is any.
pub(crate) fn lend(job: Job) -> Result<(), NoThread> {
    let idle = IDLE.lock().pop();
    match idle {
        Some(worker) => {
            worker.give(job);
            Ok(())
        }
        None => hire(Box::new(|| Worker::live(job))),
    }
}

/// Has so many jobs done, each on a thread of its own. If a thread is denied, tells how many it was
/// that could be had.
pub(crate) fn lend_all(count: usize, job: impl Fn() -> Job) -> Result<(), (usize, NoThread)> {
    let parked = {
        let mut idle = IDLE.lock();
        let rest = idle.len().saturating_sub(count);
        idle.split_off(rest)
    };
    parked.iter().rev().for_each(|worker| worker.give(job()));
    for lent in parked.len()..count {
        let job = job();
        hire(Box::new(|| Worker::live(job))).map_err(|denied| (lent, denied))?;
    }
    Ok(())
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

/// Asks for a thread again and again, for a bounded time; once only, if that was in vain before and no
/// thread could be had since: a tree of a thousand fan-outs is not to wait a thousand times.
pub(crate) fn patiently(mut ask: impl FnMut() -> Result<(), NoThread>) -> Result<(), NoThread> {
    let end = clock::now() + PATIENCE;
    while let Err(denied) = ask() {
        if EXHAUSTED.load(Ordering::Relaxed) || clock::now() >= end {
            EXHAUSTED.store(true, Ordering::Relaxed);
            return Err(denied);
        }
        clock::pause(RETRY);
    }
    Ok(())
}

impl Worker {
    /// The life of a crew's thread.
    ///
    /// The first job comes before anything else is made: a thread's first allocation costs it a cache of
    /// its own, and a callback that blocks for good shall not be charged for that.
    fn live(first: Job) {
        first();
        let worker = Arc::new(Worker {
            job: Mutex::new(None),
            bell: Condvar::new(),
        });
        let mut job = worker.park();
        while let Some(work) = job {
            work();
            job = worker.park();
        }
    }

    /// Waits among the parked workers for the next job.
    fn park(self: &Arc<Worker>) -> Option<Job> {
        IDLE.lock().push(self.clone());
        self.await_job()
    }

    fn give(&self, job: Job) {
        EXHAUSTED.store(false, Ordering::Relaxed);
        *self.job.lock() = Some(job);
        self.bell.notify_one();
    }

    /// Parks until there is a job, or until there was none for long (`None`: the thread is to end).
    fn await_job(self: &Arc<Worker>) -> Option<Job> {
        let leave_at = clock::now() + IDLE_TIME;
        let no_job = |job: &mut Option<Job>| job.is_none();
        let mut job = self
            .bell
            .wait_while_until(self.job.lock(), Some(leave_at), no_job);
        if job.is_none() && !self.resign() {
            job = self.bell.wait_while(job, no_job);
        }
        job.take()
    }

    /// Takes itself out of the parked workers. If somebody has done so already, a job is coming (T1).
    fn resign(self: &Arc<Worker>) -> bool {
        let mut idle = IDLE.lock();
        let place = idle.iter().position(|other| Arc::ptr_eq(other, self));
        place.map(|place| idle.remove(place)).is_some()
    }
}

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

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Vec<Arc<Worker>>>;

pub(crate) fn hold() -> Held {
    IDLE.lock()
}

/// In a child of `fork`: its crew is empty. The workers are the parent's, so they are not released.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::take(&mut *held));
}

#[cfg(all(test, loom))]
#[path = "models/crew.rs"]
mod models;
