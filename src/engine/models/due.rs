//! Models of T4, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::models::threads;
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicUsize, Ordering};

/// Somebody settles what a thread of the crew, which has come free, may be doing.
fn is_settled(settle: fn(Due), free: fn()) {
    loom::model(move || {
        threads::at_most(0);
        let done = Arc::new(AtomicUsize::new(0));
        let due = hand_over(Box::new({
            let done = done.clone();
            move || assert_eq!(done.fetch_add(1, Ordering::Relaxed), 0)
        }));
        let settler = thread::spawn(move || {
            settle(due);
            assert_eq!(done.load(Ordering::Relaxed), 1);
        });
        free();
        settler.join().unwrap();
    });
}

#[test]
fn t4_it_is_done_once_and_is_over_when_it_is_settled() {
    is_settled(Due::settle, do_all);
}

#[test]
#[ignore = "a mutant"]
fn t4_mutant_does_not_wait_for_who_has_begun() {
    let settle = |due: Due| {
        let mut queue = QUEUE.lock();
        let place = queue
            .waiting
            .iter()
            .position(|(number, _)| *number == due.0.get());
        let taken = place.and_then(|place| queue.take(place));
        drop(queue);
        taken.into_iter().for_each(do_one);
    };
    is_settled(settle, do_all);
}

#[test]
#[ignore = "a mutant"]
fn t4_mutant_rings_before_it_is_over() {
    is_settled(Due::settle, || {
        let taken = QUEUE.lock().take_oldest();
        if let Some((number, job)) = taken {
            job();
            BELL.notify_all();
            QUEUE.lock().begun.retain(|other| *other != number);
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn t4_mutant_takes_it_and_then_says_so() {
    is_settled(Due::settle, || {
        let mut queue = QUEUE.lock();
        let Some((number, job)) = queue.waiting.pop_front() else {
            return;
        };
        drop(queue);
        QUEUE.lock().begun.push(number);
        do_one((number, job));
    });
}

/// There was no thread at first. Whoever asks again has it done, once.
#[test]
fn t4_it_is_done_when_there_is_a_thread() {
    loom::model(|| {
        threads::at_most(0);
        let done = Arc::new(AtomicUsize::new(0));
        let _due = hand_over(Box::new({
            let done = done.clone();
            move || assert_eq!(done.fetch_add(1, Ordering::Relaxed), 0)
        }));
        assert_eq!(done.load(Ordering::Relaxed), 0);
        threads::at_most(1);
        QUEUE.lock().ask_at = None; // In a model, no time passes.
        assert!(ask_again().is_none());
        threads::join();
        assert_eq!(done.load(Ordering::Relaxed), 1);
    });
}

/// The first thing waits for the second, and only one thread may be on its way.
fn each_has_a_thread(arrive: fn()) {
    loom::model(move || {
        let is_done: Arc<(Mutex<_>, _)> = Arc::new((Mutex::new(false), Condvar::new()));
        let waits_for = is_done.clone();
        let first = move || {
            let (lock, bell) = &*waits_for;
            drop(bell.wait_while(lock.lock(), |is_done| !*is_done));
        };
        let second = move || {
            let (lock, bell) = &*is_done;
            *lock.lock() = true;
            bell.notify_one();
        };
        let jobs: [Job; 2] = [Box::new(first), Box::new(second)];
        for job in jobs {
            QUEUE.lock().add(job);
            ask_for(arrive);
        }
        threads::join();
    });
}

#[test]
fn t4_what_waits_for_the_next_has_a_thread_beside_that() {
    each_has_a_thread(arrive);
}

#[test]
#[ignore = "a mutant"]
fn t4_mutant_does_not_ask_as_it_arrives() {
    each_has_a_thread(|| {
        take_first().into_iter().for_each(do_one);
        do_all();
    });
}
