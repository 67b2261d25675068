//! The threads of the library: lent, parked, reused, let go.
//!
//! Invariants:
//! - **T1 one hand-over.** A parked worker is in `IDLE` until somebody takes it out, who then gives
//!   it a job; or it takes itself out, and ends. So does one that has no job, if enough are parked.
//! - **T3 failure is a value.** That no thread can be had is told to who asked, never a panic.
//!
//! unsafe: what a worker is given is handed over without a lock. T1 is what makes that sound: it is given by who has taken the worker out, and
//! nobody finds it before it has taken that, and is parked again.
#![allow(unsafe_code)]

mod due;
mod patience;
mod thread;

use crate::base::clock;
use crate::base::counts::{self, Counted};
use crate::base::race_detector::Unseen;
use crate::base::sync::hand_over::HandOver;
use crate::base::sync::spin_lock::{BriefGuard, BriefLock};
use crate::base::sync::{Arc, global};
use crate::base::world::{self, World};
use crate::engine::backlog::Backlog;
use crate::engine::config::Config;
use crate::engine::terms::Terms;

pub(crate) use due::{Due, ask_again, hand_over};
pub(crate) use patience::patiently;
pub(crate) use thread::{HasHeirs, Life, SMALLEST, hire, renew};

/// What a thread is lent for.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// The same, of what is there anyhow: then it takes no memory of its own.
pub(crate) enum Errand {
    Job(Job),
    Run(Arc<dyn Run>),
    Help(Arc<dyn Backlog>, fn(&dyn Backlog)),
}

/// What can be run by who holds it.
pub(crate) trait Run: Send + Sync {
    fn run(&self);
}

/// How a thread is had for an errand.
pub(crate) type Lend = fn(&Lender, Errand) -> Result<(), NoThread>;

/// No thread could be had: `EAGAIN`.
#[derive(Debug)]
pub(crate) struct NoThread;

// The parked workers, the warmest last. Their lock is given back by no locked instruction.
global!(IDLE: BriefLock<Vec<Arc<Worker>>> = BriefLock::new(Vec::new()));

pub(crate) struct Worker {
    config: Config,
    job: HandOver<Loan>,
}

/// What a thread is lent for, and on which terms.
struct Loan {
    errand: Errand,
    terms: Terms,
}

/// On which terms threads are lent.
pub(crate) struct Lender {
    /// Those of whom it is done for.
    terms: Terms,
    /// Those of the calling thread, which a thread inherits that it makes.
    here: Terms,
}

impl Lender {
    /// For the library's own work.
    pub(super) fn process() -> Lender {
        Lender::of(Terms::OWN, Terms::of_the_caller())
    }

    /// For work that the calling thread has others do.
    pub(crate) fn caller() -> Lender {
        if world::is_here() {
            return Lender::of(Terms::OWN, Terms::OWN); // It lends none of those threads.
        }
        let here = Terms::of_the_caller();
        Lender::of(here.clone(), here)
    }

    /// For work of another thread on those terms, when the calling thread's are known.
    pub(super) fn of(terms: Terms, here: Terms) -> Lender {
        Lender { terms, here }
    }
}

/// Has the library's own work done on a thread of the crew.
pub(crate) fn lend(job: Job) -> Result<(), NoThread> {
    lend_for(&Lender::process(), Errand::Job(job))
}

/// Has something done on a thread of the crew, a parked one if there is any.
pub(crate) fn lend_for(lender: &Lender, errand: Errand) -> Result<(), NoThread> {
    if let Some(world) = world::here() {
        return lend_in(world, Box::new(|| errand.run()));
    }
    let terms = lender.terms.clone();
    let loan = Loan { errand, terms };
    let Some(loan) = lend_parked(loan) else {
        return Ok(());
    };
    let here = lender.here.clone();
    hire(Box::new(|config| Worker::live(loan, here, config)))
}

/// The same in a simulation, which has threads of its own.
#[cold]
pub(super) fn lend_in(world: &dyn World, job: Job) -> Result<(), NoThread> {
    world.lend(job).map_err(|_| {
        counts::count_elsewhere(Counted::ThreadsDenied);
        NoThread
    })
}

/// Has a job done on a parked thread, also if none can be made.
pub(super) fn lend_without_hiring(job: Job) -> Result<(), NoThread> {
    let (errand, terms) = (Errand::Job(job), Terms::OWN);
    lend_parked(Loan { errand, terms }).map_or(Ok(()), |_| Err(NoThread))
}

/// The same, for work on those terms.
pub(crate) fn lend_parked_for(lender: &Lender, errand: Errand) -> Result<(), NoThread> {
    let terms = lender.terms.clone();
    lend_parked(Loan { errand, terms }).map_or(Ok(()), |_| Err(NoThread))
}

/// Gives it back if no thread is parked.
fn lend_parked(loan: Loan) -> Option<Loan> {
    if world::is_here() {
        return Some(loan); // Those are not in the simulation.
    }
    let idle = IDLE.lock().pop();
    match idle {
        Some(worker) => {
            worker.give(loan);
            None
        }
        None => Some(loan),
    }
}

/// Has so many errands done, each on a thread of its own. If a thread is denied, tells how many it was
/// that could be had.
pub(super) fn lend_all(
    lender: &Lender,
    count: usize,
    lend: Lend,
    errand: impl Fn() -> Errand,
) -> Result<(), (usize, NoThread)> {
    (0..count).try_for_each(|lent| lend(lender, errand()).map_err(|denied| (lent, denied)))
}

/// How many threads wait for a job.
pub(crate) fn parked() -> usize {
    if world::is_here() {
        return 0;
    }
    IDLE.lock().len()
}

impl Worker {
    /// The life of a crew's thread.
    ///
    /// The first job comes before anything else is made: a thread's first allocation costs it a cache of
    /// its own, and a callback that blocks for good shall not be charged for that.
    fn live(first: Loan, mut here: Terms, config: &Config) {
        first.run(&mut here);
        let worker = Arc::new(Worker {
            config: *config,
            job: HandOver::new(),
        });
        while let Some(loan) = worker.park(&mut here) {
            loan.run(&mut here);
        }
    }

    /// Does what is due (T4), and waits among the parked workers, if there is room, for the next job. A thread that cannot become as urgent
    /// again as the others is of no use to them (T8).
    fn park(self: &Arc<Worker>, here: &mut Terms) -> Option<Loan> {
        due::do_all();
        if !here.is_as_urgent() {
            here.change_to(Terms::OWN);
        }
        let stays = here.is_as_urgent() && self.join_parked();
        stays.then(|| self.await_job()).flatten()
    }

    fn join_parked(self: &Arc<Worker>) -> bool {
        let mut idle = IDLE.lock();
        let is_room = idle.len() < self.config.max_idle;
        if is_room {
            let _unseen = Unseen::default(); // Calls of the C library move the others.
            idle.push(self.clone());
        }
        is_room
    }

    fn give(&self, loan: Loan) {
        patience::restore();
        // SAFETY: the caller has taken it out (T1).
        unsafe { self.job.give(loan) };
    }

    /// Parks until there is a job, or until there was none for long (`None`: the thread is to end).
    fn await_job(self: &Arc<Worker>) -> Option<Loan> {
        let leave_at = clock::deadline(self.config.idle_timeout_ns);
        // SAFETY: this is the worker's thread, and it is among the parked ones, or was taken out (T1).
        let job = unsafe { self.job.take(leave_at) };
        if job.is_none() && !self.resign() {
            // SAFETY: as above.
            return unsafe { self.job.take(None) };
        }
        job
    }

    /// Takes itself out of the parked workers. If somebody has done so already, a job is coming (T1).
    fn resign(self: &Arc<Worker>) -> bool {
        let mut idle = IDLE.lock();
        let _unseen = Unseen::default(); // As above.
        let place = idle.iter().position(|other| Arc::ptr_eq(other, self));
        place.map(|place| idle.remove(place)).is_some()
    }
}

impl Loan {
    /// Does it on the calling thread of the crew, which has such terms at this moment (T8).
    fn run(self, here: &mut Terms) {
        here.change_to(self.terms);
        self.errand.run();
    }
}

impl Errand {
    fn run(self) {
        match self {
            Errand::Job(job) => job(),
            Errand::Run(what) => what.run(),
            Errand::Help(backlog, help) => help(&*backlog),
        }
    }
}

/// A run of a simulation begins, in which nothing is due.
pub(crate) fn begin_world() {
    due::begin_world();
    patience::begin_world();
}

/// The locks of this room, held across a `fork`.
pub(crate) type Held = (BriefGuard<'static, Vec<Arc<Worker>>>, due::Held);

pub(crate) fn hold() -> Held {
    (IDLE.lock(), due::hold())
}

/// In a child of `fork`: its crew is empty. The workers are the parent's, so they are not released.
pub(crate) fn forget((mut idle, due): Held) {
    std::mem::forget(std::mem::take(&mut *idle));
    due::forget(due);
}

#[cfg(all(test, loom))]
#[path = "../models/crew.rs"]
mod models;

#[cfg(all(test, loom))]
pub(super) use models::park_for_one_job;
