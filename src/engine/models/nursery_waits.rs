//! Models of W4, and of the wait until no child is left, each with a mutant that it must catch.

use super::*;
use crate::engine::nursery::places::How;

/// Two children have all places, and each spawns: one is refused, and the other's child runs.
fn all_wait_for_a_place(spawn: Spawn) {
    explore(2, move || {
        let scene = scene(2);
        let refused = Arc::new(Counter::new(0));
        for _ in 0..2 {
            let (nursery, runs, refused) =
                (scene.nursery.clone(), scene.runs.clone(), refused.clone());
            let child = scene.child_that(move || {
                let then = Box::new(|| ());
                let runs = runs.clone();
                if let Err(Refused::Deadlock) = spawn(&nursery, Model { runs, then }) {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
            assert!(as_it_is(&scene.nursery, child).is_ok());
        }
        let helper = scene.helper();
        scene.run(|| ());
        helper.join().unwrap();
        // If one has ended before the other spawns, there is a place.
        let refused = refused.load(Ordering::Relaxed);
        assert!(refused <= 1);
        assert_eq!(scene.runs() + refused, 4);
    });
}

#[test]
fn w4_one_is_refused_if_all_wait() {
    all_wait_for_a_place(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w4_mutant_looks_before_it_says_that_it_waits() {
    all_wait_for_a_place(|nursery, child| {
        let state = nursery.lock();
        if !state.places.is_full() {
            drop(state);
            return as_it_is(nursery, child);
        }
        let thread = activity::innermost(|id| state.places.runs_children(id));
        let is_deadlock = state.places.is_deadlock(thread, How::Spawns);
        drop(state);
        let mut state = nursery.lock();
        if is_deadlock {
            return Err(Refused::Deadlock);
        }
        state.places.begin_to_wait(thread, How::Spawns);
        let waiter = Arc::new(Waiter::new());
        state.places.add_spawner(child, waiter.clone(), thread);
        drop(state);
        waiter.wait(None);
        nursery.see_to_it(nursery.lock())
    });
}

/// A child waits for a place, and the one that it is given spawns another: who was given a place does not wait for one any
/// more, though he may be asleep yet, so nobody is refused.
fn waits_no_more(spawn: Spawn) {
    explore(2, move || {
        let scene = scene(2);
        let (nursery, runs) = (scene.nursery.clone(), scene.runs.clone());
        let child = move |then: Box<dyn Fn() + Send + Sync>| Model {
            runs: runs.clone(),
            then,
        };
        let first = scene.child_that(move || {
            let (inner, next) = (nursery.clone(), child.clone());
            let then = Box::new(move || assert!(spawn(&inner, next(Box::new(|| ()))).is_ok()));
            assert!(spawn(&nursery, child(then)).is_ok());
        });
        assert!(as_it_is(&scene.nursery, first).is_ok());
        assert!(as_it_is(&scene.nursery, scene.child()).is_ok());
        let helper = scene.helper();
        scene.run(|| ());
        helper.join().unwrap();
        assert_eq!(scene.runs(), 4);
    });
}

#[test]
fn w4_who_was_given_a_place_waits_no_more() {
    waits_no_more(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w4_mutant_waits_until_it_is_awake() {
    waits_no_more(|nursery, child| {
        let mut state = nursery.lock();
        if !state.places.is_full() {
            drop(state);
            return as_it_is(nursery, child);
        }
        let thread = activity::innermost(|id| state.places.runs_children(id));
        state.places.begin_to_wait(thread, How::Spawns);
        if state.places.is_deadlock(thread, How::Spawns) {
            return Err(Refused::Deadlock);
        }
        let waiter = Arc::new(Waiter::new());
        state.places.add_spawner(child, waiter.clone(), None);
        drop(state);
        waiter.wait(None);
        let mut state = nursery.lock();
        state.places.end_wait(thread, How::Spawns);
        nursery.see_to_it(state)
    });
}

/// The body waits until no child is left while the last one ends.
fn rests(rest: fn(&Arc<Nursery<Model>>) -> bool) {
    explore(2, move || {
        let scene = scene(0);
        assert!(as_it_is(&scene.nursery, scene.child()).is_ok());
        let helper = scene.helper();
        scene.run(|| {
            assert!(rest(&scene.nursery));
            assert_eq!(scene.runs(), 1);
        });
        helper.join().unwrap();
    });
}

#[test]
fn who_waits_for_the_last_child_is_told() {
    rests(|nursery| nursery.rest(None) == Rest::Left);
}

#[test]
#[ignore = "a mutant"]
fn mutant_looks_before_it_says_that_it_waits() {
    rests(|nursery| {
        if nursery.lock().places.is_at_rest() {
            return true;
        }
        let waiter = Arc::new(Waiter::new());
        let mut state = nursery.lock();
        state.places.rest(waiter.clone(), None, How::Rests);
        drop(state);
        waiter.wait(None);
        true
    });
}
