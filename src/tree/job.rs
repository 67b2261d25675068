//! A process that runs without blocking who started it.
//!
//! Invariants:
//! - **J1 complete means ended.** A job is complete when its process has returned, and nothing of the
//!   program's is held for it any more but what it returned.
//! - **J2 told, then joined.** Who asked to be told of it is told once, after that, and no join returns
//!   before that has.
//! - **J3 not from inside.** What is a part of a job, and who is told of it, cannot wait for it to end (`activity`);
//!   nor can what the job itself waits for (`wait_graph`).
//! - **J4 joined means closed.** No join returns before the job's descriptor is closed: the thread that ran
//!   the job may hold it for a moment longer than its owner.
//! - **J5 not in a child.** In a child of `fork` nobody runs a job of its parent's, and nothing of it but the
//!   generation is looked at there: another thread may have been inside.

use std::io;
use std::mem;
use std::os::fd::RawFd;

use crate::base::bug;
use crate::base::clock::Instant;
use crate::base::common::Common;
use crate::base::error::{Error, Outcome};
use crate::base::events::{self, Origin};
use crate::base::generation;
use crate::base::in_place;
use crate::base::race_detector;
use crate::base::sync::notes::{AtomicBool, Ordering};
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::base::user_data::Notice;
use crate::engine::crew::{self, Errand, Lender, NoThread, Run};
use crate::engine::frames::What;
use crate::engine::leaf::Waiting;
use crate::engine::start_site::JobSite;
use crate::engine::waiting;
use crate::scope::activity;
use crate::scope::cancel::Cancel;
use crate::scope::readiness::Expected;
use crate::scope::ready_fd::ReadyFd;
use crate::scope::task_run::TaskRun;
use crate::scope::wait_graph::{self, Awaited};
use crate::tree::completion_queue::{self, Untold};
use crate::tree::process::{self, Process};

pub(crate) struct Job {
    activity: activity::Id,
    /// Where it was started.
    origin: Origin,
    /// Of the process that runs it (J5).
    generation: u32,
    /// Said before anybody has the job but who starts it.
    was_denied: AtomicBool,
    state: Mutex<State>,
    /// Rung at each change of the progress.
    bell: Condvar,
}

struct State {
    progress: Progress,
    /// Until it is known who does it.
    work: Option<Work>,
    /// What the process returned, from when the job is complete until it is joined.
    outcome: Option<Outcome>,
    fd: ReadyFd,
}

enum Progress {
    Running,
    /// It is complete, and nobody has begun to tell of it.
    Untold(Option<Notice>),
    /// It is complete, and somebody tells of it.
    Telling,
    Over,
}

/// Why a job cannot be joined.
pub(crate) enum Refused {
    /// The caller is inside of it (J3). It can still be joined.
    Inside,
    /// It is the parent process's (J5).
    Inherited,
}

/// What is to be done.
pub(crate) struct Work {
    pub(crate) process: Process,
    pub(crate) cancel: Option<Cancel>,
    /// The task that it is in.
    pub(crate) task: Option<Common<TaskRun>>,
    pub(crate) start_site: JobSite,
    /// Its services.
    pub(crate) expected: Expected,
    pub(crate) on_done: Option<Notice>,
}

impl Job {
    /// Starts work on a thread of the library. If there is none to be had, that is the outcome, and
    /// the calling thread tells of it.
    pub(crate) fn start(work: Work) -> Arc<Job> {
        let origin = events::origin(work.task.as_deref());
        let job = in_place::arc(|| Job::new(origin, Some(work)));
        race_detector::release(&raw const job.activity);
        let lent = crew::lend_for(&Lender::caller(), Errand::Run(job.clone()));
        if let Err(NoThread) = lent {
            let work = job.take_work();
            job.deny(work);
        }
        job
    }

    #[inline(always)] // So that it is made in place.
    fn new(origin: Origin, work: Option<Work>) -> Job {
        Job {
            activity: activity::new_id(),
            origin,
            generation: generation::current(),
            was_denied: AtomicBool::new(false),
            state: Mutex::new(State {
                progress: Progress::Running,
                work,
                outcome: None,
                fd: ReadyFd::default(),
            }),
            bell: Condvar::new(),
        }
    }

    /// The lock is let go of before it is done.
    fn take_work(&self) -> Option<Work> {
        self.state.lock().work.take()
    }

    fn deny(self: &Arc<Job>, work: Option<Work>) {
        let Some(work) = work else { return };
        self.was_denied.store(true, Ordering::Relaxed);
        let on_done = work.on_done;
        let denied = Error::new(libc::EAGAIN, "proc_start: no thread could be had to run it");
        let outcome = Err(work.process.not_started(denied));
        activity::inside(self.activity, || drop(work)); // J1
        self.advance(Progress::Untold(on_done), Some(outcome));
        completion_queue::now_or_later(self.clone());
    }

    fn tell(&self, on_done: Option<Notice>) {
        if let Some(on_done) = on_done {
            activity::inside(self.activity, || on_done.give());
        }
        self.advance(Progress::Over, None);
    }

    fn advance(&self, progress: Progress, outcome: Option<Outcome>) {
        race_detector::release(&raw const self.bell);
        let mut state = self.state.lock();
        state.progress = progress;
        if outcome.is_some() {
            state.outcome = outcome;
            state.fd.set_ready();
        }
        drop(state); // Who is woken takes the lock.
        self.bell.notify_all();
    }

    /// A descriptor that is readable once the job is complete, made when somebody first asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        if self.is_inherited() {
            return Err(io::Error::from_raw_os_error(libc::EOWNERDEAD));
        }
        let mut state = self.state.lock();
        let complete = state.is_complete();
        state.fd.lent(complete)
    }

    /// Blocks until the job is complete (true) or until the deadline, if there is one (false). What is
    /// inside of the job does not block (J3). `None`: it is the parent process's (J5).
    pub(crate) fn wait(self: &Arc<Job>, deadline: Option<Instant>) -> Option<bool> {
        if self.is_inherited() {
            return None;
        }
        let may_block = !self.is_around_the_caller();
        let is_endless = may_block && deadline.is_none();
        let ring = is_endless.then(|| wait_graph::begin(self.activity, || self.clone() as _));
        let is_refused = || ring.as_ref().is_some_and(|ring| ring.is_refused());
        let running = |state: &mut State| may_block && !state.is_complete() && !is_refused();
        let state = waiting::during(Waiting::JobWait, || {
            let mut state = self.state.lock();
            let _asleep = events::asleep(running(&mut state), deadline);
            self.bell.wait_while_asked(state, deadline, running)
        });
        let is_complete = state.is_complete();
        drop(state);
        if is_complete {
            race_detector::acquire(&raw const self.bell);
        }
        Some(is_complete)
    }

    /// Blocks until the job is over, and returns what its process returned.
    pub(crate) fn join(self: &Arc<Job>) -> Result<Outcome, Refused> {
        if self.is_inherited() {
            return Err(Refused::Inherited);
        }
        if self.is_around_the_caller() {
            return Err(Refused::Inside);
        }
        if self.was_denied.load(Ordering::Relaxed) {
            // Who was to tell of it may be waiting for the caller.
            completion_queue::outermost(|| self.tell_if_untold());
        }
        let mut state = self.await_end()?;
        race_detector::acquire(&raw const self.bell);
        drop(mem::take(&mut state.fd)); // J4
        state.outcome.take().ok_or(Refused::Inside)
    }

    /// Blocks until the job is over, unless that would be for ever (J3).
    fn await_end(self: &Arc<Job>) -> Result<MutexGuard<'_, State>, Refused> {
        let ring = wait_graph::begin(self.activity, || self.clone() as _);
        let goes_on = |state: &mut State| !state.is_over() && !ring.is_refused();
        let state = waiting::during(Waiting::JobJoin, || {
            let mut state = self.state.lock();
            let _asleep = events::asleep(goes_on(&mut state), None);
            self.bell.wait_while(state, goes_on)
        });
        if state.is_over() {
            Ok(state)
        } else {
            Err(Refused::Inside)
        }
    }

    /// Whether the calling thread is a part of the job, or tells of it (J3).
    pub(crate) fn is_around_the_caller(&self) -> bool {
        activity::is_inside(self.activity) && !self.is_inherited()
    }

    fn is_inherited(&self) -> bool {
        self.generation != generation::current()
    }
}

fn run_process(work: &Work) -> Outcome {
    let (cancel, task) = (work.cancel.as_ref(), work.task.as_ref());
    let tree = work.expected.tree();
    let what = What::Job(&work.start_site);
    process::run_as(what, &work.process, cancel, task, tree)
}

impl State {
    fn is_complete(&self) -> bool {
        !matches!(self.progress, Progress::Running)
    }

    fn is_over(&self) -> bool {
        matches!(self.progress, Progress::Over)
    }
}

impl Run for Job {
    fn run(&self) {
        let Some(work) = self.take_work() else { return };
        race_detector::acquire(&raw const self.activity);
        let on_done = work.on_done;
        let outcome = activity::inside(self.activity, || {
            events::arrive(self.origin, work.task.as_deref());
            let outcome = bug::contained(|| run_process(&work));
            drop(work); // J1
            outcome
        });
        completion_queue::outermost(|| {
            if on_done.is_none() {
                // Nobody is to be told, so who waits is rung once.
                return self.advance(Progress::Over, Some(outcome));
            }
            self.advance(Progress::Telling, Some(outcome));
            self.tell(on_done);
        });
    }
}

impl Untold for Job {
    /// J2.
    fn tell_if_untold(&self) {
        let on_done = {
            let mut state = self.state.lock();
            let Progress::Untold(on_done) = state.progress else {
                return;
            };
            state.progress = Progress::Telling;
            on_done
        };
        race_detector::acquire(&raw const self.bell);
        self.tell(on_done);
    }
}

impl Awaited for Job {
    fn ring(&self) {
        let _state = self.state.lock();
        self.bell.notify_all();
    }
}

#[cfg(all(test, loom))]
#[path = "models/job.rs"]
mod models;
