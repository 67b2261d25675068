//! The threads of a run: real ones, of which one goes on at a time. They are kept for further runs, and for a while after these.

use super::parker::Parker;
use super::schedule::Id;
use super::world;
use crate::base::bug;
use crate::base::clock::Duration;
use crate::base::error::Error;
use crate::base::sync::notes::{AtomicBool, AtomicI32, Ordering};
use crate::base::sync::{Arc, Mutex};
use crate::base::world::Job;
use crate::engine::config::Config;
use crate::engine::crew::{self, NoThread};
use crate::engine::frames;

/// Whether the process is there for runs only. Then they are kept until it ends, and wait without a timer.
static ARE_KEPT: AtomicBool = AtomicBool::new(false);

/// Keeps all for as long as the process is there.
pub(super) fn keep_all() {
    ARE_KEPT.store(true, Ordering::Relaxed);
}

pub(super) struct Worker {
    pub(super) parker: Parker,
    job: Mutex<Option<Assigned>>,
    /// The kernel's number of it.
    thread: AtomicI32,
}

/// What it is to do, as which thread of which run.
pub(super) struct Assigned {
    run: u64,
    id: Id,
    job: Job,
}

impl Worker {
    pub(super) fn new() -> Worker {
        Worker {
            parker: Parker::new(),
            job: Mutex::new(None),
            thread: AtomicI32::new(0),
        }
    }

    /// Returns when it is there, and the program's code for the beginning of a thread has run.
    pub(super) fn hire() -> Result<Arc<Worker>, NoThread> {
        let worker = Arc::new(Worker::new());
        let arrived = Arc::new(Parker::new());
        let (there, tells) = (worker.clone(), arrived.clone());
        crew::hire(Box::new(move |config| {
            there.note_thread(frames::this_thread());
            tells.let_go();
            drop(tells);
            there.live(config);
        }))?;
        arrived.stop();
        Ok(worker)
    }

    /// What it is to do when it is let go.
    pub(super) fn assign(&self, run: u64, id: Id, job: Job) {
        *self.job.lock() = Some(Assigned { run, id, job });
    }

    /// What it has not begun is done by another one.
    pub(super) fn resign_job(&self) -> Option<Assigned> {
        self.job.lock().take()
    }

    /// It is that thread of the kernel's.
    pub(super) fn note_thread(&self, thread: i32) {
        self.thread.store(thread, Ordering::Relaxed);
    }

    /// The kernel's number of it.
    pub(super) fn thread(&self) -> i32 {
        self.thread.load(Ordering::Relaxed)
    }

    fn live(self: &Arc<Worker>, config: &Config) {
        while self.await_job(config) {
            let mut assigned = self.resign_job();
            while let Some(next) = assigned {
                assigned = self.run(next);
            }
        }
    }

    /// Whether there is one; else it was idle for so long that it ends.
    fn await_job(self: &Arc<Worker>, config: &Config) -> bool {
        let most = u64::try_from(config.idle_timeout_ns).map(Duration::from_nanos);
        let Some(most) = most.ok().filter(|_| !ARE_KEPT.load(Ordering::Relaxed)) else {
            self.parker.stop();
            return true;
        };
        while !self.parker.stop_for(most) {
            if world::resign(self) {
                return false;
            }
        }
        true
    }

    fn run(self: &Arc<Worker>, assigned: Assigned) -> Option<Assigned> {
        let Assigned { run, id, job } = assigned;
        world::arrive(run, id);
        let mut bug: Option<Error> = None;
        crate::base::world::inside(|| {
            let done = bug::contained(|| {
                job();
                Ok(())
            });
            bug = done.err();
            world::leave(self, bug.take())
        })
    }
}
