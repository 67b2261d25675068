//! Models of CO1 to CO3, with mutants that they must catch.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicU64;
use loom::thread;

use super::*;
use crate::base::models::explore;

word!(AtomicU64);

/// A value and its memory. Loom says so if one is released while another one looks, or who has not been seen to have looked.
struct Model {
    count: Count<AtomicU64>,
    value: UnsafeCell<bool>,
    memory: UnsafeCell<bool>,
}

// SAFETY: loom tells of each access that is not ordered.
unsafe impl Sync for Model {}

type Step = fn(&Count<AtomicU64>) -> bool;

fn look(part: &UnsafeCell<bool>) {
    // SAFETY: loom looks whether it is ordered.
    part.with(|is_there| assert!(unsafe { *is_there }));
}

fn release(part: &UnsafeCell<bool>) {
    // SAFETY: as above.
    part.with_mut(|is_there| assert!(std::mem::replace(unsafe { &mut *is_there }, false)));
}

impl Model {
    fn let_go(&self, let_go: Step) {
        look(&self.value);
        if let_go(&self.count) {
            release(&self.value);
            self.forget();
        }
    }

    fn forget(&self) {
        look(&self.memory);
        if self.count.forget() {
            release(&self.memory);
        }
    }
}

/// Two hold it, and a third one knows it, who holds it for a moment, if he can. All let go of it.
fn all_let_go(let_go: Step, hold_again: Step) {
    explore(3, move || {
        let model = Arc::new(Model {
            count: Count::one_holder(),
            value: UnsafeCell::new(true),
            memory: UnsafeCell::new(true),
        });
        model.count.hold();
        model.count.know();
        let (holder, knows) = (model.clone(), model.clone());
        let holder = thread::spawn(move || holder.let_go(let_go));
        let knows = thread::spawn(move || {
            if hold_again(&knows.count) {
                knows.let_go(let_go);
            }
            knows.forget();
        });
        model.let_go(let_go);
        holder.join().unwrap();
        knows.join().unwrap();
        for part in [&model.value, &model.memory] {
            // SAFETY: as above.
            part.with(|is_there| assert!(!unsafe { *is_there }, "once"));
        }
    });
}

#[test]
fn co1_co2_co3_the_last_one_releases_it() {
    all_let_go(Count::let_go, Count::hold_again);
}

#[test]
#[ignore = "a mutant"]
fn co1_mutant_holds_again_what_nobody_holds() {
    all_let_go(Count::let_go, |count| {
        count.0.add(HOLDER, Ordering::Acquire);
        true
    });
}

#[test]
#[ignore = "a mutant"]
fn co3_mutant_looks_at_holders_alone() {
    let let_go = |count: &Count<AtomicU64>| {
        count.holders() == 1 || count.0.sub(HOLDER, Ordering::AcqRel) % KNOWS == HOLDER
    };
    all_let_go(let_go, Count::hold_again);
}

#[test]
#[ignore = "a mutant"]
fn co1_mutant_does_not_see_what_others_have_done() {
    let let_go = |count: &Count<AtomicU64>| {
        let is_alone = count.0.load(Ordering::Relaxed) == HOLDER + KNOWS;
        is_alone || count.0.sub(HOLDER, Ordering::AcqRel) % KNOWS == HOLDER
    };
    all_let_go(let_go, Count::hold_again);
}
