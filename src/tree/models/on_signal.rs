//! Models of a process that waits for a signal, with a mutant that they must catch.

use loom::thread;

use super::*;

fn an_arrival_races_with_waiting(wait: fn(&Arrivals, &Cancel) -> Option<Reload>) {
    loom::model(move || {
        let cancel = Cancel::root(None);
        let arrivals = Arc::new(Arrivals::of(libc::SIGHUP, &cancel));
        let listener = arrivals.clone();
        let listener = thread::spawn(move || listener.arrive());
        assert!(wait(&arrivals, &cancel).is_some());
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
        if let Some(arrived) = arrivals.state.lock().arrived.take() {
            return Some(arrived);
        }
        let waiter = cancel.child();
        arrivals.state.lock().waiter = Some(waiter.clone());
        waiter.wait(None);
        arrivals.state.lock().arrived.take()
    });
}

#[test]
fn a_cancellation_ends_it() {
    loom::model(|| {
        let cancel = Cancel::root(None);
        let arrivals = Arrivals::of(libc::SIGHUP, &cancel);
        let other = cancel.clone();
        let other = thread::spawn(move || other.trigger(Error::new(1, "because")));
        assert!(arrivals.wait(&cancel).is_none());
        other.join().unwrap();
    });
}
