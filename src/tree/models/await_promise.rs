//! Models of waiting for a promise under a handle, with a mutant that they must catch.

use loom::thread;

use super::*;
use crate::base::error::Error;
use crate::base::models::explore;
use crate::scope::promise::Promise;

fn because() -> Error {
    Error::new(77, "because")
}

/// Whoever waits finds both.
fn completed_and_then_cancelled(wait: fn(&promise::Node, &Cancel) -> Outcome) {
    explore(3, move || {
        let promise = Promise::new();
        let node = promise.node().clone();
        let cancel = Cancel::root(None);
        let cancelled = cancel.clone();
        let other = thread::spawn(move || {
            promise.complete(Ok(()));
            cancelled.trigger(because());
        });
        assert!(wait(&node, &cancel).is_ok());
        other.join().unwrap();
    });
}

#[test]
fn completion_wins() {
    completed_and_then_cancelled(wait);
}

#[test]
#[ignore = "a mutant"]
fn mutant_looks_at_the_handle_first() {
    completed_and_then_cancelled(|promise, cancel| {
        let outcome = wait(promise, cancel);
        cancel.cause().cloned().map_or(outcome, Err)
    });
}

/// They come at once: whoever waits ends with one of them.
#[test]
fn completion_meets_a_cancellation() {
    explore(3, || {
        let promise = Promise::new();
        let node = promise.node().clone();
        let cancel = Cancel::root(None);
        let cancelled = cancel.clone();
        let cancels = thread::spawn(move || cancelled.trigger(because()));
        let completes = thread::spawn(move || promise.complete(Err(Error::new(7, "seven"))));
        let code = wait(&node, &cancel).err().map(|error| error.code());
        assert!(matches!(code, Some(7 | 77)));
        cancels.join().unwrap();
        assert!(completes.join().unwrap());
    });
}
