//! A process that runs without blocking who started it.
//!
//! Invariants:
//! - **J1 complete means ended.** A job is complete when its process has returned, and nothing of the
//!   program's is held for it any more but what it returned.
//! - **J2 told, then joined.** Who asked to be told of it is told once, after that, and no join returns
//!   before that has.
//! - **J3 not from inside.** What is a part of a job, and who is told of it, cannot wait for it to end.
//! - **J4 joined means closed.** No join returns before the job's descriptor is closed: the thread that ran
//!   the job may hold it for a moment longer than its owner.

use std::io;
use std::mem;
use std::os::fd::RawFd;

use crate::bug;
use crate::callback::Notice;
use crate::cancel::Cancel;
use crate::clock::Instant;
use crate::crew::{self, NoThread};
use crate::error::{Error, Outcome};
use crate::frames::{self, JobId, PartOf, Waiting};
use crate::process::{self, Process};
use crate::readiness::Expected;
use crate::ready_fd::ReadyFd;
use crate::sync::notes::{AtomicU64, Ordering};
use crate::sync::{Arc, Condvar, Mutex, ThreadId};
use crate::task_run::TaskRun;
use crate::trace::{self, Origin};

pub(crate) struct Job {
    id: JobId,
    state: Mutex<State>,
    /// Rung at each change of the progress.
    bell: Condvar,
}

struct State {
    progress: Progress,
    /// What the process returned, from when the job is complete until it is joined.
    outcome: Option<Outcome>,
    fd: ReadyFd,
}

#[derive(PartialEq)]
enum Progress {
    Running,
    /// It is complete, and that thread tells of it.
    Telling(ThreadId),
    Over,
}

/// What is to be done.
pub(crate) struct Work {
    pub(crate) process: Process,
    pub(crate) cancel: Option<Cancel>,
    /// The task that it is in.
    pub(crate) task: Option<Arc<TaskRun>>,
    /// Its services.
    pub(crate) expected: Expected,
    pub(crate) on_done: Option<Notice>,
}

/// The number of jobs so far, which is the last one's id.
static STARTED: AtomicU64 = AtomicU64::new(0);

impl Job {
    /// Starts work on a thread of the library. If there is none to be had, that is the outcome, and
    /// the calling thread tells of it.
    pub(crate) fn start(work: Work) -> Arc<Job> {
        let job = Arc::new(Job {
            id: STARTED.fetch_add(1, Ordering::Relaxed) + 1,
            state: Mutex::new(State {
                progress: Progress::Running,
                outcome: None,
                fd: ReadyFd::default(),
            }),
            bell: Condvar::new(),
        });
        let origin = trace::origin(work.task.as_deref());
        // The work is shared until it is known who does it.
        let work = Arc::new(Mutex::new(Some(work)));
        let lent = crew::lend(Box::new({
            let (job, work) = (job.clone(), work.clone());
            move || job.run(work.lock().take(), origin)
        }));
        if let Err(NoThread) = lent {
            job.deny(work.lock().take());
        }
        job
    }

    fn run(&self, work: Option<Work>, origin: Origin) {
        let Some(work) = work else { return };
        trace::arrive(origin, work.task.as_deref());
        let outcome = bug::contained(|| self.run_process(&work));
        self.complete(outcome, work);
    }

    fn run_process(&self, work: &Work) -> Outcome {
        let (cancel, task) = (work.cancel.clone(), work.task.as_ref());
        let part_of = PartOf {
            job: self.id,
            tree: work.expected.tree(),
        };
        process::run_as("proc_start", &work.process, cancel, task, part_of)
    }

    fn deny(&self, work: Option<Work>) {
        let Some(work) = work else { return };
        let denied = Error::new(libc::EAGAIN, "proc_start: no thread could be had to run it");
        let outcome = Err(work.process.not_started(denied));
        self.complete(outcome, work);
    }

    /// Lets go of the work (J1), and tells of it (J2).
    fn complete(&self, outcome: Outcome, work: Work) {
        let on_done = work.on_done;
        drop((work.process, work.cancel, work.task, work.expected));
        self.advance(Progress::Telling(ThreadId::current()), Some(outcome));
        if let Some(on_done) = on_done {
            on_done.give(None);
        }
        self.advance(Progress::Over, None);
    }

    fn advance(&self, progress: Progress, outcome: Option<Outcome>) {
        let mut state = self.state.lock();
        state.progress = progress;
        if outcome.is_some() {
            state.outcome = outcome;
            state.fd.set_ready();
        }
        self.bell.notify_all();
    }

    /// A descriptor that is readable once the job is complete, made when somebody first asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        let mut state = self.state.lock();
        let complete = state.progress != Progress::Running;
        state.fd.get(complete)
    }

    /// Blocks until the job is complete (true) or until the deadline, if there is one (false). What is a
    /// part of the job does not block (J3).
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let may_block = !self.has_the_caller();
        let running = |state: &mut State| may_block && state.progress == Progress::Running;
        let state = frames::while_waiting(Waiting::JobWait, || {
            self.bell
                .wait_while_until(self.state.lock(), deadline, running)
        });
        state.progress != Progress::Running
    }

    /// Blocks until the job is over, and returns what its process returned; `None` to who is a part of it
    /// (J3).
    pub(crate) fn join(&self) -> Option<Outcome> {
        if self.is_around_the_caller() {
            return None;
        }
        let goes_on = |state: &mut State| state.progress != Progress::Over;
        let mut state = frames::while_waiting(Waiting::JobJoin, || {
            self.bell.wait_while(self.state.lock(), goes_on)
        });
        drop(mem::take(&mut state.fd)); // J4
        state.outcome.take()
    }

    /// Whether the calling thread runs a callback that is a part of the job, or tells of it (J3).
    pub(crate) fn is_around_the_caller(&self) -> bool {
        let tells = self.state.lock().progress == Progress::Telling(ThreadId::current());
        tells || self.has_the_caller()
    }

    /// Whether the calling thread runs a callback that is a part of the job.
    fn has_the_caller(&self) -> bool {
        frames::with_current(|current| {
            current.is_some_and(|current| current.part_of.job == self.id)
        })
    }
}

#[cfg(all(test, loom))]
#[path = "models/job.rs"]
mod models;
