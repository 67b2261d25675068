//! Models of waiting for a turn under a handle, with a mutant that they must catch.

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::*;
use crate::base::error::Error;
use crate::base::models::explore;
use crate::scope::activity::Activities;
use crate::scope::queue::Queue;

/// A turn runs, or is cancelled: who waits goes on when it has ended, and knows which it was.
fn run_meets_a_cancellation(wait: fn(&Turn, &Cancel) -> Outcome) {
    explore(3, move || {
        let (queue, cancel) = (Queue::new(), Cancel::root(None));
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = has_ended.clone();
        let work = move || {
            ended.store(true, Ordering::Relaxed);
            Err(Error::new(7, "seven"))
        };
        let turn = queue
            .node()
            .enter(&cancel, &Activities::default(), Box::new(work));
        let runs = thread::spawn(move || {
            let last = queue.await_first(None, false, None);
            last.and_then(|last| queue.run(last)).unwrap_or(0)
        });
        let cancelled = cancel.clone();
        let cancels = thread::spawn(move || cancelled.trigger(Error::new(77, "because")));
        let code = wait(&turn, &cancel).err().map(|error| error.code());
        let has_run = has_ended.load(Ordering::Relaxed);
        assert_eq!(code, Some(if has_run { 7 } else { 77 }));
        cancels.join().unwrap();
        assert_eq!(runs.join().unwrap(), usize::from(has_run));
    });
}

#[test]
fn what_has_begun_is_waited_for() {
    run_meets_a_cancellation(wait);
}

#[test]
#[ignore = "a mutant"]
fn mutant_leaves_what_has_begun() {
    run_meets_a_cancellation(|turn, cancel| {
        await_promise::block(turn.done(), Some(cancel));
        turn.give_up();
        turn.outcome().unwrap_or_else(|| cancel.echo())
    });
}
