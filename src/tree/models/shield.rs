//! A model of Z1, with a mutant that it must catch. Of time, which does not pass in a model, only that matters which is up.

use loom::thread;

use super::*;
use crate::base::error::Error;
use crate::base::models::{explore, threads};

fn because() -> Error {
    Error::new(77, "because")
}

/// What is inside waits for its cancellation.
fn it_is_passed_on(begin: fn(&Cancel, &Cancel) -> Delay) {
    explore(2, move || {
        let (around, inside) = (Cancel::root(None), Cancel::root(None));
        let other = around.clone();
        let canceller = thread::spawn(move || other.trigger(because()));
        let delay = begin(&around, &inside);
        assert!(inside.wait(None));
        drop(delay);
        canceller.join().unwrap();
        threads::join();
    });
}

#[test]
fn z1_a_cancellation_is_passed_on_whenever_it_comes() {
    it_is_passed_on(|around, inside| Delay::begin(around, inside, Duration::ZERO));
}

#[test]
#[ignore = "a mutant"]
fn z1_mutant_looks_before_it_listens() {
    it_is_passed_on(|around, inside| {
        let was_cancelled = around.cancelled();
        let delay = Delay::of(around, inside, Duration::ZERO);
        if was_cancelled {
            delay.late.strike();
        } else {
            around.listen(&delay.listening);
        }
        delay
    });
}
