//! The threads of the library: lent, parked, reused, let go.
//!
//! Invariants:
//! - **T1 one hand-over.** A parked worker is in `IDLE` until somebody takes it out, who then gives
//!   it a job; or it takes itself out, and ends. So does one that has no job, if enough are parked.
//! - **T3 failure is a value.** That no thread can be had is told to who asked, never a panic.

mod thread;

use crate::clock::{self, Duration};
use crate::config::Config;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, global};

pub(crate) use thread::{SMALLEST, cores, hire, sleep_precisely};

/// What a thread is lent for.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// No thread could be had: `EAGAIN`.
#[derive(Debug)]
pub(crate) struct NoThread;

/// How long a thread is asked for again and again before that fails.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// How long to wait before asking again for a thread that was denied.
const RETRY: Duration = Duration::from_millis(1);

global!(IDLE: Idle = Idle::new(Vec::new()));

// Whether a thread was asked for patiently, in vain, and none was to be had since.
global!(EXHAUSTED: AtomicBool = AtomicBool::new(false));

/// The parked workers, the warmest last.
type Idle = Mutex<Vec<Arc<Worker>>>;

pub(crate) struct Worker {
    config: Config,
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
        None => hire(Box::new(|config| Worker::live(job, config))),
    }
}

/// Has so many jobs done, each on a thread of its own. If a thread is denied, tells how many it was
/// that could be had.
pub(crate) fn lend_all(count: usize, job: impl Fn() -> Job) -> Result<(), (usize, NoThread)> {
    (0..count).try_for_each(|lent| lend(job()).map_err(|denied| (lent, denied)))
}

/// How many threads wait for a job.
pub(crate) fn parked() -> usize {
    IDLE.lock().len()
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
    fn live(first: Job, config: &Config) {
        first();
        let worker = Arc::new(Worker {
            config: *config,
            job: Mutex::new(None),
            bell: Condvar::new(),
        });
        let mut job = worker.park();
        while let Some(work) = job {
            work();
            job = worker.park();
        }
    }

    /// Waits among the parked workers, if there is room, for the next job.
    fn park(self: &Arc<Worker>) -> Option<Job> {
        self.join_parked().then(|| self.await_job()).flatten()
    }

    fn join_parked(self: &Arc<Worker>) -> bool {
        let mut idle = IDLE.lock();
        let is_room = idle.len() < self.config.max_idle;
        if is_room {
            idle.push(self.clone());
        }
        is_room
    }

    fn give(&self, job: Job) {
        EXHAUSTED.store(false, Ordering::Relaxed);
        *self.job.lock() = Some(job);
        self.bell.notify_one();
    }

    /// Parks until there is a job, or until there was none for long (`None`: the thread is to end).
    fn await_job(self: &Arc<Worker>) -> Option<Job> {
        let leave_at = clock::deadline(self.config.idle_timeout_ns);
        let no_job = |job: &mut Option<Job>| job.is_none();
        let mut job = self
            .bell
            .wait_while_until(self.job.lock(), leave_at, no_job);
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
#[path = "../models/crew.rs"]
mod models;
