//! Models of S1, S3 and L3 (`leaf`), with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::sync::Arc;
use crate::base::sync::atomic::AtomicBool;
use crate::base::sync::looking::{self, Look};
use crate::engine::backlog::{Backlog, Published};
use crate::engine::models::Unclaimed;
use crate::engine::slots;

type Enter = fn(fn(&'static Slot));

/// Comes in and is alone in the slot.
fn come_in(enter: Enter) {
    enter(|slot| {
        let mut frames = 0;
        slot.each_own(|_| frames += 1);
        assert_eq!(frames, 1);
    });
}

/// Two threads find the same empty slot: the one that used it last, and one that never had any.
fn a_slot_is_free(enter: Enter) {
    loom::model(move || {
        come_in(enter);
        let other = thread::spawn(move || come_in(enter));
        come_in(enter);
        other.join().unwrap();
    });
}

#[test]
fn s1_a_slot_with_frames_has_one_owner() {
    a_slot_is_free(|code| in_a_run(|context| code(context.slot)));
}

fn in_a_run(code: impl FnOnce(Context<'_>)) {
    super::enter(What::Run("a model"), &Scope::of(None, None), None, 0, code);
}

#[test]
#[ignore = "a mutant"]
fn s1_mutant_looks_before_it_locks() {
    a_slot_is_free(|code| {
        let scope = Scope::of(None, None);
        let frame = Frame::of(What::Run("a model"), &scope, None, 0);
        let is_free = |slot: &'static Slot| slot.is_nobodys();
        let known = MINE.with(|mine| mine.slot.get());
        let free = known.filter(|slot| is_free(slot));
        let slot = free.unwrap_or_else(|| slots::take(is_free));
        MINE.with(|mine| mine.slot.set(Some(slot)));
        slot.push(&frame);
        let _pushed = Pushed(slot);
        code(slot);
    });
}

/// A backlog that its caller lends to who looks, and then ends.
#[derive(Default)]
struct Lent {
    has_ended: AtomicBool,
    backlog: Unclaimed,
}

impl Published for Lent {
    fn backlog(&self) -> &dyn Backlog {
        assert!(!self.has_ended.load(Ordering::Relaxed));
        &self.backlog
    }
    fn share(&self) -> Arc<dyn Backlog> {
        Arc::new(Unclaimed::default())
    }
}

impl Lent {
    fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}

/// The sentinel looks while a backlog is published, is taken out again, and ends.
fn somebody_looks(publish: fn(&Context<'_>, &Lent)) {
    loom::model(move || {
        let other = thread::spawn(|| drop(slots::unclaimed()));
        in_a_run(|context| {
            slots::watch(context.slot);
            publish(&context, &Lent::default());
        });
        other.join().unwrap();
    });
}

#[test]
fn s3_a_frame_is_in_place_for_who_looks_at_it() {
    somebody_looks(|context, lent| {
        context.inside(What::Children("a model", Some(lent)), || ());
        lent.end();
    });
}

#[test]
#[ignore = "a mutant"]
fn s3_mutant_ends_before_it_is_taken_out() {
    somebody_looks(|context, lent| {
        context.inside(What::Children("a model", Some(lent)), || lent.end());
    });
}

/// A callback runs something that runs nothing: somebody who looks meanwhile, at any moment, sees the callback once.
fn a_callback_runs_something(run: fn(&'static Slot)) {
    loom::model(move || {
        looking::prepare();
        let mut slot = Slot::new(true);
        slot.frames.is_quick = true;
        let slot: &'static Slot = Box::leak(Box::new(slot));
        let scope = Scope::of(None, None);
        let around = Frame::of(What::Run("a model"), &scope, None, 0);
        slot.push_run(&around);
        let seen = slot.leaf.during(CALLER, || {
            let looking = thread::spawn(move || slot.callbacks(&Look::begin()));
            run(slot);
            looking.join().unwrap()
        });
        assert_eq!(seen, 1);
        drop(Pushed(slot));
    });
}

const CALLER: Call = Call {
    function: 1,
    since: 2,
    number: 3,
};

fn frame_of_a_run(code: impl FnOnce(&Frame<'_>)) {
    let scope = Scope::of(None, None);
    code(&Frame::of(What::Run("a model"), &scope, None, 0));
}

#[test]
fn l3_a_callback_that_runs_something_is_seen_once() {
    a_callback_runs_something(|slot| {
        frame_of_a_run(|frame| {
            slot.push_run(frame);
            drop(Pushed(slot));
        });
    });
}

#[test]
#[ignore = "a mutant"]
fn l3_mutant_takes_it_before_it_locks() {
    a_callback_runs_something(|slot| {
        frame_of_a_run(|frame| {
            frame.caller.set(slot.leaf.take());
            slot.push(frame);
            drop(Pushed(slot));
        });
    });
}

#[test]
#[ignore = "a mutant"]
fn l3_mutant_puts_it_back_before_it_locks() {
    a_callback_runs_something(|slot| {
        frame_of_a_run(|frame| {
            slot.push_run(frame);
            slot.leaf.put_back(frame.caller.get());
            drop(Pushed(slot));
        });
    });
}
