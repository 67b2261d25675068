//! Models of a process that waits for a signal, with a mutant that they must catch.

use loom::thread;

use super::*;

fn an_arrival_races_with_waiting(wait: fn(&Arrivals, &Cancel) -> bool) {
    loom::model(move || {
        let arrivals = Arc::new(Arrivals::default());
        let cancel = Cancel::root(None);
        let listener = arrivals.clone();
        let listener = thread::spawn(move || listener.arrive());
        assert!(wait(&arrivals, &cancel));
        listener.join().unwrap();
    });
}

#[test]
fn an_arrival_is_waited_for() {
    an_arrival_races_with_waiting(Arrivals::wait);
}

#[test]
#[ignore = "a mutant"]
fn mutant_looks_before_it_says_that_it_waits() {
    an_arrival_races_with_waiting(|arrivals, cancel| {
        if arrivals.0.lock().has_arrived {
            return true;
        }
        let waiter = cancel.child();
        arrivals.0.lock().waiter = Some(waiter.clone());
        waiter.wait(None)
    });
}

#[test]
fn a_cancellation_ends_it() {
    loom::model(|| {
        let arrivals = Arrivals::default();
        let cancel = Cancel::root(None);
        let other = cancel.clone();
        let other = thread::spawn(move || other.trigger(Error::new(1, "because")));
        assert!(!arrivals.wait(&cancel));
        other.join().unwrap();
    });
}
