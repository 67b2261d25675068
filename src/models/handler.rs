//! Models of G3 and G4 as far as they are the handler's, with mutants that they must catch.

use loom::thread;

use super::*;

const STOP: c_int = libc::SIGTERM;

/// A signal that asks to stop arrives while the one who listens to it stops listening. Either he learns of it
/// then, or the handler sends it again.
fn a_stop_races_with_the_end(close: fn() -> Option<c_int>) {
    loom::model(move || {
        open();
        set_roles(Set::of(STOP), Set::EMPTY);
        let handler = thread::spawn(|| arrived(STOP));
        let first = close();
        set_roles(Set::EMPTY, Set::EMPTY);
        let expected = match first {
            Some(_) => Then::Nothing,
            None => Then::SendAgain,
        };
        assert_eq!(handler.join().unwrap(), expected);
    });
}

#[test]
fn g3_a_stop_is_heard_or_sent_again() {
    a_stop_races_with_the_end(close);
}

#[test]
#[ignore = "a mutant"]
fn g3_mutant_closes_in_two_steps() {
    a_stop_races_with_the_end(|| {
        let first = first();
        FIRST.store(CLOSED, Ordering::SeqCst);
        first
    });
}

fn two_stops(stop: fn() -> Then) {
    loom::model(move || {
        open();
        set_roles(Set::of(STOP), Set::EMPTY);
        let other = thread::spawn(move || stop());
        let both = [stop(), other.join().unwrap()];
        let ends = both.iter().filter(|then| **then == Then::EndProgram);
        assert_eq!(ends.count(), 1);
    });
}

#[test]
fn g2_one_of_two_stops_ends_the_program() {
    two_stops(|| arrived(STOP));
}

#[test]
#[ignore = "a mutant"]
fn g2_mutant_looks_before_it_notes() {
    two_stops(|| {
        if first().is_some() {
            return Then::EndProgram;
        }
        FIRST.store(STOP, Ordering::SeqCst);
        Then::Nothing
    });
}

/// A signal arrives while the listening thread goes to sleep. If it slept over it, the model would report that
/// nothing goes on.
fn an_arrival_races_with_sleep(arrive: fn()) {
    loom::model(move || {
        set_roles(Set::EMPTY, Set::of(STOP));
        let handler = thread::spawn(move || arrive());
        loop {
            let rings = bell().rings();
            if !take_arrived().is_empty() {
                break;
            }
            bell().wait(rings, None);
        }
        handler.join().unwrap();
    });
}

#[test]
fn g4_an_arrival_is_not_slept_over() {
    an_arrival_races_with_sleep(|| assert_eq!(arrived(STOP), Then::Nothing));
}

#[test]
#[ignore = "a mutant"]
fn g4_mutant_rings_before_it_notes() {
    an_arrival_races_with_sleep(|| {
        bell().ring();
        ARRIVED.fetch_or(Set::of(STOP).0, Ordering::SeqCst);
    });
}
