//! Models of G3 and G4 as far as they are the handler's, with mutants that they must catch.

use loom::thread;

use super::*;

const STOP: c_int = libc::SIGTERM;

/// The moment of all that happens, where no other is named.
const NOW: u64 = 1_000_000;

/// A signal that asks to stop arrives while the one who listens to it stops listening. Either he learns of it
/// then, or the handler sends it again.
fn a_stop_races_with_the_end(close: fn() -> Option<c_int>) {
    loom::model(move || {
        open(0);
        set_roles(Set::of(STOP), Set::EMPTY);
        let handler = thread::spawn(|| arrived(STOP, NOW));
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

/// The same of a signal that somebody else listens to, who goes on with that. He is told, and nobody else hears of it.
fn a_stop_that_is_told_races_with_the_end(close: fn() -> Option<c_int>) {
    loom::model(move || {
        open(0);
        set_roles(Set::of(STOP), Set::of(STOP));
        let handler = thread::spawn(|| arrived(STOP, NOW));
        assert_eq!(close(), None);
        set_roles(Set::EMPTY, Set::of(STOP));
        assert_eq!(handler.join().unwrap(), Then::Nothing);
        assert!(take_arrived().has(STOP));
    });
}

#[test]
fn g3_a_stop_that_somebody_else_hears_is_not_sent_again() {
    a_stop_that_is_told_races_with_the_end(close);
}

#[test]
#[ignore = "a mutant"]
fn g3_mutant_forgets_who_else_was_told() {
    a_stop_that_is_told_races_with_the_end(|| {
        First::of(FIRST.swap(CLOSED, Ordering::SeqCst)).map(|first| first.signal())
    });
}

/// How many of two signals, which come at once, end the program.
fn two_stops(force_after: i64, ends: usize, stop: fn() -> Then) {
    loom::model(move || {
        open(force_after);
        set_roles(Set::of(STOP), Set::EMPTY);
        let other = thread::spawn(move || stop());
        let both = [stop(), other.join().unwrap()];
        let ending = both.iter().filter(|then| **then == Then::EndProgram);
        assert_eq!(ending.count(), ends);
        let later = arrived(STOP, NOW + 2 * LATER as u64);
        assert_eq!(later, Then::EndProgram);
    });
}

/// How much later another signal must come, where that is not at once.
const LATER: i64 = 1_000;

#[test]
fn g2_one_of_two_stops_ends_the_program() {
    two_stops(0, 1, || arrived(STOP, NOW));
}

#[test]
fn g2_two_stops_at_once_are_one_request() {
    two_stops(LATER, 0, || arrived(STOP, NOW));
}

#[test]
fn g3_an_early_stop_is_kept() {
    loom::model(|| {
        open_early();
        set_roles(Set::of(STOP), Set::EMPTY);
        let handler = thread::spawn(|| arrived(STOP, NOW));
        open(LATER);
        assert_eq!(handler.join().unwrap(), Then::Nothing);
        assert_eq!(first(), Some(STOP));
    });
}

/// Two further signals come at once while something is to be done before the end: the listening thread is rung for, and
/// does it. If it slept over that, the model would report that nothing goes on.
fn further_stops_race_with_sleep(stop: fn() -> Then) {
    loom::model(move || {
        open(0);
        delay_end(Delay::Trace, true);
        set_roles(Set::of(STOP), Set::EMPTY);
        assert_eq!(arrived(STOP, NOW), Then::Nothing);
        let handlers = [thread::spawn(move || stop()), thread::spawn(move || stop())];
        loop {
            let rings = bell().rings();
            if forced() == Some(STOP) {
                break;
            }
            bell().wait(rings, None);
        }
        for handler in handlers {
            assert_eq!(handler.join().unwrap(), Then::Nothing);
        }
        let later = NOW + LONGEST_DELAY.as_nanos() as u64 + First::TOLD * 2;
        assert_eq!(arrived(STOP, later), Then::EndProgram);
    });
}

#[test]
fn g2_the_end_is_delayed_by_who_listens() {
    further_stops_race_with_sleep(|| arrived(STOP, NOW));
}

#[test]
#[ignore = "a mutant"]
fn g2_mutant_rings_before_it_forces() {
    further_stops_race_with_sleep(|| {
        BELL.ring();
        FORCED.store(First::new(STOP, false, NOW).0, Ordering::SeqCst);
        Then::Nothing
    });
}

#[test]
#[ignore = "a mutant"]
fn g2_mutant_looks_before_it_notes() {
    two_stops(0, 1, || {
        if first().is_some() {
            return Then::EndProgram;
        }
        FIRST.store(First::new(STOP, false, NOW).0, Ordering::SeqCst);
        Then::Nothing
    });
}

#[test]
#[ignore = "a mutant"]
fn g2_mutant_notes_the_time_after_the_signal() {
    two_stops(LATER, 0, || {
        let this = First::new(STOP, false, 0);
        match FIRST.compare_exchange(NONE, this.0, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => {
                FIRST.fetch_or(NOW & First::TIME, Ordering::SeqCst);
                Then::Nothing
            }
            Err(first) if First(first).is_long_ago(NOW) => Then::EndProgram,
            Err(_) => Then::Nothing,
        }
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
    an_arrival_races_with_sleep(|| assert_eq!(arrived(STOP, NOW), Then::Nothing));
}

#[test]
#[ignore = "a mutant"]
fn g4_mutant_rings_before_it_notes() {
    an_arrival_races_with_sleep(|| {
        bell().ring();
        ARRIVED.fetch_or(Set::of(STOP).0, Ordering::SeqCst);
    });
}
