//! Models of Z2 and of deadlines that somebody watches, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::clock;
use crate::base::error::Error;
use crate::base::models::{explore, threads};
use crate::scope::cancel::Deadline;
use crate::scope::listener::Listening;
use crate::scope::waiter::Waiter;

fn because() -> Error {
    Error::new(77, "because")
}

/// It is over as the time is up.
fn it_is_over(end: fn(&LateStrike)) {
    explore(3, move || {
        let handle = Cancel::root(None);
        let struck = handle.clone();
        let strike = move || Some(struck.strike_all(&because()));
        let late = LateStrike::new(Activities::default(), strike);
        let told = late.clone();
        let timer = thread::spawn(move || told.tell());
        end(&late);
        let was_cancelled = handle.cancelled();
        timer.join().unwrap();
        assert_eq!(handle.cancelled(), was_cancelled);
    });
}

#[test]
fn z2_what_is_over_is_not_cancelled() {
    it_is_over(LateStrike::end);
}

#[test]
#[ignore = "a mutant"]
fn z2_mutant_does_not_wait_for_who_cancels() {
    it_is_over(|late| drop(late.state.lock().strike.take()));
}

/// One listens at a handle with a deadline that is far away, as another one cancels it by hand. Then nobody has it any more.
fn it_is_watched(watch: fn(&Cancel)) {
    explore(2, move || {
        let deadline = Deadline::after(i64::MAX).expect("the clock goes as far");
        let cancel = Cancel::root_until(None, deadline);
        let waiter = Arc::new(Waiter::new());
        let listening = Listening::of(waiter.clone());
        let other = cancel.clone();
        let canceller = thread::spawn(move || other.trigger(because()));
        watch(&cancel);
        if cancel.listen(&listening) {
            waiter.wait(None);
        }
        canceller.join().unwrap();
        drop(cancel);
        threads::join(); // The timer's thread, which goes when there is nothing left.
    });
}

#[test]
fn t5_nothing_is_left_of_a_deadline_that_nobody_has() {
    it_is_watched(watch);
}

#[test]
#[ignore = "a mutant"]
fn t5_mutant_holds_what_it_is_to_strike() {
    it_is_watched(|cancel| {
        let (held, told) = (cancel.clone(), Activities::default());
        let late = LateStrike::new(told, move || Some(held.strike_all(&because())));
        late.clone()
            .strike_at(clock::deadline(i64::MAX).expect("the clock goes as far"));
        std::mem::forget(late);
    });
}

/// The moment has come as the last one goes who has it.
#[test]
fn t6_it_is_struck_or_gone() {
    explore(2, || {
        let handle = Cancel::root(None);
        let struck = handle.clone();
        let strike = move || Some(struck.strike_all(&because()));
        let late = LateStrike::new(Activities::default(), strike);
        late.clone().strike_at(clock::now());
        drop(late);
        threads::join();
        assert!(!handle.is_shared());
    });
}
