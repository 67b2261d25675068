//! A model of HO2 and HO3, with mutants that it must catch.

use std::sync::Arc;

use loom::cell::UnsafeCell as Watched;
use loom::thread;

use super::*;

/// What is given. Loom says so if who takes it has not seen what was done with it before.
type Model = HandOver<Watched<usize>>;

fn is_given(give: fn(&Model, Watched<usize>)) {
    loom::model(move || {
        let between = Arc::new(Model::new());
        let to = between.clone();
        let takes = thread::spawn(move || {
            // SAFETY: this thread is the only one that takes.
            let value = unsafe { to.take(None) }.expect("it has no end");
            // SAFETY: loom looks whether it is ordered.
            assert_eq!(value.with(|value| unsafe { *value }), 1);
        });
        let value = Watched::new(0);
        // SAFETY: as above.
        value.with_mut(|value| unsafe { *value = 1 });
        give(&between, value);
        takes.join().unwrap();
    });
}

#[test]
fn ho2_ho3_who_waits_has_it() {
    // SAFETY: nobody else gives anything.
    is_given(|to, value| unsafe { to.give(value) });
}

#[test]
#[ignore = "a mutant"]
fn ho2_mutant_says_so_without_order() {
    is_given(|to, value| {
        // SAFETY: as above.
        unsafe { to.put(value) };
        to.word.store(THERE, Ordering::Relaxed);
        to.wake();
    });
}

#[test]
#[ignore = "a mutant"]
fn ho3_mutant_wakes_before_it_is_there() {
    is_given(|to, value| {
        to.wake();
        // SAFETY: as above.
        unsafe { to.put(value) };
        to.word.store(THERE, Ordering::Release);
    });
}
