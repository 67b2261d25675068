//! A model of SL1, with mutants that it must catch.

use std::sync::Arc;

use loom::cell::UnsafeCell as Watched;
use loom::thread;

use super::*;

/// What is changed under the lock. Loom says so if two do that, or if one has not seen what the other has done.
type Model = SpinLock<Watched<usize>>;

fn add_one(value: &Watched<usize>) {
    // SAFETY: loom looks whether it is ordered.
    value.with_mut(|value| unsafe { *value += 1 });
}

/// Two threads change it.
fn two_change_it(change: fn(&Model)) {
    loom::model(move || {
        let lock = Arc::new(Model::new(Watched::new(0)));
        let other = lock.clone();
        let other = thread::spawn(move || change(&other));
        change(&lock);
        other.join().unwrap();
        // SAFETY: as above.
        let count = lock.lock().with(|value| unsafe { *value });
        assert_eq!(count, 2);
    });
}

#[test]
fn sl1_one_at_a_time() {
    two_change_it(|lock| add_one(&lock.lock()));
}

#[test]
#[ignore = "a mutant"]
fn sl1_mutant_looks_before_it_takes() {
    two_change_it(|lock| {
        while lock.taken.load(Ordering::Acquire) {
            thread::yield_now();
        }
        lock.taken.store(true, Ordering::Relaxed);
        add_one(&SpinGuard(lock));
    });
}

#[test]
#[ignore = "a mutant"]
fn sl1_mutant_shows_nothing_when_it_gives_back() {
    two_change_it(|lock| {
        let guard = lock.lock();
        add_one(&guard);
        std::mem::forget(guard);
        lock.taken.store(false, Ordering::Relaxed);
    });
}
