//! Models of S1 and S3, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::backlog::{Backlog, Watch};
use crate::models::NO_PART;

type Enter = fn(fn(&'static Slot));

/// Comes in and is alone in the slot.
fn come_in(enter: Enter) {
    enter(|slot| {
        let mut frames = 0;
        slot.each(|_| frames += 1);
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
    super::enter(
        What::Run("a model"),
        &Scope::of(None, None),
        None,
        NO_PART,
        code,
    );
}

#[test]
#[ignore = "a mutant"]
fn s1_mutant_looks_before_it_locks() {
    a_slot_is_free(|code| {
        let scope = Scope::of(None, None);
        let frame = Frame::of(What::Run("a model"), &scope, None, 0);
        let is_free = |slot: &'static Slot| slot.innermost.lock().0.is_null();
        let known = MINE.with(|mine| mine.slot.get());
        let free = known.filter(|slot| is_free(slot));
        let slot = free.unwrap_or_else(|| slots::take(is_free));
        MINE.with(|mine| mine.slot.set(Some(slot)));
        slot.push(&frame, true);
        let _pushed = Pushed(slot);
        code(slot);
    });
}

/// A backlog that its caller lends to who looks, and then ends.
#[derive(Default)]
struct Lent {
    has_ended: AtomicBool,
    watch: Watch,
}

impl Published for Lent {
    fn backlog(&self) -> &dyn Backlog {
        assert!(!self.has_ended.load(Ordering::Relaxed));
        self
    }
    fn share(&self) -> Arc<dyn Backlog> {
        Arc::new(Lent::default())
    }
}

impl Backlog for Lent {
    fn name(&self) -> &'static str {
        "a model"
    }
    fn unclaimed(&self) -> usize {
        1
    }
    fn help(&self) {}
    fn give_up(&self) {}
    fn watch(&self) -> &Watch {
        &self.watch
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
