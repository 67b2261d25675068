//! Models of queues, and for each a copy of the protocol with a mistake in it, which the model must catch.

use loom::sync::atomic::{AtomicUsize as Count, Ordering as Order};
use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::scope::listener::Listening;

struct Scene {
    queue: Queue,
    cancel: Cancel,
    runs: Arc<Count>,
}

impl Scene {
    fn new() -> Scene {
        Scene {
            queue: Queue::new(),
            cancel: Cancel::root(None),
            runs: Arc::new(Count::new(0)),
        }
    }

    fn enter(&self) -> Arc<Turn> {
        self.enter_by(Node::enter)
    }

    fn enter_by(&self, enter: Enter) -> Arc<Turn> {
        let runs = self.runs.clone();
        let work = move || {
            runs.fetch_add(1, Order::Relaxed);
            Ok(())
        };
        enter(
            self.queue.node(),
            &self.cancel,
            &Activities::default(),
            Box::new(work),
        )
    }
}

type Enter = fn(&Arc<Node>, &Cancel, &Activities, Work) -> Arc<Turn>;

fn run_at_once(queue: &Queue) -> usize {
    let last = queue.await_first(None, false, None);
    last.and_then(|last| queue.run(last)).unwrap_or(0)
}

/// Waits until it is over, as a thread does that nobody cancels.
fn wait(turn: &Turn) -> Option<i32> {
    let waiter = Arc::new(Waiter::new());
    let listening = Listening::of(waiter.clone());
    if turn.done().listen(&listening) {
        waiter.wait(None);
        turn.done().unlisten(&listening);
    }
    let outcome = turn.outcome().expect("it is over");
    outcome.err().map(|error| error.code())
}

/// It is either given up, and never runs, or has run when it is over.
fn run_meets_giving_up(give_up: fn(&Turn) -> bool) {
    explore(3, move || {
        let scene = Scene::new();
        let turn = scene.enter();
        let queue = scene.queue.clone();
        let runner = thread::spawn(move || run_at_once(&queue));
        let is_given_up = give_up(&turn);
        if !is_given_up {
            assert_eq!(wait(&turn), None);
        }
        let ran = runner.join().unwrap();
        assert_eq!(ran, usize::from(!is_given_up));
        assert_eq!(scene.runs.load(Order::Relaxed), ran);
    });
}

#[test]
fn qu1_what_was_given_up_never_begins() {
    run_meets_giving_up(Turn::give_up);
}

#[test]
#[ignore = "a mutant"]
fn qu1_mutant_gives_up_what_is_not_over() {
    run_meets_giving_up(|turn| {
        let is_over = turn.outcome().is_some();
        turn.give_up();
        !is_over
    });
}

/// Two run it: each turn runs once.
#[test]
fn qu1_two_runs_share_the_turns() {
    explore(3, || {
        let scene = Scene::new();
        let turns = [scene.enter(), scene.enter()];
        let queue = scene.queue.clone();
        let other = thread::spawn(move || run_at_once(&queue));
        let here = run_at_once(&scene.queue);
        assert_eq!(here + other.join().unwrap(), 2);
        assert_eq!(scene.runs.load(Order::Relaxed), 2);
        assert!(turns.iter().all(|turn| turn.outcome().is_some()));
    });
}

/// One enters while the last reference goes.
fn entry_meets_the_last_reference(enter: Enter) {
    explore(3, move || {
        let Scene {
            queue,
            cancel,
            runs: _,
        } = Scene::new();
        let node = queue.node().clone();
        let enters = thread::spawn(move || {
            let turn = enter(&node, &cancel, &Activities::default(), Box::new(|| Ok(())));
            assert_eq!(wait(&turn), Some(libc::EPIPE));
        });
        drop(queue);
        enters.join().unwrap();
    });
}

#[test]
fn qu2_who_enters_is_refused() {
    entry_meets_the_last_reference(Node::enter);
}

#[test]
#[ignore = "a mutant"]
fn qu2_mutant_looks_before_it_enters() {
    entry_meets_the_last_reference(|node, cancel, part_of, work| {
        let is_broken = node.state.lock().is_broken;
        if is_broken {
            return node.enter(cancel, part_of, work);
        }
        enter_unasked(node, cancel, work)
    });
}

/// As `Node::enter` goes on, whether or not there is a reference, or anybody to ring.
fn enter_unasked(node: &Arc<Node>, cancel: &Cancel, work: Work) -> Arc<Turn> {
    let mut state = node.state.lock();
    state.entered += 1;
    let turn = Arc::new(Turn {
        queue: node.clone(),
        number: state.entered,
        cancel: cancel.clone(),
        work: Mutex::new(Some(work)),
        done: Promise::new(),
    });
    state.turns.insert(turn.number, turn.clone());
    turn
}

/// The last reference goes while who waits gives it up.
#[test]
fn qu2_giving_up_meets_the_last_reference() {
    explore(3, || {
        let scene = Scene::new();
        let turn = scene.enter();
        let gives_up = thread::spawn(move || {
            if !turn.give_up() {
                assert_eq!(wait(&turn), Some(libc::EPIPE));
            }
        });
        drop(scene.queue);
        gives_up.join().unwrap();
        assert_eq!(scene.runs.load(Order::Relaxed), 0);
    });
}

/// One reference goes while the other is there for a run.
#[test]
fn qu2_a_run_has_a_reference() {
    explore(3, || {
        let scene = Scene::new();
        let turn = scene.enter();
        let queue = scene.queue.clone();
        let runs = thread::spawn(move || run_at_once(&queue));
        drop(scene.queue);
        assert_eq!(wait(&turn), None);
        assert_eq!(runs.join().unwrap(), 1);
    });
}

/// Somebody waits for a turn, which comes.
fn the_first_is_seen(enter: Enter) {
    explore(3, move || {
        let scene = Scene::new();
        let queue = scene.queue.clone();
        let runs = thread::spawn(move || {
            let last = queue.await_first(None, true, None);
            queue.run(last.expect("it waits for ever"))
        });
        let turn = scene.enter_by(enter);
        assert_eq!(wait(&turn), None);
        assert_eq!(runs.join().unwrap(), Some(1));
    });
}

#[test]
fn qu4_who_waits_is_rung() {
    the_first_is_seen(Node::enter);
}

#[test]
#[ignore = "a mutant"]
fn qu4_mutant_rings_who_waited_before() {
    the_first_is_seen(|node, cancel, _, work| {
        let runner = node.state.lock().waiting.pop_front();
        let turn = enter_unasked(node, cancel, work);
        runner.iter().for_each(|runner| runner.ring());
        turn
    });
}

/// A handle is cancelled while somebody waits under it for a turn, which comes at the same time: it is there for the next one.
#[test]
fn qu4_a_cancelled_wait_loses_nothing() {
    explore(2, || {
        let scene = Scene::new();
        let handle = Cancel::root(None);
        let (queue, under) = (scene.queue.clone(), handle.clone());
        let runs = thread::spawn(move || {
            let last = queue.await_first(Some(&under), true, None);
            last.and_then(|last| queue.run(last)).unwrap_or(0)
        });
        handle.trigger(Error::new(libc::ECANCELED, "no longer"));
        let turn = scene.enter();
        let ran = runs.join().unwrap();
        assert_eq!(ran + run_at_once(&scene.queue), 1);
        assert_eq!(wait(&turn), None);
    });
}

/// What runs brings another one: it is left for the next run.
#[test]
fn qu3_a_run_ends() {
    explore(2, || {
        let scene = Scene::new();
        let (node, cancel) = (scene.queue.node().clone(), scene.cancel.clone());
        let work = move || {
            node.enter(&cancel, &Activities::default(), Box::new(|| Ok(())));
            Ok(())
        };
        scene
            .queue
            .node()
            .enter(&scene.cancel, &Activities::default(), Box::new(work));
        assert_eq!(run_at_once(&scene.queue), 1);
        assert_eq!(run_at_once(&scene.queue), 1);
        assert_eq!(run_at_once(&scene.queue), 0);
    });
}
