//! Models of B2 to B4 in a nursery, each with a mutant that it must catch. But for the last one, the sentinel is awake, and far away.

use std::sync::atomic::{AtomicUsize as Counter, Ordering};

use loom::thread;

use super::*;
use crate::base::error::{Error, Outcome};
use crate::base::models::{explore, threads};
use crate::base::sync::{Arc, Weak};
use crate::engine::frames::{self, Context, What};
use crate::engine::models::lasting_scope;
use crate::engine::nursery::{IfFull, Under};
use crate::engine::sentinel;
use crate::engine::shown::Source;
use crate::scope::activity::Activities;
use crate::scope::cancel::Scope;
use crate::scope::promise::Promise;
use crate::scope::queue::{Queue, Turn};

/// A child that waits for a promise, and counts how many of its kind have been released.
struct Waits {
    promise: Promise,
    /// Whether it begins as it is spawned; else it is in the queue until the model begins it.
    at_once: bool,
    released: Arc<Counter>,
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::Relaxed);
    }
}

impl Waits {
    fn operation(&self) -> Operation {
        Operation::new(Source::Promise(self.promise.node().clone()), Vec::new())
    }
}

impl Child for Waits {
    type Room = ();
    fn accepted(&mut self, _: &Cancel) {}
    fn can_wait(&self) -> bool {
        self.at_once
    }
    fn begin(&self, _: &Under) -> Operation {
        self.operation()
    }
    fn run(&self, _: &Context<'_>) -> Outcome {
        unreachable!("it waits without a thread")
    }
    fn not_started(&self, error: Error) -> Error {
        error
    }
}

/// A nursery with one such child.
struct Scene {
    nursery: Arc<Nursery<Waits>>,
    scope: Scope<'static>,
    promise: Promise,
    released: Arc<Counter>,
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, 0, code)
}

fn scene() -> Scene {
    sentinel::pretend_awake();
    scene_with_sentinel()
}

fn scene_with_sentinel() -> Scene {
    let scope = lasting_scope();
    let nursery = on_this_thread(&scope, |context| Nursery::new(&context, "a model", 0, None));
    Scene {
        nursery,
        scope,
        promise: Promise::new(),
        released: Arc::default(),
    }
}

/// How a child begins to wait.
type Keep = fn(&Arc<Nursery<Waits>>, Waits, &Cancel);

fn as_it_is(nursery: &Arc<Nursery<Waits>>, child: Waits, cancel: &Cancel) {
    let operation = child.operation();
    nursery.keep(child, operation, cancel);
}

impl Scene {
    fn spawn(&self) {
        let child = self.child(false);
        assert!(self.nursery.spawn(child, IfFull::Wait).is_ok());
    }

    fn child(&self, at_once: bool) -> Waits {
        Waits {
            promise: self.promise.clone(),
            at_once,
            released: self.released.clone(),
        }
    }

    /// Begins it on the calling thread, as a helper does.
    fn begin(&self, keep: Keep) {
        let taken = self.nursery.lock().places.begin();
        let child = taken.expect("it was spawned");
        keep(&self.nursery, child, self.scope.handle());
    }

    /// Runs the nursery with that body, on the calling thread. Tells which errors there were.
    fn run(&self, body: impl FnOnce()) -> Vec<i32> {
        let body = || {
            body();
            Ok(())
        };
        let ended = on_this_thread(&self.scope, |context| self.nursery.run(&context, body));
        ended.errors.iter().map(|error| error.code()).collect()
    }

    fn completes(&self) -> thread::JoinHandle<()> {
        let promise = self.promise.clone();
        thread::spawn(move || {
            promise.complete(Err(Error::new(7, "seven")));
        })
    }

    fn cancels(&self) -> thread::JoinHandle<()> {
        let cancel = self.scope.handle().clone();
        thread::spawn(move || cancel.trigger(Error::new(77, "because")))
    }

    fn released(&self) -> usize {
        self.released.load(Ordering::Relaxed)
    }
}

/// What it waits for comes while it begins to wait: it ends, and the nursery waits for that.
fn told_as_it_begins(keep: Keep) {
    explore(2, move || {
        let scene = scene();
        scene.spawn();
        let completes = scene.completes();
        assert_eq!(scene.run(|| scene.begin(keep)), [7]);
        assert_eq!(scene.released(), 1);
        completes.join().unwrap();
    });
}

#[test]
fn b3_told_as_it_begins() {
    told_as_it_begins(as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_listens_before_it_is_kept() {
    told_as_it_begins(|nursery, child, cancel| {
        let (me, mut operation) = (Arc::downgrade(nursery), child.operation());
        // What is told meanwhile is told of nothing that is there.
        let never = Promise::new();
        let waits = Operation::new(Source::Promise(never.node().clone()), Vec::new());
        let listening = pending::ticket(me.clone(), Which::One(1));
        let is_ready = operation.listen(&listening).is_none();
        let _ = nursery.lock().pending.keep(child, waits, me, cancel);
        std::mem::forget(never); // It is not broken either.
        if is_ready {
            nursery.clone().give_back(Which::One(1));
        }
    });
}

/// It is spawned, and begins, while the body returns and its promise is completed: it ends, and the nursery waits for that, or it was refused.
fn spawned_as_the_body_returns(spawn: fn(&Arc<Nursery<Waits>>, Waits) -> bool) {
    explore(2, move || {
        let scene = scene();
        let (nursery, child) = (scene.nursery.clone(), scene.child(true));
        let spawns = thread::spawn(move || spawn(&nursery, child));
        let completes = scene.completes();
        let errors = scene.run(|| ());
        let released = scene.released();
        if spawns.join().unwrap() {
            assert_eq!((errors, released), (vec![7], 1));
        } else {
            assert!(errors.is_empty());
        }
        completes.join().unwrap();
    });
}

#[test]
fn b3_w3_spawned_as_the_body_returns() {
    spawned_as_the_body_returns(|nursery, child| nursery.spawn(child, IfFull::Wait).is_ok());
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_leaves_what_is_ready_at_once() {
    spawned_as_the_body_returns(|nursery, child| spawn_by_hand(nursery, child, true));
}

#[test]
#[ignore = "a mutant"]
fn w3_mutant_begins_without_a_place() {
    spawned_as_the_body_returns(|nursery, child| spawn_by_hand(nursery, child, false));
}

fn spawn_by_hand(nursery: &Arc<Nursery<Waits>>, child: Waits, has_place: bool) -> bool {
    let mut state = nursery.lock();
    let open = state.open.as_ref().filter(|_| !state.places.is_over());
    let Some(cancel) = open.map(|open| open.cancel.clone()) else {
        return false;
    };
    if has_place {
        state.places.begin_another();
    }
    drop(state);
    let operation = child.operation();
    nursery.keep(child, operation, &cancel);
    if !has_place {
        nursery.lock().places.begin_another();
    }
    true
}

/// It is told and cancelled at the same moment, as it begins or later: it ends once, with one of them.
#[test]
fn b2_told_and_cancelled() {
    explore(2, || {
        let scene = scene();
        scene.spawn();
        let others = [scene.completes(), scene.cancels()];
        let errors = scene.run(|| scene.begin(as_it_is));
        assert!(errors == [7] || errors == [77]);
        assert_eq!(scene.released(), 1);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// The timer tells it at the same moment, too: it ends once.
#[test]
fn b2_told_by_the_timer_too() {
    explore(1, || {
        let scene = scene();
        scene.spawn();
        let nursery = scene.nursery.clone();
        let timer = thread::spawn(move || nursery.give_back(Which::One(1)));
        let others = [timer, scene.completes(), scene.cancels()];
        let errors = scene.run(|| scene.begin(as_it_is));
        // Nothing has come yet but the moment, which fails nothing here.
        assert!(errors.is_empty() || errors == [7] || errors == [77]);
        assert_eq!(scene.released(), 1);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// The thread that runs the nursery waits for the last child, which is given back.
fn the_last_one_is_told(give_back: fn(&Arc<Nursery<Waits>>, Which)) {
    explore(2, move || {
        let scene = scene();
        scene.spawn();
        let (nursery, promise) = (scene.nursery.clone(), scene.promise.clone());
        let tells = thread::spawn(move || {
            promise.complete(Err(Error::new(7, "seven")));
            give_back(&nursery, Which::All);
        });
        assert_eq!(scene.run(|| scene.begin(unheard)), [7]);
        assert_eq!(scene.released(), 1);
        tells.join().unwrap();
    });
}

/// Only the model tells that it is ready, unless it is so as it begins.
fn unheard(nursery: &Arc<Nursery<Waits>>, child: Waits, cancel: &Cancel) {
    let nobody: Weak<Nursery<Waits>> = Weak::new();
    let operation = child.operation();
    let mut state = nursery.lock();
    let _ = state.pending.keep(child, operation, nobody, cancel);
}

#[test]
fn b3_the_runner_ends_the_last_one() {
    the_last_one_is_told(|nursery, which| nursery.clone().give_back(which));
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_does_not_ring_for_the_runner() {
    the_last_one_is_told(|nursery, which| {
        nursery.lock().pending.give_back(which);
    });
}

#[test]
#[ignore = "a mutant"]
fn b3_mutant_looks_whether_the_runner_waits_first() {
    the_last_one_is_told(|nursery, which| {
        let waits = nursery.lock().runner_waits;
        nursery.lock().pending.give_back(which);
        if waits {
            nursery.bell.ring();
        }
    });
}

/// The nursery is over as it would be if threads waited: not before its last child has ended.
#[test]
#[ignore = "a mutant"]
fn b4_mutant_gives_its_place_away_as_it_begins_to_wait() {
    told_as_it_begins(|nursery, child, cancel| {
        as_it_is(nursery, child, cancel);
        nursery.lock().places.end(|| false, |_| ());
    });
}

/// The body waits for a child that is told when the sentinel has fallen asleep, or falls asleep.
fn told_while_the_body_waits(give_back: fn(&Arc<Nursery<Waits>>, Which)) {
    explore(1, move || {
        threads::at_most(usize::MAX);
        let scene = scene_with_sentinel();
        scene.spawn();
        let (nursery, promise) = (scene.nursery.clone(), scene.promise.clone());
        let errors = scene.run(|| {
            scene.begin(unheard);
            let tells = thread::spawn(move || {
                promise.complete(Err(Error::new(7, "seven")));
                give_back(&nursery, Which::All);
            });
            // That nursery is cancelled, because its child fails.
            assert!(scene.scope.handle().wait(None));
            tells.join().unwrap();
        });
        assert_eq!(errors, [7]);
        threads::join();
    });
}

#[test]
fn b3_f6_somebody_comes_who_ends_it() {
    told_while_the_body_waits(|nursery, which| nursery.clone().give_back(which));
}

#[test]
#[ignore = "a mutant"]
fn b3_f6_mutant_looks_for_the_sentinel_first() {
    told_while_the_body_waits(|nursery, which| {
        let me = nursery.clone();
        assert!(pending::send_for(&me, true));
        nursery.lock().pending.give_back(which);
    });
}

/// How a child waits for its turn in a queue.
type Waiting = fn(&Arc<Turn>) -> Source;

/// A child has its turn in a queue, or the nursery is cancelled before that.
fn turn_meets_a_cancellation(waits_for: Waiting) {
    explore(2, move || {
        let scene = scene();
        let queue = Queue::new();
        let body = || {
            scene.spawn();
            let cancel = scene.scope.handle();
            let fails = Box::new(|| Err(Error::new(7, "seven")));
            let turn = queue.node().enter(cancel, &Activities::default(), fails);
            let child = scene.nursery.lock().places.begin().expect("it was spawned");
            let operation = Operation::new(waits_for(&turn), Vec::new());
            scene.nursery.keep(child, operation, cancel);
        };
        let runs = || {
            let queue = queue.clone();
            thread::spawn(move || {
                let last = queue.await_first(None, false, None);
                last.and_then(|last| queue.run(last)).unwrap_or(0)
            })
        };
        let mut others = None;
        let codes = scene.run(|| {
            body();
            others = Some((runs(), scene.cancels()));
        });
        let (runs, cancels) = others.expect("the body has run");
        let code = if runs.join().unwrap() == 1 { 7 } else { 77 };
        assert_eq!(codes, [code]);
        cancels.join().unwrap();
    });
}

#[test]
fn b2_what_has_begun_in_a_queue_is_not_given_back_before_it_ends() {
    turn_meets_a_cancellation(|turn| Source::Turn(turn.clone()));
}

#[test]
#[ignore = "a mutant"]
fn b2_mutant_gives_back_what_runs() {
    turn_meets_a_cancellation(|turn| Source::Promise(turn.done().clone()));
}
