//! Models of J1 and J2, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::sync::atomic::{AtomicBool, Ordering};

fn job() -> Arc<Job> {
    Arc::new(Job {
        id: 1,
        state: Mutex::new(State {
            progress: Progress::Running,
            outcome: None,
            fd: ReadyFd::default(),
        }),
        bell: Condvar::new(),
    })
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
        assert!(job.wait(None));
        assert!(job.join().is_some());
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
        job.advance(Progress::Telling(ThreadId::current()), Some(Ok(())));
        tell(told);
        job.advance(Progress::Over, None);
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
