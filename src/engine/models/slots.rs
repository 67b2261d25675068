//! A model of N2, with mutants that it must catch.

use loom::thread;

use super::*;

/// A thread of the crew ends while somebody adds up what it and all others have counted.
fn a_thread_ends(leave: fn(&Slot)) {
    loom::model(move || {
        let slot: &'static Slot = Box::leak(Box::new(Slot::new(true)));
        slot.counts.count(Counted::Threads);
        CREW.lock().join(slot);
        let ending = thread::spawn(move || leave(slot));
        assert_eq!(census().totals.of(Counted::Threads), 1);
        ending.join().unwrap();
        assert_eq!(census().totals.of(Counted::Threads), 1);
    });
}

#[test]
fn n2_what_a_thread_counted_stays_when_it_ends() {
    a_thread_ends(|slot| CREW.lock().leave(slot));
}

#[test]
#[ignore = "a mutant"]
fn n2_mutant_is_gone_before_it_is_added() {
    a_thread_ends(|slot| {
        remove(&mut CREW.lock().slots, slot);
        CREW.lock().gone.add(&slot.counts);
    });
}

#[test]
#[ignore = "a mutant"]
fn n2_mutant_is_added_before_it_is_gone() {
    a_thread_ends(|slot| {
        CREW.lock().gone.add(&slot.counts);
        remove(&mut CREW.lock().slots, slot);
    });
}
