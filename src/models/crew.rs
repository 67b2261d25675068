//! A model of T1, with a mutant that it must catch.

use loom::thread;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A worker's idle time is up while somebody lends it. Whoever has taken it out of the parked ones
/// gives it a job, and that job must be done.
fn leaving_races_with_lending(leave: fn(&Arc<Worker>) -> Option<Job>) {
    loom::model(move || {
        let worker = Arc::new(Worker {
            job: Mutex::new(None),
            bell: Condvar::new(),
        });
        let done = Arc::new(AtomicBool::new(false));
        IDLE.lock().push(worker.clone());
        let idle = thread::spawn(move || leave(&worker).map_or((), |job| job()));
        let taken = IDLE.lock().pop();
        let lent = taken.is_some();
        if let Some(worker) = taken {
            let done = done.clone();
            worker.give(Box::new(move || done.store(true, Ordering::Relaxed)));
        }
        idle.join().unwrap();
        assert_eq!(done.load(Ordering::Relaxed), lent);
    });
}

#[test]
fn t1_a_job_that_was_handed_over_is_done() {
    leaving_races_with_lending(|worker| match worker.resign() {
        true => None,
        false => worker.await_job(),
    });
}

#[test]
#[ignore = "a mutant"]
fn t1_mutant_leaves_without_asking() {
    leaving_races_with_lending(|worker| {
        worker.resign();
        None
    });
}
