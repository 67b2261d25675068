//! A model of L2, with mutants that it must catch.

use loom::thread;

use super::*;
use crate::sync::Arc;

/// A callback whose time of start belongs to its address.
fn call(function: usize) -> Call {
    let since = function as u64 * 10;
    Call { function, since }
}

/// One callback after the other runs while somebody looks.
fn callbacks_race_with_a_look(write: fn(&Leaf, Call), look: fn(&Leaf) -> Option<Call>) {
    loom::model(move || {
        let leaf = Arc::new(Leaf::new());
        let writer = thread::spawn({
            let leaf = leaf.clone();
            move || {
                write(&leaf, call(1));
                leaf.take();
                write(&leaf, call(2));
            }
        });
        if let Some(seen) = look(&leaf) {
            assert_eq!(seen, call(seen.function));
        }
        writer.join().unwrap();
        assert_eq!(leaf.look(), Some(call(2)));
    });
}

#[test]
fn l2_what_is_seen_belongs_together() {
    callbacks_race_with_a_look(Leaf::write, Leaf::look);
}

#[test]
#[ignore = "a mutant"]
fn l2_mutant_says_afterwards_that_it_writes() {
    let write = |leaf: &Leaf, call: Call| {
        leaf.since.store(call.since, Ordering::Relaxed);
        leaf.function.store(call.function, Ordering::Relaxed);
        leaf.serial.fetch_add(2, Ordering::Release);
    };
    callbacks_race_with_a_look(write, Leaf::look);
}

#[test]
#[ignore = "a mutant"]
fn l2_mutant_does_not_look_twice() {
    callbacks_race_with_a_look(Leaf::write, |leaf| {
        let serial = leaf.serial.load(Ordering::Acquire);
        let function = leaf.function.load(Ordering::Acquire);
        let since = leaf.since.load(Ordering::Relaxed);
        (function != 0 && serial % 2 == 0).then_some(Call { function, since })
    });
}
