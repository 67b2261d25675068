//! Which threads count as computing. Laws:
//!
//! - One that has just come does not, nor does one that has used little of the time since.
//! - One that has used half of it does, and for as long again after it has stopped.
//! - If one computes again that did not count any more, that was not long enough.
//! - One that computes elsewhere does so here.
//! - Of many threads, those that compute are found in some looks.
//! - One that has left counts no more, and the others as before.

use super::*;
use std::cell::RefCell;
use std::collections::HashMap;

const STEP: Duration = Duration::from_micros(100);

/// What is known from elsewhere.
#[derive(Default)]
struct Known {
    computes: Option<(i32, Stint)>,
    doublings: u32,
}

impl Experience for Known {
    fn stint(&self, thread: i32) -> Option<Stint> {
        let same = |(number, _): &(i32, Stint)| *number == thread;
        self.computes.filter(same).map(|(_, stint)| stint)
    }

    fn times(&self) -> u32 {
        1 << self.doublings
    }

    fn note_too_short(&mut self) {
        self.doublings += 1;
    }
}

/// Threads in a time of their own.
struct Scene {
    at_work: AtWork,
    known: Known,
    used: RefCell<HashMap<i32, Duration>>,
    now: Instant,
}

impl Scene {
    fn of(threads: i32) -> Scene {
        let mut scene = Scene {
            at_work: AtWork::default(),
            known: Known::default(),
            used: RefCell::default(),
            now: Instant::now(),
        };
        scene.look(0..threads);
        scene
    }

    fn look(&mut self, come: impl Iterator<Item = i32>) {
        let used = |thread| Some(*self.used.borrow_mut().entry(thread).or_default());
        self.at_work.look(come, self.now, &mut self.known, used);
    }

    /// A step in which these threads use so much of the time.
    fn step(&mut self, threads: &[i32], use_of_it: Duration) {
        self.now += STEP;
        for thread in threads {
            *self.used.borrow_mut().entry(*thread).or_default() += use_of_it;
        }
        self.look([].into_iter());
    }

    fn computing(&self) -> Vec<i32> {
        let computing = self.at_work.computing();
        let mut computing: Vec<_> = computing.map(|(number, _)| number).collect();
        computing.sort_unstable();
        computing
    }
}

#[test]
fn half_of_the_time_is_computing() {
    let mut scene = Scene::of(3);
    assert!(scene.computing().is_empty());
    assert_eq!(scene.at_work.come().count(), 3);
    scene.step(&[1], STEP / 2);
    assert_eq!(scene.computing(), [1]);
    assert_eq!(
        (scene.at_work.blocked(), scene.at_work.come().count()),
        (2, 0)
    );
    scene.step(&[0], STEP / 4);
    assert!(!scene.computing().contains(&0));
}

#[test]
fn who_computed_counts_for_as_long_again() {
    let mut scene = Scene::of(2);
    (0..20).for_each(|_| scene.step(&[0], STEP));
    for _ in 0..20 {
        scene.step(&[], STEP);
        assert_eq!(scene.computing(), [0]);
    }
    scene.step(&[], STEP);
    assert!(scene.computing().is_empty());
}

#[test]
fn nobody_counts_for_longer_than_the_limit() {
    let mut scene = Scene::of(1);
    (0..10_000).for_each(|_| scene.step(&[0], STEP));
    let steps = DOUBT.as_micros() / STEP.as_micros();
    (0..steps).for_each(|_| scene.step(&[], STEP));
    assert_eq!(scene.computing(), [0]);
    scene.step(&[], STEP);
    assert!(scene.computing().is_empty());
}

#[test]
fn who_computes_again_was_not_waited_for_long_enough() {
    let mut scene = Scene::of(1);
    for slices in 0..6 {
        assert_eq!(scene.known.doublings, u32::min(slices.max(1) - 1, 2));
        (0..10).for_each(|_| scene.step(&[0], STEP));
        (0..30).for_each(|_| scene.step(&[], STEP));
    }
    assert_eq!(scene.computing(), [0]);
}

#[test]
fn who_computes_elsewhere_computes_here() {
    let mut scene = Scene::of(2);
    (0..20).for_each(|_| scene.step(&[1], STEP));
    let mut other = Scene::of(0);
    other.now = scene.now;
    other.known.computes = scene.at_work.computing().next();
    other.look(0..2);
    assert_eq!(other.computing(), [1]);
    assert_eq!(
        (other.at_work.blocked(), other.at_work.come().count()),
        (0, 2)
    );
}

#[test]
fn those_that_compute_are_found_among_many() {
    let mut scene = Scene::of(1000);
    let read = scene.used.borrow().len();
    assert_eq!(read, AT_ONCE, "the others are in their turn");
    (0..1000).for_each(|_| scene.step(&[3, 500], STEP));
    assert_eq!(scene.computing(), [3, 500]);
    assert_eq!(scene.at_work.blocked(), 998);
    scene.look([2000].into_iter());
    assert_eq!(scene.at_work.count(), 1001);
}

#[test]
fn who_has_left_counts_no_more() {
    let mut scene = Scene::of(4);
    (0..10).for_each(|_| scene.step(&[1, 3], STEP));
    scene.at_work.leave(vec![1, 0]);
    assert_eq!(scene.computing(), [3]);
    assert_eq!(scene.at_work.count(), 2);
    scene.look([1].into_iter());
    scene.step(&[1, 3], STEP);
    assert_eq!(scene.computing(), [1, 3]);
    assert_eq!(scene.at_work.blocked(), 1);
}
