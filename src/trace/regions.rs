//! Which regions are open on each thread: one that is ended twice, or on another thread, ends nothing.
//!
//! Nothing of ours may run when a thread of the program ends, so there is no list that grows. The outermost regions are
//! known each. Of those inside of them it is known how many there are, and that none is open that began at some moment
//! or later: so each of these, too, ends once if they are ended from the inside out.

use std::cell::Cell;

use crate::base::sync::per_thread;

/// How many are known each; few programs have more of them inside of each other.
const KNOWN: usize = 32;

/// When each began that is open on the calling thread, which tells it from all others of that thread.
struct Open {
    count: Cell<usize>,
    known: [Cell<u64>; KNOWN],
    /// No unknown one is open that began then or later.
    before: Cell<u64>,
}

per_thread!(OPEN: Open = Open {
    count: Cell::new(0),
    known: [const { Cell::new(0) }; KNOWN],
    before: Cell::new(0),
});

/// One begins on the calling thread.
#[inline(always)]
pub(super) fn begin(began: u64) {
    OPEN.with(|open| open.begin(began));
}

/// Whether the one that began then is open on the calling thread.
pub(super) fn is_open(began: usize) -> bool {
    OPEN.with(|open| open.place(began).is_some())
}

/// Ends the one that began then, if that is the innermost one, and known: as most are that are ended.
#[inline(always)]
pub(super) fn end_if_innermost(began: usize) -> bool {
    OPEN.with(|open| open.end_if_innermost(began))
}

/// Ends the innermost one, if that which began then is open: it, or one that is inside of it. So who asks again until
/// there is none ends them all. (What is told of one that ends may begin others, and must find the rest as it is.)
pub(super) fn end_innermost(began: usize) -> Option<u64> {
    OPEN.with(|open| open.end_innermost(began))
}

/// Where one is that is open.
enum Place {
    Known,
    Unknown,
}

impl Open {
    #[inline(always)]
    fn begin(&self, began: u64) {
        let count = self.count.get();
        match self.known.get(count) {
            Some(place) => place.set(began),
            None => self.before.set(u64::MAX),
        }
        self.count.set(count + 1);
    }

    #[inline(always)]
    fn end_if_innermost(&self, began: usize) -> bool {
        let inside_of = self.count.get().wrapping_sub(1);
        let is_it = (self.known.get(inside_of)).is_some_and(|other| other.get() as usize == began);
        if is_it {
            self.count.set(inside_of);
        }
        is_it
    }

    fn end_innermost(&self, began: usize) -> Option<u64> {
        let innermost = match self.place(began)? {
            Place::Known => self.known().len() - 1,
            Place::Unknown => self.count.get() - 1,
        };
        self.count.set(innermost);
        match self.known.get(innermost) {
            Some(ended) => Some(ended.get()),
            None => {
                self.before.set(began as u64);
                Some(began as u64)
            }
        }
    }

    fn known(&self) -> &[Cell<u64>] {
        &self.known[..self.count.get().min(KNOWN)]
    }

    fn place(&self, began: usize) -> Option<Place> {
        // In C a region is a pointer, which may have no room for all of the time.
        let is_it = |other: &Cell<u64>| other.get() as usize == began;
        if self.known().iter().rev().any(is_it) {
            Some(Place::Known)
        } else {
            self.may_be_unknown(began as u64).then_some(Place::Unknown)
        }
    }

    fn may_be_unknown(&self, began: u64) -> bool {
        let outermost = self.known[KNOWN - 1].get();
        self.count.get() > KNOWN && outermost < began && began < self.before.get()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// What is told at that end.
    fn ended(began: usize) -> Vec<u64> {
        std::iter::from_fn(|| end_innermost(began)).collect()
    }

    #[test]
    fn each_ends_once() {
        (1..=3).for_each(begin);
        assert_eq!(ended(3), [3]);
        assert!(ended(3).is_empty());
        begin(4);
        assert!(ended(3).is_empty());
        assert_eq!(ended(4), [4]);
        assert_eq!(ended(2), [2]);
        assert_eq!(ended(1), [1]);
        assert!(ended(1).is_empty());
    }

    #[test]
    fn those_inside_end_too_and_first() {
        (1..=3).for_each(begin);
        assert_eq!(ended(1), [3, 2, 1]);
        assert!(ended(2).is_empty());
    }

    #[test]
    fn one_of_another_thread_is_none() {
        (1..=2).for_each(begin);
        let elsewhere = std::thread::spawn(|| (ended(1), ended(2)));
        assert_eq!(elsewhere.join().expect("it ends"), (vec![], vec![]));
        assert_eq!(ended(2), [2]);
    }

    #[test]
    fn any_number_may_be_open() {
        let most = 3 * KNOWN;
        (1..=most as u64).for_each(begin);
        for began in (1..=most).rev() {
            assert_eq!(ended(began), [began as u64]);
            assert!(ended(began).is_empty());
        }
    }

    #[test]
    fn unknown_ones_end_with_those_around_them() {
        let most = 2 * KNOWN;
        (1..=most as u64).for_each(begin);
        assert_eq!(ended(1).last(), Some(&1));
        assert!(ended(most).is_empty());
        begin(1000);
        assert_eq!(ended(1000), [1000]);
    }
}
