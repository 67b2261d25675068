//! What the program is given by the library, and has to give back: a run of a simulation keeps account of that.
//!
//! Each reference is noted where it crosses the border, and nowhere else. So it does not matter what the library does with the value, or
//! keeps of it.

use super::{any, here, is_any};

/// What such a reference is to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    Process,
    Error,
    Cancel,
    Hook,
    Job,
    Nursery,
    Channel,
    Promise,
    Queue,
}

/// The program is given a reference to what is at that address.
#[inline(always)]
pub(crate) fn note_given<T>(kind: Kind, at: *const T) {
    if is_any() {
        note_given_if_here(kind, at.addr());
    }
}

#[cold]
#[inline(never)]
fn note_given_if_here(kind: Kind, at: usize) {
    if let Some(world) = here() {
        world.note_given(kind, at);
    }
}

/// It gives one back, on whatever thread.
#[inline(always)]
pub(crate) fn note_given_back<T>(kind: Kind, at: *const T) {
    if is_any() {
        note_given_back_in_any(kind, at.addr());
    }
}

#[cold]
#[inline(never)]
fn note_given_back_in_any(kind: Kind, at: usize) {
    if let Some(world) = any() {
        world.note_given_back(kind, at);
    }
}
