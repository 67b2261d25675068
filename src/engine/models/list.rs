//! A model of S6, with mutants that it must catch.

use loom::cell::UnsafeCell as Watched;
use loom::thread;

use super::*;
use crate::base::sync::looking;
use crate::engine::frames::What;
use crate::scope::cancel::Scope;

/// A slot's frames, and what is changed together with them. Loom says so if somebody looks at it meanwhile.
struct Model {
    frames: Frames,
    value: Watched<usize>,
}

// SAFETY: loom looks whether it is.
unsafe impl Sync for Model {}

type PushFirst = fn(&Model, &Frame<'_>) -> bool;
type Pop = fn(&Model);

/// A thread pops the last frame, another one makes the slot its own by that, and somebody looks.
fn a_slot_changes_hands(push_first: PushFirst, pop: Pop) {
    loom::model(move || {
        looking::prepare();
        let mut frames = Frames::new();
        frames.is_quick = true;
        let value = Watched::new(0);
        let model: &'static Model = Box::leak(Box::new(Model { frames, value }));
        with_frame(|first| {
            assert!(push_first(model, first));
            let other = thread::spawn(move || come_in(model, push_first, pop));
            let looking = thread::spawn(move || look(model));
            pop(model);
            other.join().unwrap();
            looking.join().unwrap();
        });
    });
}

/// A frame's memory stays: a mutant looks at one that was popped, and loom is to say so, not the processor.
fn with_frame(code: impl FnOnce(&Frame<'_>)) {
    let scope = Box::leak(Box::new(Scope::of(None, None)));
    code(Box::leak(Box::new(Frame::of(
        What::Run("a model"),
        scope,
        None,
        0,
    ))));
}

fn come_in(model: &Model, push_first: PushFirst, pop: Pop) {
    with_frame(|frame| {
        if push_first(model, frame) {
            pop(model);
        }
    });
}

fn change(model: &Model) {
    // SAFETY: loom looks whether it is ordered.
    model.value.with_mut(|value| unsafe { *value += 1 });
}

fn look(model: &Model) {
    let look = Look::begin();
    // SAFETY: as above.
    let read = || model.value.with(|value| unsafe { *value });
    model.frames.look(&look, |_| (), read);
}

fn push_first(model: &Model, frame: &Frame<'_>) -> bool {
    model.frames.push_first(frame, || change(model))
}

fn pop(model: &Model) {
    model.frames.pop(|_| change(model));
}

#[test]
fn s6_an_empty_slot_is_taken_when_who_was_in_it_is_out() {
    a_slot_changes_hands(push_first, pop);
}

#[test]
#[ignore = "a mutant"]
fn s6_mutant_does_not_wait_for_who_was_in_it() {
    let push_first = |model: &Model, frame: &Frame<'_>| {
        let _lock = model.frames.lock.lock();
        let is_empty = model.frames.is_empty();
        if is_empty {
            change(model);
            model.frames.link(frame);
        }
        is_empty
    };
    a_slot_changes_hands(push_first, pop);
}

#[test]
#[ignore = "a mutant"]
fn s6_mutant_pops_outside() {
    a_slot_changes_hands(push_first, |model| {
        change(model);
        let none = std::ptr::null_mut();
        model.frames.innermost.store(none, Ordering::Release);
    });
}
