//! Models of promises, and for each a copy of the protocol with a mistake in it, which the model must catch.

use loom::thread;

use super::*;
use crate::scope::listener::Listener;
use crate::scope::waiter::Waiter;

/// Waits for it, as a thread does that nobody cancels.
fn wait(node: &Node, listen: fn(&Node, &Arc<Listening>) -> bool) -> Option<i32> {
    let waiter = Arc::new(Waiter::new());
    let listener: Arc<dyn Listener> = waiter.clone();
    let listening = Listening::of(listener);
    if listen(node, &listening) {
        waiter.wait(None);
        node.unlisten(&listening);
    }
    let outcome = node.outcome().expect("it is complete");
    outcome.err().map(|error| error.code())
}

/// One who completes it and goes meets one who only goes.
fn completion_meets_the_last_reference(let_go: fn(Promise)) {
    loom::model(move || {
        let promise = Promise::new();
        let (node, other) = (promise.node().clone(), promise.clone());
        let completes = thread::spawn(move || {
            assert!(promise.complete(Ok(())));
            let_go(promise);
        });
        let goes = thread::spawn(move || let_go(other));
        assert_eq!(wait(&node, Node::listen), None);
        completes.join().unwrap();
        goes.join().unwrap();
    });
}

#[test]
fn y2_who_completes_it_has_done_so_before_it_is_given_up() {
    completion_meets_the_last_reference(drop);
}

#[test]
#[ignore = "a mutant"]
fn y2_mutant_gives_up_what_is_not_complete() {
    completion_meets_the_last_reference(|promise| {
        promise.0.complete(|| Err(broken()));
        drop(promise);
    });
}

/// Nobody completes it, and two go at once.
fn both_go(let_go: fn(Promise)) {
    loom::model(move || {
        let promise = Promise::new();
        let (node, other) = (promise.node().clone(), promise.clone());
        let one = thread::spawn(move || let_go(promise));
        let two = thread::spawn(move || let_go(other));
        assert_eq!(wait(&node, Node::listen), Some(libc::EPIPE));
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn y2_the_last_one_gives_it_up() {
    both_go(drop);
}

#[test]
#[ignore = "a mutant"]
fn y2_mutant_looks_before_it_counts() {
    both_go(|promise| {
        if promise.0.references.load(Ordering::Acquire) == 1 {
            promise.0.complete(|| Err(broken()));
        }
        promise.0.references.fetch_sub(1, Ordering::AcqRel);
        std::mem::forget(promise);
    });
}

/// Two complete it at once.
fn completed_twice(complete: fn(&Promise, Outcome) -> bool) {
    loom::model(move || {
        let promise = Promise::new();
        let (node, other) = (promise.node().clone(), promise.clone());
        let fails = thread::spawn(move || complete(&other, Err(Error::new(7, "seven"))));
        let succeeded = complete(&promise, Ok(()));
        assert_ne!(fails.join().unwrap(), succeeded);
        assert_eq!(wait(&node, Node::listen).is_none(), succeeded);
    });
}

#[test]
fn y1_the_first_completion_counts() {
    completed_twice(Promise::complete);
}

#[test]
#[ignore = "a mutant"]
fn y1_mutant_looks_before_it_completes() {
    completed_twice(|promise, outcome| {
        let is_first = promise.0.outcome().is_none();
        if is_first {
            promise.0.state.lock().outcome = Some(outcome);
        }
        is_first
    });
}

fn who_waits_is_told(listen: fn(&Node, &Arc<Listening>) -> bool) {
    loom::model(move || {
        let promise = Promise::new();
        let node = promise.node().clone();
        let waits = thread::spawn(move || wait(&node, listen));
        promise.complete(Ok(()));
        assert_eq!(waits.join().unwrap(), None);
    });
}

#[test]
fn y3_who_waits_is_told_or_sees_it() {
    who_waits_is_told(Node::listen);
}

#[test]
#[ignore = "a mutant"]
fn y3_mutant_looks_before_it_listens() {
    who_waits_is_told(|node, listening| {
        if node.outcome().is_some() {
            return false;
        }
        node.state.lock().listeners.push(listening.clone());
        true
    });
}
