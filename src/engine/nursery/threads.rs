//! Which threads run children of a nursery, each an activity, and how many calls in what they run wait for other children.

use std::collections::BTreeMap;

use super::places::How;
use crate::scope::activity::Id;

pub(super) struct Threads {
    /// Of the first one; most nurseries have no other at the same time, and need no memory for it.
    one: Option<(Id, Waits)>,
    others: BTreeMap<Id, Waits>,
    /// How many of them cannot end before another child does (W4).
    stuck: usize,
    /// How many of them wait until no child is left.
    resting: usize,
}

/// The calls in what one thread runs that wait.
#[derive(Default)]
struct Waits {
    /// How many calls wait for a place, or without end until no child is left.
    stuck: usize,
    /// How many wait until no child is left, without end or not.
    resting: usize,
}

impl Threads {
    pub(super) const NONE: Threads = Threads {
        one: None,
        others: BTreeMap::new(),
        stuck: 0,
        resting: 0,
    };

    /// This thread runs children from now on.
    pub(super) fn add(&mut self, thread: Id) {
        if self.one.is_none() {
            self.one = Some((thread, Waits::default()));
        } else {
            self.others.insert(thread, Waits::default());
        }
    }

    pub(super) fn remove(&mut self, thread: Id) {
        if self.is_one(thread) {
            self.one = None;
        } else {
            self.others.remove(&thread);
        }
    }

    pub(super) fn has(&self, id: Id) -> bool {
        self.is_one(id) || self.others.contains_key(&id)
    }

    pub(super) fn stuck(&self) -> usize {
        self.stuck
    }

    pub(super) fn resting(&self) -> usize {
        self.resting
    }

    /// So many calls more wait, from inside of a child that this thread runs, if of any.
    pub(super) fn wait_from(&mut self, thread: Option<Id>, how: How, more: isize) {
        let Some(waits) = thread.and_then(|thread| match &mut self.one {
            Some((one, waits)) if *one == thread => Some(waits),
            _ => self.others.get_mut(&thread),
        }) else {
            return;
        };
        if how != How::RestsForAWhile {
            count(&mut waits.stuck, more, &mut self.stuck);
        }
        if how != How::Spawns {
            count(&mut waits.resting, more, &mut self.resting);
        }
    }

    fn is_one(&self, id: Id) -> bool {
        self.one.as_ref().is_some_and(|(one, _)| *one == id)
    }
}

/// Counts the calls of a thread that wait so, and the threads that have any.
fn count(calls: &mut usize, more: isize, threads: &mut usize) {
    let had = *calls > 0;
    *calls = calls.wrapping_add_signed(more);
    match (had, *calls > 0) {
        (false, true) => *threads += 1,
        (true, false) => *threads -= 1,
        _ => {}
    }
}
