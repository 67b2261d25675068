//! A model of RC1, with mutants that it must catch.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::*;
use crate::base::models::explore;

/// What two hold. Loom says so if one changes it who has not seen that the other has looked at it.
struct Held {
    holders: AtomicUsize,
    value: UnsafeCell<bool>,
}

// SAFETY: loom tells of each access that is not ordered.
unsafe impl Sync for Held {}

/// Two look at the value and let go of it; the last one releases it.
fn one_is_the_last(was_last: fn(&AtomicUsize) -> bool) {
    explore(3, move || {
        let held = Arc::new(Held {
            holders: AtomicUsize::new(2),
            value: UnsafeCell::new(true),
        });
        let let_go = move |held: &Held| {
            // SAFETY: loom looks whether it is ordered.
            held.value.with(|value| assert!(unsafe { *value }));
            let is_last = was_last(&held.holders);
            if is_last {
                // SAFETY: as above.
                held.value.with_mut(|value| unsafe { *value = false });
            }
            is_last
        };
        let other = held.clone();
        let other = thread::spawn(move || let_go(&other));
        let here = let_go(&held);
        assert!(here != other.join().unwrap(), "once");
    });
}

#[test]
fn rc1_one_is_the_last() {
    one_is_the_last(|holders| was_last(holders, &raw const *holders));
}

#[test]
#[ignore = "a mutant"]
fn rc1_mutant_does_not_see_what_others_have_done() {
    one_is_the_last(|holders| {
        holders.load(Ordering::Relaxed) == 1 || holders.fetch_sub(1, Ordering::AcqRel) == 1
    });
}

#[test]
#[ignore = "a mutant"]
fn rc1_mutant_looks_after_it_has_let_go() {
    one_is_the_last(|holders| {
        holders.fetch_sub(1, Ordering::AcqRel);
        holders.load(Ordering::Acquire) == 0
    });
}
