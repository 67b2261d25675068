//! A model of L2, with mutants that it must catch. (That of L3 is in `frames`, which has the lock.)

use loom::thread;

use super::*;
use crate::base::sync::Arc;

/// A callback whose time of start belongs to its address.
fn call(function: usize) -> Call {
    Call {
        function,
        since: function as u64 * 10,
        number: function as u64 * 100,
    }
}

/// One callback after the other runs while somebody looks.
fn callbacks_race_with_a_look(write: fn(&Leaf, Call), look: fn(&Leaf) -> Option<(Call, u8)>) {
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
        if let Some((seen, _)) = look(&leaf) {
            assert_eq!(seen, call(seen.function));
        }
        writer.join().unwrap();
        assert_eq!(leaf.look(), Some((call(2), 0)));
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
        leaf.number.store(call.number, Ordering::Release);
    };
    callbacks_race_with_a_look(write, Leaf::look);
}

#[test]
#[ignore = "a mutant"]
fn l2_mutant_does_not_look_twice() {
    callbacks_race_with_a_look(Leaf::write, |leaf| {
        let number = leaf.number.load(Ordering::Acquire);
        let function = leaf.function.load(Ordering::Acquire);
        let since = leaf.since.load(Ordering::Relaxed);
        let call = Call {
            function,
            since,
            number,
        };
        (function != 0 && number != 0).then_some((call, 0))
    });
}
