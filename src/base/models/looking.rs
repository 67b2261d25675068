//! Models of LK1 and LK2, with mutants that they must catch.
//!
//! unsafe: what is looked at is loom's own cell.
#![allow(unsafe_code)]

use std::sync::Arc;

use loom::cell::UnsafeCell as Watched;
use loom::thread;

use super::*;
use crate::base::sync::Mutex;

/// What one thread changes. Loom says so if another one looks at it meanwhile, or has not seen what was done before.
struct Model {
    inside: Inside,
    lock: Mutex<()>,
    value: Watched<usize>,
}

fn add_one(model: &Model) {
    // SAFETY: loom looks whether it is ordered.
    model.value.with_mut(|value| unsafe { *value += 1 });
}

fn change(model: &Model, go_out: fn(&Inside)) {
    if model.inside.come_in() {
        add_one(model);
        go_out(&model.inside);
    } else {
        let _lock = model.lock.lock();
        add_one(model);
    }
}

fn look_under_lock(model: &Model) {
    let _lock = model.lock.lock();
    model.inside.wait_until_out();
    // SAFETY: as above.
    model.value.with(|value| assert!(unsafe { *value } <= 2));
}

fn look(model: &Model) {
    let _look = Look::begin();
    look_under_lock(model);
}

/// One thread changes it twice, another one looks meanwhile.
fn somebody_looks(look: fn(&Model), go_out: fn(&Inside)) {
    loom::model(move || {
        prepare();
        let model = Arc::new(Model {
            inside: Inside::new(),
            lock: Mutex::new(()),
            value: Watched::new(0),
        });
        let other = model.clone();
        let other = thread::spawn(move || look(&other));
        change(&model, go_out);
        change(&model, go_out);
        other.join().unwrap();
    });
}

#[test]
fn lk1_lk2_who_looks_is_alone_with_what_was_done_before() {
    somebody_looks(look, Inside::go_out);
}

#[test]
#[ignore = "a mutant"]
fn lk1_mutant_has_nobody_pass_a_barrier() {
    let look = |model: &Model| {
        LOOKING.fetch_add(1, Ordering::Relaxed);
        let _look = Look(());
        look_under_lock(model);
    };
    somebody_looks(look, Inside::go_out);
}

#[test]
#[ignore = "a mutant"]
fn lk1_mutant_does_not_wait() {
    let look = |model: &Model| {
        let _look = Look::begin();
        let _lock = model.lock.lock();
        // SAFETY: as above.
        model.value.with(|value| assert!(unsafe { *value } <= 2));
    };
    somebody_looks(look, Inside::go_out);
}

#[test]
#[ignore = "a mutant"]
fn lk2_mutant_shows_nothing_when_it_goes_out() {
    somebody_looks(look, |inside| inside.0.store(false, Ordering::Relaxed));
}

#[test]
#[ignore = "a mutant"]
fn lk2_mutant_shows_nothing_when_it_has_looked() {
    let look = |model: &Model| {
        std::mem::forget(Look::begin());
        look_under_lock(model);
        LOOKING.fetch_sub(1, Ordering::Relaxed);
    };
    somebody_looks(look, Inside::go_out);
}
