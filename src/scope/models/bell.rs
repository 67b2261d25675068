//! A model of who falls asleep as he is to be woken, with mutants that it must catch.

use loom::thread;

use super::*;
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy)]
struct Waiters {
    say_so: fn(&Mutex<u32>),
    ring: fn(&Bell),
}

fn waiter_races_with_ring(as_they_do: Waiters) {
    loom::model(move || {
        let node = Arc::new((Mutex::new(0), AtomicBool::new(false), Bell::new()));
        let other = node.clone();
        let strikes = thread::spawn(move || {
            let (waiting, is_struck, bell) = &*other;
            let links = waiting.lock();
            is_struck.store(true, Ordering::Release);
            let is_awaited = *links > 0;
            drop(links);
            if is_awaited {
                (as_they_do.ring)(bell);
            }
        });
        let (waiting, is_struck, bell) = &*node;
        (as_they_do.say_so)(waiting);
        bell.wait(None, || !is_struck.load(Ordering::Acquire));
        strikes.join().unwrap();
    });
}

const RIGHT: Waiters = Waiters {
    say_so: |waiting| *waiting.lock() += 1,
    ring: Bell::ring,
};

#[test]
fn who_falls_asleep_is_woken() {
    waiter_races_with_ring(RIGHT);
}

#[test]
#[ignore = "a mutant"]
fn mutant_of_a_bell_rings_without_the_lock() {
    waiter_races_with_ring(Waiters {
        ring: |bell| bell.condvar.notify_all(),
        ..RIGHT
    });
}

#[test]
#[ignore = "a mutant"]
fn mutant_of_a_bell_is_not_told_that_somebody_waits() {
    waiter_races_with_ring(Waiters {
        say_so: |_| (),
        ..RIGHT
    });
}
