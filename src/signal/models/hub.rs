//! Models of G4 and G5, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::sync::atomic::{AtomicBool, Ordering};

const SIGNAL: Set = Set::of(libc::SIGWINCH);

/// Somebody who waits until he is told.
struct Told {
    is_told: Mutex<bool>,
    bell: Condvar,
    has_left: AtomicBool,
}

impl Told {
    fn new() -> Arc<Told> {
        Arc::new(Told {
            is_told: Mutex::new(false),
            bell: Condvar::new(),
            has_left: AtomicBool::new(false),
        })
    }

    fn wait(&self) {
        let untold = |is_told: &mut bool| !*is_told;
        drop(self.bell.wait_while(self.is_told.lock(), untold));
    }
}

impl Ear for Told {
    fn turn(&self, arrived: Set) -> Option<Instant> {
        assert!(!self.has_left.load(Ordering::SeqCst));
        if !arrived.is_empty() {
            *self.is_told.lock() = true;
            self.bell.notify_one();
        }
        assert!(!self.has_left.load(Ordering::SeqCst));
        None
    }
}

/// What `listen` does, but for the thread, which is the model's.
fn enter(ear: &Arc<Told>) -> Listening {
    let mut state = HUB.state.lock();
    state.lives = true;
    let listening = state.enter(ear.clone(), SIGNAL, None);
    bell().ring();
    listening
}

/// What the handler does when the signal arrives.
fn arrive() {
    handler::arrive(libc::SIGWINCH);
}

fn somebody_listens(live: fn(&Hub)) {
    loom::model(move || {
        let ear = Told::new();
        let listening = enter(&ear);
        let thread = thread::spawn(move || live(&HUB));
        arrive();
        ear.wait();
        listening.close();
        thread.join().unwrap();
    });
}

#[test]
fn g4_what_arrives_is_told() {
    somebody_listens(Hub::live);
}

#[test]
#[ignore = "a mutant"]
fn g4_mutant_reads_the_bell_after_it_has_looked() {
    somebody_listens(|hub| {
        let before = Mask::of_this_thread();
        while let Some(turns) = hub.begin_turns(&before) {
            turns.iter().for_each(|turn| _ = turn.take());
            hub.end_turns();
            bell().wait(bell().rings(), None);
        }
    });
}

fn a_second_one_comes(live: fn(&Hub)) {
    loom::model(move || {
        let (first, second) = (Told::new(), Told::new());
        let first = enter(&first);
        let thread = thread::spawn(move || live(&HUB));
        let listening = enter(&second);
        arrive();
        second.wait();
        listening.close();
        first.close();
        thread.join().unwrap();
    });
}

#[test]
fn g4_who_comes_later_is_told_too() {
    a_second_one_comes(Hub::live);
}

#[test]
#[ignore = "a mutant"]
fn g4_mutant_takes_what_has_arrived_without_the_lock() {
    a_second_one_comes(|hub| {
        let before = Mask::of_this_thread();
        loop {
            let rings = bell().rings();
            let Some(turns) = hub.begin_turns(&before) else {
                return;
            };
            let arrived = handler::take_arrived();
            for Turn(ear, early) in &turns {
                ear.turn(arrived.and(*early));
            }
            drop(turns);
            hub.end_turns();
            bell().wait(rings, None);
        }
    });
}

fn somebody_leaves(leave: fn(&Hub, &Listening)) {
    loom::model(move || {
        let ear = Told::new();
        let listening = enter(&ear);
        let thread = thread::spawn(|| HUB.live());
        leave(&HUB, &listening);
        ear.has_left.store(true, Ordering::SeqCst);
        thread.join().unwrap();
    });
}

#[test]
fn g5_who_has_left_is_told_nothing() {
    somebody_leaves(|hub, listening| _ = hub.leave(listening));
}

#[test]
#[ignore = "a mutant"]
fn g5_mutant_does_not_wait_for_the_turn() {
    somebody_leaves(|hub, listening| {
        let mut state = hub.state.lock();
        let is_other = |listener: &Registration| !Arc::ptr_eq(&listener.ear, &listening.ear);
        state.listeners.retain(is_other);
        bell().ring();
    });
}
