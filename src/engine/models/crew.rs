//! Models of T1, with mutants that they must catch.

use loom::thread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::base::models::{explore, threads};
use crate::engine::slots;

type Give = fn(&Worker, Loan);

fn on_own_terms(job: Job) -> Loan {
    let (errand, terms) = (Errand::Job(job), Terms::OWN);
    Loan { errand, terms }
}

/// A thread that is parked until it has had one job.
pub(crate) fn park_for_one_job() -> thread::JoinHandle<()> {
    let worker = Arc::new(Worker {
        config: Config {
            idle_timeout_ns: -1,
            ..Config::DEFAULT
        },
        job: HandOver::new(),
    });
    IDLE.lock().push(worker.clone());
    thread::spawn(move || {
        slots::with_own(|| {
            worker
                .await_job()
                .map_or((), |loan| loan.run(&mut Terms::OWN.clone()))
        });
    })
}

/// A worker's idle time is up while somebody lends it. Whoever has taken it out of the parked ones
/// gives it a job, and that job must be done.
fn leaving_races_with_lending(leave: fn(&Arc<Worker>) -> Option<Loan>, give: Give) {
    loom::model(move || {
        let worker = Arc::new(Worker {
            config: Config::DEFAULT,
            job: HandOver::new(),
        });
        let done = Arc::new(AtomicBool::new(false));
        IDLE.lock().push(worker.clone());
        let idle = thread::spawn(move || leave(&worker).map_or((), |loan| loan.errand.run()));
        let taken = IDLE.lock().pop();
        let lent = taken.is_some();
        if let Some(worker) = taken {
            let done = done.clone();
            give(
                &worker,
                on_own_terms(Box::new(move || done.store(true, Ordering::Relaxed))),
            );
        }
        idle.join().unwrap();
        assert_eq!(done.load(Ordering::Relaxed), lent);
    });
}

#[test]
fn t1_a_job_that_was_handed_over_is_done() {
    leaving_races_with_lending(Worker::await_job, Worker::give);
}

#[test]
#[ignore = "a mutant"]
fn t1_mutant_leaves_without_asking() {
    let leave = |worker: &Arc<Worker>| {
        worker.resign();
        None
    };
    leaving_races_with_lending(leave, Worker::give);
}

type LendAll = fn(usize, &dyn Fn() -> Job) -> Result<(), (usize, NoThread)>;

/// Two callers lend threads while the only one there is parks, and leaves. Each job must be done.
fn callers_lend(lend_all: LendAll) {
    explore(2, move || {
        let done = Arc::new(AtomicUsize::new(0));
        let job = {
            let done = done.clone();
            move || -> Job {
                let done = done.clone();
                Box::new(move || {
                    done.fetch_add(1, Ordering::Relaxed);
                })
            }
        };
        lend(job()).expect("there are threads");
        let other = {
            let job = job.clone();
            thread::spawn(move || lend_all(1, &job).expect("there are threads"))
        };
        lend_all(1, &job).expect("there are threads");
        other.join().unwrap();
        threads::join();
        assert_eq!(done.load(Ordering::Relaxed), 3);
        assert!(IDLE.lock().is_empty());
    });
}

#[test]
fn t1_each_job_has_a_thread_of_its_own() {
    callers_lend(|count, job| {
        super::lend_all(&Lender::process(), count, lend_for, || Errand::Job(job()))
    });
}

#[test]
#[ignore = "a mutant"]
fn t1_mutant_lends_without_taking_out() {
    callers_lend(|count, job| {
        let parked: Vec<_> = IDLE.lock().iter().take(count).cloned().collect();
        parked
            .iter()
            .for_each(|worker| worker.give(on_own_terms(job())));
        super::lend_all(&Lender::process(), count - parked.len(), lend_for, || {
            Errand::Job(job())
        })
    });
}
