//! Threads of a run that are given up, and what a child of `fork` has of a run.

use std::process;
use std::sync::mpsc;
use std::thread;

use super::faults::Faults;
use super::forked;
use super::guests::Guest;
use super::options::Limits;
use super::schedule::{Id, Order, Schedule};
use super::state::Here;
use super::world::{self, Turn};
use crate::base::clock::{self, Duration};
use crate::base::events::Who;
use crate::base::world as base_world;
use crate::engine::frames;
use crate::scope::cancel::Cancel;
use crate::trace::of_run;

/// The thread that the job of a run makes.
const GUEST: Id = 1;

/// Begins a run of that job, which lets its guest go on first.
fn begin(job: impl FnOnce() + Send + 'static) {
    let limits = Limits {
        time_ns: u64::MAX,
        steps: u64::MAX,
    };
    let faults = Faults {
        deny_threads: 0,
        cancel: 0,
        early_wakes: 0,
        slow: 0,
        slow_ns: 0,
        kill_children: 0,
    };
    let guest_first = Schedule::written(Order(vec![(0, GUEST)]));
    let here = Here::new(guest_first, 1, limits, faults, Cancel::root(None));
    assert!(world::begin(here, Box::new(job)).is_ok());
}

fn end() {
    let in_time = clock::now() + Duration::from_secs(30);
    assert!(world::await_end(world::lock(), in_time).is_over);
    assert!(world::end().is_some());
}

/// Gives up the guest, when it is the one that goes on.
fn pass_by_guest() {
    let runs = || {
        world::lock()
            .here
            .as_ref()
            .is_some_and(|here| here.running == GUEST)
    };
    while !runs() {
        thread::yield_now();
    }
    world::pass_by(GUEST);
}

/// The guest is given up, and the run is over. There is a world until the guest is found, which that code sees to.
fn given_up_until(found: impl FnOnce()) {
    pass_by_guest();
    end();
    assert!(base_world::is_any());
    found();
    assert!(!base_world::is_any());
}

#[test]
fn a_guest_that_was_given_up_is_found_when_it_ends() {
    let _turn = Turn::take();
    let (returns, blocks) = mpsc::channel::<()>();
    let (tells_guest, guest) = mpsc::channel();
    begin(move || {
        let guest = Guest::invite().unwrap();
        let thread = thread::spawn(move || {
            guest.begin(frames::this_thread());
            let _ = blocks.recv();
            guest.end();
        });
        tells_guest.send(thread).unwrap();
        base_world::switch();
    });
    given_up_until(|| {
        drop(returns);
        guest.recv().unwrap().join().unwrap();
    });
}

#[test]
fn a_guest_that_was_given_up_is_found_when_it_could_not_be_made() {
    let _turn = Turn::take();
    let (tells_guest, guest) = mpsc::channel();
    begin(move || {
        tells_guest.send(Guest::invite().unwrap()).unwrap();
        base_world::switch();
    });
    let guest = guest.recv().unwrap();
    given_up_until(|| guest.retract());
}

#[test]
fn who_stops_is_not_given_up_in_the_place_of_who_goes_on() {
    let _turn = Turn::take();
    let (tells, is_there) = mpsc::channel();
    begin(move || {
        let guest = Guest::invite().unwrap();
        world::pass_by(GUEST);
        let has_guest = world::lock()
            .here
            .as_ref()
            .is_some_and(|here| here.has(GUEST));
        guest.retract();
        tells.send(has_guest).unwrap();
    });
    end();
    assert!(is_there.recv().unwrap());
}

#[test]
fn who_has_ended_does_what_has_not_begun() {
    let _turn = Turn::take();
    let (tells, threads) = mpsc::channel();
    begin(move || {
        let next = tells.clone();
        let job = move || next.send(frames::this_thread()).unwrap();
        assert!(world::start(Box::new(job), false).is_ok());
        tells.send(frames::this_thread()).unwrap();
    });
    end();
    assert_eq!(threads.recv().unwrap(), threads.recv().unwrap());
}

#[test]
fn a_child_of_fork_has_no_recorder_of_a_run() {
    let _turn = Turn::take();
    let (tells, ended) = mpsc::channel();
    begin(move || {
        of_run::begin();
        let child = forked::in_child(|| {
            if Who::RUN.wants() {
                process::exit(1);
            }
        });
        tells.send((child, Who::RUN.wants())).unwrap();
        of_run::end();
    });
    end();
    assert_eq!(ended.recv().unwrap(), (Ok(()), true));
}
