//! A model of A1, with a mutant that it must catch.

use loom::thread;

use super::*;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// Somebody asks for a second piece of work while the first may be being done, and waits.
fn asks_again(work: fn(&Aside)) {
    loom::model(move || {
        let aside = Aside::new();
        let done = Arc::new(AtomicUsize::new(0));
        let job = |number: usize| -> Job {
            let done = done.clone();
            Box::new(move || done.store(number, Ordering::Relaxed))
        };
        assert!(aside.begin(job(1)));
        let worker = thread::spawn({
            let aside = aside.clone();
            move || work(&aside)
        });
        if aside.begin(job(2)) {
            work(&aside);
        }
        aside.wait(None);
        assert_eq!(done.load(Ordering::Relaxed), 2);
        worker.join().unwrap();
    });
}

#[test]
fn a1_the_last_that_was_asked_for_is_done() {
    asks_again(Aside::work);
}

#[test]
#[ignore = "a mutant"]
fn a1_mutant_is_idle_after_it_has_looked() {
    asks_again(|aside| {
        while let Some(job) = { aside.state.lock().next.take() } {
            job();
        }
        aside.state.lock().is_busy = false;
        aside.bell.notify_all();
    });
}
