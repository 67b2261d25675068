//! Models of J1 and J2, with mutants that they must catch.

use std::ffi::c_void;

use loom::thread;

use super::*;
use crate::base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::base::sync::global;

fn job() -> Arc<Job> {
    Arc::new(Job::new(Origin::NOWHERE, None))
}

/// One thread runs the job, another waits for it and joins it.
fn job_is_joined(end: fn(&Job, &AtomicBool)) {
    loom::model(move || {
        let job = job();
        let told = Arc::new(AtomicBool::new(false));
        let runner = thread::spawn({
            let (job, told) = (job.clone(), told.clone());
            move || end(&job, &told)
        });
        assert_eq!(job.wait(None), Some(true));
        assert!(job.join().is_ok());
        assert!(told.load(Ordering::Relaxed));
        runner.join().unwrap();
    });
}

fn tell(told: &AtomicBool) {
    told.store(true, Ordering::Relaxed);
}

#[test]
fn j1_j2_a_join_returns_when_all_have_been_told() {
    job_is_joined(|job, told| {
        job.advance(Progress::Telling, Some(Ok(())));
        tell(told);
        job.advance(Progress::Over, None);
    });
}

#[test]
fn j1_j2_nobody_is_to_be_told() {
    job_is_joined(|job, told| {
        tell(told); // That it has run.
        job.advance(Progress::Over, Some(Ok(())));
    });
}

#[test]
#[ignore = "a mutant"]
fn j2_mutant_tells_when_it_is_over() {
    job_is_joined(|job, told| {
        job.advance(Progress::Over, Some(Ok(())));
        tell(told);
    });
}

#[test]
#[ignore = "a mutant"]
fn j1_mutant_rings_before_it_says_so() {
    job_is_joined(|job, told| {
        tell(told);
        job.bell.notify_all();
        let mut state = job.state.lock();
        state.progress = Progress::Over;
        state.outcome = Some(Ok(()));
    });
}

global!(TIMES_TOLD: AtomicUsize = AtomicUsize::new(0));

extern "C-unwind" fn is_told(_: *mut c_void) {
    TIMES_TOLD.fetch_add(1, Ordering::Relaxed);
}

/// No thread could be had. One thread is to tell of it, another joins it.
fn untold_job_is_joined(tell: fn(&Job)) {
    loom::model(move || {
        let job = job();
        let on_done = Notice {
            function: is_told,
            data: std::ptr::null_mut(),
        };
        job.was_denied.store(true, Ordering::Relaxed);
        job.advance(Progress::Untold(Some(on_done)), Some(Ok(())));
        let teller = thread::spawn({
            let job = job.clone();
            move || tell(&job)
        });
        assert!(job.join().is_ok());
        assert_eq!(TIMES_TOLD.load(Ordering::Relaxed), 1);
        teller.join().unwrap();
        assert_eq!(TIMES_TOLD.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn j2_whoever_comes_first_tells_of_it() {
    untold_job_is_joined(Untold::tell_if_untold);
}

#[test]
#[ignore = "a mutant"]
fn j2_mutant_looks_before_it_says_that_it_tells() {
    untold_job_is_joined(|job| {
        let Progress::Untold(on_done) = job.state.lock().progress else {
            return;
        };
        job.advance(Progress::Telling, None);
        job.tell(on_done);
    });
}
