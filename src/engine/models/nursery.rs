//! Models of W1 to W3, each with a mutant that it must catch; those of W4 are in `waits`. But for the last one, the sentinel is awake,
//! and far away.

#[path = "nursery_waits.rs"]
mod waits;

use std::sync::atomic::{AtomicUsize as Counter, Ordering};

use loom::thread;

use super::*;
use crate::base::models::{explore, threads};
use crate::engine::{crew, frames, sentinel};
use crate::scope::cancel::Scope;
use crate::scope::waiter::Waiter;

/// A child that counts its runs and then does something.
struct Model {
    runs: Arc<Counter>,
    then: Box<dyn Fn() + Send + Sync>,
}

impl Child for Model {
    type Room = ();
    fn accepted(&mut self, _: &Cancel) {}
    fn run(&self, _: &Context<'_>) -> Outcome {
        self.runs.fetch_add(1, Ordering::Relaxed);
        (self.then)();
        Ok(())
    }
    fn not_started(&self, error: Error) -> Error {
        error
    }
}

/// A nursery, and what its run has.
struct Scene {
    nursery: Arc<Nursery<Model>>,
    scope: Scope<'static>,
    runs: Arc<Counter>,
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, 0, code)
}

fn scene(limit: usize) -> Scene {
    sentinel::pretend_awake();
    scene_with_sentinel(limit)
}

fn scene_with_sentinel(limit: usize) -> Scene {
    let scope = Scope::of(None, None);
    let nursery = on_this_thread(&scope, |context| {
        Nursery::new(&context, "a model", limit, None)
    });
    Scene {
        nursery,
        scope,
        runs: Arc::default(),
    }
}

impl Scene {
    fn child(&self) -> Model {
        self.child_that(|| ())
    }

    fn child_that(&self, then: impl Fn() + Send + Sync + 'static) -> Model {
        Model {
            runs: self.runs.clone(),
            then: Box::new(then),
        }
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// Runs the nursery with that body, on the calling thread.
    fn run(&self, body: impl FnOnce()) {
        let body = || {
            body();
            Ok(())
        };
        on_this_thread(&self.scope, |context| self.nursery.run(&context, body));
    }

    /// A thread that comes to help.
    fn helper(&self) -> thread::JoinHandle<()> {
        let nursery = self.nursery.clone();
        thread::spawn(move || nursery.help())
    }

    /// Nobody has a child any more, whatever became of it.
    fn all_released(&self) {
        assert_eq!(Arc::strong_count(&self.runs), 1);
    }
}

type Spawn = fn(&Arc<Nursery<Model>>, Model) -> Result<(), Refused>;

fn as_it_is(nursery: &Arc<Nursery<Model>>, child: Model) -> Result<(), Refused> {
    nursery.spawn(child, IfFull::Wait)
}

/// A child is spawned as the body returns, or as the last child ends: it has run when the nursery is over, or was refused.
fn spawned_at_the_end(children: usize, spawn: Spawn) {
    explore(2, move || {
        let scene = scene(0);
        let (nursery, late) = (scene.nursery.clone(), scene.child());
        let other = thread::spawn(move || spawn(&nursery, late).is_ok());
        let helper = (children > 0).then(|| scene.helper());
        scene.run(|| {
            for _ in 0..children {
                assert!(as_it_is(&scene.nursery, scene.child()).is_ok());
            }
        });
        let runs = scene.runs();
        let accepted = usize::from(other.join().unwrap());
        assert_eq!(runs, children + accepted);
        if let Some(helper) = helper {
            helper.join().unwrap();
        }
        scene.all_released();
    });
}

#[test]
fn w3_spawned_as_the_body_returns() {
    spawned_at_the_end(0, as_it_is);
}

#[test]
fn w3_spawned_as_the_last_child_ends() {
    spawned_at_the_end(1, as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w3_mutant_accepts_as_long_as_it_is_open() {
    spawned_at_the_end(1, |nursery, child| {
        let mut state = nursery.lock();
        if state.open.is_none() {
            return Err(Refused::Over);
        }
        drop(state);
        state = nursery.lock();
        state.places.accept(child);
        nursery.see_to_it(state)
    });
}

/// A child that a helper runs spawns another, and waits for it: so who runs the nursery has to run it.
fn spawned_while_the_runner_waits(spawn: Spawn) {
    explore(2, move || {
        let scene = scene(0);
        let [began, met] = [(); 2].map(|()| Cancel::root(None));
        let (nursery, runs) = (scene.nursery.clone(), scene.runs.clone());
        let (begins, meets) = (began.clone(), met.clone());
        let first = scene.child_that(move || {
            begins.trigger(Error::new(1, "it has begun"));
            let (runs, by_second) = (runs.clone(), meets.clone());
            let then = Box::new(move || by_second.trigger(Error::new(1, "met")));
            assert!(spawn(&nursery, Model { runs, then }).is_ok());
            meets.wait(None);
        });
        assert!(as_it_is(&scene.nursery, first).is_ok());
        let helper = scene.helper();
        scene.run(|| assert!(began.wait(None)));
        assert_eq!(scene.runs(), 2);
        helper.join().unwrap();
    });
}

#[test]
fn w2_what_is_spawned_while_the_runner_waits_is_run() {
    spawned_while_the_runner_waits(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w2_mutant_does_not_ring_for_the_runner() {
    spawned_while_the_runner_waits(|nursery, child| offer(nursery, child).map(drop));
}

#[test]
#[ignore = "a mutant"]
fn w2_mutant_rings_before_the_child_is_there() {
    spawned_while_the_runner_waits(|nursery, child| {
        nursery.bell.ring();
        offer(nursery, child).map(drop)
    });
}

fn offer(nursery: &Nursery<Model>, child: Model) -> Result<bool, Refused> {
    let offered = nursery.incoming.lock().offer(child);
    offered.map_err(|(_, refused)| refused)
}

/// The nursery is cancelled while a child is spawned: it is run or released, and it is over.
fn spawned_while_it_is_cancelled(spawn: Spawn) {
    explore(2, move || {
        let scene = scene(0);
        let (nursery, late) = (scene.nursery.clone(), scene.child());
        let other = thread::spawn(move || spawn(&nursery, late).is_ok());
        let helper = scene.helper();
        scene.run(|| scene.scope.handle().trigger(Error::new(1, "stop")));
        let runs = scene.runs();
        let accepted = usize::from(other.join().unwrap());
        assert!(runs <= accepted);
        helper.join().unwrap();
        assert_eq!(scene.runs(), runs);
        scene.all_released();
    });
}

#[test]
fn w1_spawned_while_it_is_cancelled() {
    spawned_while_it_is_cancelled(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w1_mutant_accepts_before_it_looks() {
    spawned_while_it_is_cancelled(|nursery, child| {
        let accepted = as_it_is(nursery, child);
        let state = nursery.lock();
        match &state.open {
            Some(open) if !open.cancel.cancelled() => accepted,
            _ => Err(Refused::Over),
        }
    });
}

/// A spawner that waits for a place is cancelled; meanwhile the place is given back, or not before the spawner has its
/// answer.
fn a_place_is_waited_for(spawn: Spawn, is_given_back: bool) {
    explore(2, move || {
        let scene = scene(1);
        assert!(as_it_is(&scene.nursery, scene.child()).is_ok());
        let asking = Cancel::root(None);
        let (nursery, late, own) = (scene.nursery.clone(), scene.child(), asking.clone());
        let other = thread::spawn(move || {
            let scope = Scope::of(Some(&own), None);
            on_this_thread(&scope, |context| {
                context.during(0, || spawn(&nursery, late).is_ok())
            })
        });
        let helper = is_given_back.then(|| scene.helper());
        asking.trigger(Error::new(1, "enough"));
        // The body holds the nursery open until the spawner has its answer.
        let mut accepted = true;
        scene.run(|| accepted = other.join().unwrap());
        if let Some(helper) = helper {
            helper.join().unwrap();
        }
        assert!(is_given_back || !accepted);
        assert_eq!(scene.runs(), 1 + usize::from(accepted));
        scene.all_released();
    });
}

#[test]
fn w1_a_place_or_a_refusal() {
    a_place_is_waited_for(as_it_is, true);
}

fn wait_for_place(
    nursery: &Arc<Nursery<Model>>,
    child: Model,
    hears: bool,
    is_lost: bool,
) -> Result<(), Refused> {
    let mut state = nursery.lock();
    if !state.places.is_full() {
        state.places.accept(child);
        return nursery.see_to_it(state);
    }
    let waiter = Arc::new(Waiter::new());
    state.places.add_spawner(child, waiter.clone(), None);
    let mut handles = state.heard();
    drop(state);
    if !hears {
        handles.pop();
    }
    spawn::wait_under(&handles, &waiter, None);
    let left = nursery.lock().places.remove_spawner(&waiter);
    let is_cancelled = handles.iter().any(|handle| handle.cancelled());
    if left.is_some() || (is_lost && is_cancelled) {
        Err(Refused::Full)
    } else {
        Ok(())
    }
}

#[test]
#[ignore = "a mutant"]
fn w1_mutant_refuses_though_it_was_accepted() {
    let spawn: Spawn = |nursery, child| wait_for_place(nursery, child, true, true);
    a_place_is_waited_for(spawn, true);
}

#[test]
fn w1_a_spawner_is_woken_by_its_cancellation() {
    let spawn: Spawn = |nursery, child| wait_for_place(nursery, child, true, false);
    a_place_is_waited_for(spawn, false);
}

#[test]
#[ignore = "a mutant"]
fn w1_mutant_does_not_hear_of_its_cancellation() {
    let spawn: Spawn = |nursery, child| wait_for_place(nursery, child, false, false);
    a_place_is_waited_for(spawn, false);
}

/// The body waits for what it spawns, again and again, with a sentinel that falls asleep.
fn spawned_and_awaited(spawn: Spawn) {
    explore(1, move || {
        threads::at_most(usize::MAX);
        let scene = scene_with_sentinel(0);
        scene.run(|| {
            for _ in 0..2 {
                let met = Cancel::root(None);
                let meets = met.clone();
                let child = scene.child_that(move || meets.trigger(Error::new(1, "met")));
                assert!(spawn(&scene.nursery, child).is_ok());
                met.wait(None);
            }
        });
        assert_eq!(scene.runs(), 2);
        threads::join();
    });
}

#[test]
fn w2_f6_what_the_body_waits_for_is_begun() {
    spawned_and_awaited(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn w2_f6_mutant_looks_for_the_sentinel_first() {
    spawned_and_awaited(|nursery, child| {
        sentinel::watch(nursery, 1).expect("there are threads");
        nursery.lock().places.accept(child);
        Ok(())
    });
}

/// In a program that has rested, the body spawns two, of which the first waits for the second, and waits for them itself.
fn spawned_after_a_rest(spawn: Spawn) {
    explore(1, move || {
        let parked = crew::park_for_one_job();
        threads::at_most(usize::MAX);
        sentinel::pretend_rested();
        let scene = scene_with_sentinel(0);
        let [second_runs, first_ends] = [(); 2].map(|()| Cancel::root(None));
        let (seen, says, ends) = (second_runs.clone(), second_runs, first_ends.clone());
        let first = scene.child_that(move || {
            seen.wait(None);
            ends.trigger(Error::new(1, "met"));
        });
        let second = scene.child_that(move || says.trigger(Error::new(1, "runs")));
        scene.run(|| {
            assert!(spawn(&scene.nursery, first).is_ok());
            assert!(spawn(&scene.nursery, second).is_ok());
            first_ends.wait(None);
        });
        assert_eq!(scene.runs(), 2);
        parked.join().unwrap();
        threads::join();
    });
}

#[test]
fn f1_w2_each_one_has_somebody_who_comes() {
    spawned_after_a_rest(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn f1_w2_mutant_counts_on_who_was_sent_for_another() {
    spawned_after_a_rest(|nursery, child| {
        let coming = nursery.watch.coming.load(Ordering::Relaxed);
        if coming == 0 {
            return as_it_is(nursery, child);
        }
        nursery.lock().places.accept(child);
        Ok(())
    });
}
