//! The items that are in a channel, and the two ends of it.
//!
//! Who sends and who receives are not in each other's way: each end has a lock of its own, and counts what passes it. An end looks at the
//! other's count only when, by what it saw there last, it could not go on. So as long as there are items and room, the two
//! touch no word of each other's.
//!
//! unsafe: items are bytes at addresses of the program's, and the ring's own memory is changed by who is at an end: where a place has no item, by who sends,
//! and where it has one, by who receives.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use super::spinning::Spinning;
use crate::base::sync::turnstile::{Passed, Passing, Turnstile};
use crate::base::user_data::Destroy;
use crate::base::{guard, race_detector};

/// Memory for any type of C: as `malloc` aligns it.
#[repr(align(16))]
struct Unit(#[allow(dead_code)] UnsafeCell<[MaybeUninit<u8>; 16]>);

pub(super) struct Ring {
    memory: Box<[Unit]>,
    capacity: usize,
    size: usize,
    destroy: Option<Destroy>,
    sending: End,
    receiving: End,
}

// SAFETY: each place of the memory is used by one thread at a time: by who is at the one end, until he has passed it, and then by who is at the other.
unsafe impl Sync for Ring {}

/// One end. It has the memory that processors hand to each other to itself.
#[repr(align(64))]
pub(super) struct End {
    passed: Turnstile<Here>,
    pub(super) spinning: Spinning,
}

/// What is known at an end.
struct Here {
    /// Where the next item goes, or comes from.
    place: usize,
    /// How many had passed the other end when that was last looked at.
    across: Passed,
}

impl End {
    fn new() -> End {
        let (place, across) = (0, Passed::NONE);
        End {
            passed: Turnstile::new(Here { place, across }),
            spinning: Spinning::default(),
        }
    }
}

impl Ring {
    /// `None`: there is no memory for so much.
    pub(super) fn new(capacity: usize, size: usize, destroy: Option<Destroy>) -> Option<Ring> {
        let units = capacity.checked_mul(size)?.div_ceil(size_of::<Unit>());
        let mut memory = Vec::new();
        memory.try_reserve_exact(units).ok()?;
        memory.resize_with(units, || Unit(UnsafeCell::new([MaybeUninit::uninit(); 16])));
        Some(Ring {
            memory: memory.into_boxed_slice(),
            capacity,
            size,
            destroy,
            sending: End::new(),
            receiving: End::new(),
        })
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.capacity > 0
    }

    #[inline(always)]
    pub(super) fn send(&self) -> Sending<'_> {
        let here = self.sending.passed.enter();
        Sending { ring: self, here }
    }

    #[inline(always)]
    pub(super) fn receive(&self) -> Receiving<'_> {
        let here = self.receiving.passed.enter();
        Receiving { ring: self, here }
    }

    /// How many items there are, or were a moment ago.
    pub(super) fn length(&self) -> usize {
        let received = self.receiving.passed.passed();
        let length = self.sending.passed.passed().since(received);
        length.min(self.capacity)
    }

    pub(super) fn room(&self) -> usize {
        self.capacity - self.length()
    }

    pub(super) fn senders(&self) -> &Spinning {
        &self.sending.spinning
    }

    pub(super) fn receivers(&self) -> &Spinning {
        &self.receiving.spinning
    }

    /// Copies one item from place to place.
    ///
    /// # Safety
    /// There is an item at the one, and room at the other, which is elsewhere.
    #[inline(always)]
    pub(super) unsafe fn copy(&self, from: *const u8, to: *mut u8) {
        // The usual sizes are an instruction each, where a call would take as long as the rest. A race detector is to see it.
        // SAFETY: as the caller promises.
        unsafe {
            match self.size {
                4 if !race_detector::is_there() => copy_bytes::<4>(from, to),
                8 if !race_detector::is_there() => copy_bytes::<8>(from, to),
                size => std::ptr::copy_nonoverlapping(from, to, size),
            }
        }
    }

    /// Has something done with a place. What was sent in it comes before what is received there, and this before what is sent there next.
    #[inline(always)]
    fn at(&self, place: usize, copy: impl FnOnce(*mut u8)) {
        let memory = self.memory.as_ptr().cast::<u8>().cast_mut();
        // SAFETY: the place is less than the capacity, for which there is memory.
        let place = unsafe { memory.add(place * self.size) };
        race_detector::in_turn(place, || copy(place));
    }

    #[inline(always)]
    fn after(&self, place: usize) -> usize {
        let next = place + 1;
        if next == self.capacity { 0 } else { next }
    }
}

/// # Safety
/// As for `copy`.
#[inline(always)]
unsafe fn copy_bytes<const SIZE: usize>(from: *const u8, to: *mut u8) {
    type Bytes<const SIZE: usize> = [MaybeUninit<u8>; SIZE];
    // SAFETY: as the caller promises.
    unsafe {
        to.cast::<Bytes<SIZE>>()
            .write_unaligned(from.cast::<Bytes<SIZE>>().read_unaligned())
    };
}

/// Who is at the end where items go in.
pub(super) struct Sending<'a> {
    ring: &'a Ring,
    here: Passing<'a, Here>,
}

impl Sending<'_> {
    #[inline(always)]
    pub(super) fn is_full(&mut self) -> bool {
        let (sent, capacity) = (self.here.passed(), self.ring.capacity);
        if sent.since(self.here.across) < capacity {
            return false;
        }
        self.here.across = self.ring.receiving.passed.passed();
        sent.since(self.here.across) >= capacity
    }

    /// # Safety
    /// It is not full, and there is an item at that address.
    #[inline(always)]
    pub(super) unsafe fn push(&mut self, item: *const u8) {
        let place = self.here.place;
        // SAFETY: as the caller promises.
        self.ring
            .at(place, |to| unsafe { self.ring.copy(item, to) });
        self.here.place = self.ring.after(place);
        self.here.pass();
    }
}

/// Who is at the end where they come out.
pub(super) struct Receiving<'a> {
    ring: &'a Ring,
    here: Passing<'a, Here>,
}

impl Receiving<'_> {
    #[inline(always)]
    pub(super) fn is_empty(&mut self) -> bool {
        let received = self.here.passed();
        if received != self.here.across {
            return false;
        }
        self.here.across = self.ring.sending.passed.passed();
        received == self.here.across
    }

    /// Whether there is an item, for who has both ends: what he has done there himself is not to be read yet.
    pub(super) fn is_behind(&self, sending: &Sending<'_>) -> bool {
        self.here.passed() != sending.here.passed()
    }

    /// # Safety
    /// It is not empty, and there is room for an item at that address.
    #[inline(always)]
    pub(super) unsafe fn pop(&mut self, item: *mut u8) {
        // SAFETY: as the caller promises.
        self.take(|ring, from| unsafe { ring.copy(from, item) });
    }

    #[inline(always)]
    fn take(&mut self, take: impl FnOnce(&Ring, *mut u8)) {
        let place = self.here.place;
        self.ring.at(place, |from| take(self.ring, from));
        self.here.place = self.ring.after(place);
        self.here.pass();
    }
}

impl Drop for Ring {
    /// Releases what is left, in order.
    fn drop(&mut self) {
        let Some(destroy) = self.destroy else { return };
        let mut left = self.receive();
        while !left.is_empty() {
            // SAFETY: the function belongs to the items, and this one is released once.
            let release = |item: *mut u8| unsafe { destroy(item.cast()) };
            left.take(|_, item| guard::must_return(String::new, || release(item)));
        }
    }
}
