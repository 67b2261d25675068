//! Models of F6 and F7, the states of the sentinel, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::models::{explore, threads};
use crate::engine::models::{Unclaimed, publishing};

type Watch = fn() -> Result<(), NoThread>;

const FOR_EVER: i64 = -1;

/// Has the calling thread's backlog watched, beside which no thread is parked.
fn watch() -> Result<(), NoThread> {
    super::watch(&Arc::new(Unclaimed::default()), 1)
}

/// A caller publishes while the sentinel goes to sleep. If neither saw the other, the sentinel would
/// sleep for ever, which the model reports as a deadlock.
fn publishing_races_with(sleep: fn(&Sentinel) -> bool) {
    loom::model(move || {
        SENTINEL.state.store(AWAKE, Ordering::SeqCst);
        let sleeping = thread::spawn(move || assert!(sleep(&SENTINEL)));
        publishing(|| {
            watch().expect("the sentinel is there");
            sleeping.join().unwrap();
        });
    });
}

#[test]
fn f6_a_sentinel_never_sleeps_over_a_backlog() {
    publishing_races_with(|sentinel| sentinel.sleep(FOR_EVER));
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_looks_before_it_says_so() {
    publishing_races_with(|sentinel| {
        if !slots::unclaimed().is_empty() {
            return true;
        }
        sentinel.state.store(ASLEEP, Ordering::SeqCst);
        let mut changing = sentinel.lock.lock();
        while sentinel.state.load(Ordering::Relaxed) == ASLEEP {
            changing = sentinel.bell.wait(changing);
        }
        true
    });
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_waits_without_looking_again_under_the_lock() {
    publishing_races_with(|sentinel| {
        sentinel.state.store(ASLEEP, Ordering::SeqCst);
        if slots::unclaimed().is_empty() {
            drop(sentinel.bell.wait(sentinel.lock.lock()));
        }
        true
    });
}

/// A caller publishes while the sentinel, whose time is up, leaves. Either it stays, or the caller has
/// hired another one.
fn publishing_races_with_leaving(leave: fn(&Sentinel) -> bool, watch: Watch) {
    explore(2, move || {
        threads::at_most(1);
        SENTINEL.state.store(AWAKE, Ordering::SeqCst);
        let leaving = thread::spawn(move || leave(&SENTINEL));
        publishing(|| {
            watch().expect("a sentinel can be had");
            let stays = leaving.join().unwrap();
            assert_eq!(threads::made(), usize::from(!stays));
        });
        threads::join();
    });
}

fn leave(sentinel: &Sentinel) -> bool {
    sentinel.sleep(0)
}

#[test]
fn f6_a_sentinel_that_left_is_replaced() {
    publishing_races_with_leaving(leave, watch);
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_leaves_without_the_lock() {
    publishing_races_with_leaving(
        |sentinel| {
            sentinel.state.store(ASLEEP, Ordering::SeqCst);
            let stays =
                !slots::unclaimed().is_empty() || sentinel.state.load(Ordering::SeqCst) == AWAKE;
            let state = if stays { AWAKE } else { ABSENT };
            sentinel.state.store(state, Ordering::SeqCst);
            stays
        },
        watch,
    );
}

/// Like `watch`, but what it does under the lock goes by what it saw before.
fn watch_by_what_was() -> Result<(), NoThread> {
    let state = SENTINEL.state.load(Ordering::SeqCst);
    let _changing = SENTINEL.lock.lock();
    match state {
        ABSENT => crew::hire(Box::new(|config| SENTINEL.live(config, 0)))?,
        ASLEEP => SENTINEL.bell.notify_one(),
        _ => return Ok(()),
    }
    SENTINEL.state.store(AWAKE, Ordering::SeqCst);
    Ok(())
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_rings_for_one_that_left() {
    publishing_races_with_leaving(leave, watch_by_what_was);
}

/// A caller hires a sentinel, and meanwhile helpers have claimed everything, so that it leaves at once.
/// It must not be taken for awake.
fn there_is_nothing_to_watch(watch: Watch) {
    explore(2, move || {
        watch().expect("there are threads");
        threads::join();
        assert_eq!(SENTINEL.state.load(Ordering::Relaxed), ABSENT);
    });
}

#[test]
fn f6_a_sentinel_is_awake_before_it_sleeps() {
    there_is_nothing_to_watch(watch);
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_says_so_after_the_lock() {
    there_is_nothing_to_watch(|| {
        let changing = SENTINEL.lock.lock();
        crew::hire(Box::new(|config| SENTINEL.live(config, 0)))?;
        drop(changing);
        SENTINEL.state.store(AWAKE, Ordering::SeqCst);
        Ok(())
    });
}

/// Two callers find no sentinel, and there is something to watch.
fn callers_race(watch: Watch) {
    explore(2, move || {
        threads::at_most(1);
        publishing(|| {
            let other = thread::spawn(move || watch().expect("one thread can be had"));
            watch().expect("one thread can be had");
            other.join().unwrap();
        });
        threads::join();
    });
}

#[test]
fn f7_there_is_one_sentinel() {
    callers_race(watch);
}

#[test]
#[ignore = "a mutant"]
fn f7_mutant_hires_a_second_one() {
    callers_race(watch_by_what_was);
}

/// A caller who is as urgent as others, or is not.
fn watch_as(is_urgent: fn() -> bool) -> Result<(), NoThread> {
    SENTINEL.rouse(crew::hire, is_urgent)
}

/// A caller publishes while a stand-in leaves. Either it stays, or the caller has hired another one, as he has if he is
/// urgent.
fn publishing_races_with_a_stand_in(leave: fn(&Sentinel) -> bool, is_urgent: fn() -> bool) {
    explore(2, move || {
        threads::at_most(1);
        SENTINEL.state.store(STAND_IN, Ordering::SeqCst);
        let leaving = thread::spawn(move || leave(&SENTINEL));
        publishing(|| {
            watch_as(is_urgent).expect("a sentinel can be had");
            let has_left = leaving.join().unwrap();
            assert_eq!(threads::made(), usize::from(has_left || is_urgent()));
            assert!(has_left || SENTINEL.is_current(0) || is_urgent());
        });
        threads::join();
    });
}

#[test]
fn f6_f9_a_stand_in_never_leaves_a_backlog() {
    publishing_races_with_a_stand_in(|sentinel| sentinel.leave(0), || false);
}

#[test]
fn f9_a_stand_in_is_replaced() {
    publishing_races_with_a_stand_in(|sentinel| sentinel.leave(0), || true);
}

#[test]
#[ignore = "a mutant"]
fn f9_mutant_leaves_without_looking_again() {
    let leave = |sentinel: &Sentinel| sentinel.change(0, STAND_IN, ABSENT);
    publishing_races_with_a_stand_in(leave, || false);
}

/// A caller would hire a better one, and cannot: then the stand-in goes on.
fn a_successor_is_denied(is_current: fn(&Sentinel) -> bool) {
    loom::model(move || {
        threads::at_most(0);
        SENTINEL.state.store(STAND_IN, Ordering::SeqCst);
        let standing_in = thread::spawn(move || assert!(is_current(&SENTINEL)));
        watch_as(|| true).expect("there is one");
        standing_in.join().unwrap();
    });
}

#[test]
fn f9_a_stand_in_goes_on_if_no_other_can_be_had() {
    a_successor_is_denied(|sentinel| sentinel.is_current(0));
}

#[test]
#[ignore = "a mutant"]
fn f9_mutant_leaves_for_one_who_was_denied() {
    a_successor_is_denied(|sentinel| sentinel.serial.load(Ordering::Relaxed) == 0);
}
