//! A model of A1, with a mutant that it must catch.

use loom::thread;

use super::*;
use crate::base::sync::atomic::{AtomicUsize, Ordering};

/// Somebody asks for a second piece of work while the first may be being done, and waits.
fn asks_again(work: fn(&Deferred)) {
    loom::model(move || {
        let deferred = Deferred::new();
        let done = Arc::new(AtomicUsize::new(0));
        let job = |number: usize| -> Job {
            let done = done.clone();
            Box::new(move || done.store(number, Ordering::Relaxed))
        };
        assert!(deferred.begin(job(1)));
        let worker = thread::spawn({
            let deferred = deferred.clone();
            move || work(&deferred)
        });
        if deferred.begin(job(2)) {
            work(&deferred);
        }
        deferred.wait(None);
        assert_eq!(done.load(Ordering::Relaxed), 2);
        worker.join().unwrap();
    });
}

#[test]
fn a1_the_last_that_was_asked_for_is_done() {
    asks_again(Deferred::work);
}

#[test]
#[ignore = "a mutant"]
fn a1_mutant_is_idle_after_it_has_looked() {
    asks_again(|deferred| {
        while let Some(job) = { deferred.state.lock().next.take() } {
            job();
        }
        deferred.state.lock().is_busy = false;
        deferred.bell.notify_all();
    });
}
