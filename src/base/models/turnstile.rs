//! Models of TU1 and TU2, with mutants that they must catch.

use std::sync::Arc;

use loom::cell::UnsafeCell as Watched;
use loom::thread;

use super::*;

/// What is changed inside. Loom says so if two do that, or if one has not seen what the other has done.
type Model = Turnstile<Watched<usize>>;

fn model() -> Arc<Model> {
    Arc::new(Model::new(Watched::new(0)))
}

fn add_one(value: &Watched<usize>) {
    // SAFETY: loom looks whether it is ordered.
    value.with_mut(|value| unsafe { *value += 1 });
}

fn pass(place: &Model) {
    let mut inside = place.enter();
    add_one(&inside);
    inside.pass();
}

#[test]
fn tu1_one_at_a_time() {
    loom::model(|| {
        let place = model();
        let other = place.clone();
        let other = thread::spawn(move || pass(&other));
        pass(&place);
        other.join().unwrap();
        assert_eq!(place.passed().since(Passed::NONE), 2);
        // SAFETY: as above.
        assert_eq!(place.enter().with(|value| unsafe { *value }), 2);
    });
}

/// One passes, and who sees that looks at what he has done.
fn one_sees_the_other(pass: fn(&Model), passed: fn(&Model) -> usize) {
    loom::model(move || {
        let place = model();
        let other = place.clone();
        let other = thread::spawn(move || pass(&other));
        if passed(&place) == 1 {
            // SAFETY: as above.
            unsafe { &*place.value.get() }.with(|value| assert_eq!(unsafe { *value }, 1));
        }
        other.join().unwrap();
    });
}

fn count(place: &Model) -> usize {
    place.passed().since(Passed::NONE)
}

#[test]
fn tu2_who_sees_the_count_sees_what_was_done() {
    one_sees_the_other(pass, count);
}

#[test]
#[ignore = "a mutant"]
fn tu2_mutant_counts_before_it_is_done() {
    one_sees_the_other(
        |place| {
            let mut inside = place.enter();
            inside.pass();
            place.word.store(inside.passed().0, Ordering::Release);
            add_one(&inside);
        },
        count,
    );
}

#[test]
#[ignore = "a mutant"]
fn tu2_mutant_reads_the_count_alone() {
    one_sees_the_other(pass, |place| place.word.load(Ordering::Relaxed) / 2);
}
