//! The items that are in a channel.

use std::mem::MaybeUninit;

use crate::base::user_data::Destroy;
use crate::base::{guard, race_detector};

/// Memory for any type of C: as `malloc` aligns it.
#[repr(align(16))]
#[derive(Clone, Copy)]
struct Unit(#[allow(dead_code)] [MaybeUninit<u8>; 16]);

pub(super) struct Ring {
    memory: Box<[Unit]>,
    capacity: usize,
    size: usize,
    first: usize,
    length: usize,
    destroy: Option<Destroy>,
}

impl Ring {
    /// `None`: there is no memory for so much.
    pub(super) fn new(capacity: usize, size: usize, destroy: Option<Destroy>) -> Option<Ring> {
        let units = capacity.checked_mul(size)?.div_ceil(size_of::<Unit>());
        let mut memory = Vec::new();
        memory.try_reserve_exact(units).ok()?;
        memory.resize(units, Unit([MaybeUninit::uninit(); 16]));
        Some(Ring {
            memory: memory.into_boxed_slice(),
            capacity,
            size,
            first: 0,
            length: 0,
            destroy,
        })
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.length == self.capacity
    }

    /// Copies one item from place to place.
    ///
    /// # Safety
    /// There is an item at the one, and room at the other, which is elsewhere.
    pub(super) unsafe fn copy(&self, from: *const u8, to: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy_nonoverlapping(from, to, self.size) };
    }

    /// # Safety
    /// It is not full, and there is an item at that address.
    pub(super) unsafe fn push(&mut self, item: *const u8) {
        let end = self.place(self.length);
        // SAFETY: as the caller promises; the place is the ring's own, and empty.
        race_detector::in_turn(end, || unsafe { self.copy(item, end) });
        self.length += 1;
    }

    /// # Safety
    /// It is not empty, and there is room for an item at that address.
    pub(super) unsafe fn pop(&mut self, item: *mut u8) {
        let first = self.place(0);
        // SAFETY: as the caller promises; the place is the ring's own, and has an item.
        race_detector::in_turn(first, || unsafe { self.copy(first, item) });
        self.forget_first();
    }

    fn forget_first(&mut self) {
        self.first += 1;
        if self.first == self.capacity {
            self.first = 0;
        }
        self.length -= 1;
    }

    /// Where the item is that has so many before it. What was sent in a place comes before what is received there, and this before what is sent
    /// there next.
    fn place(&mut self, before: usize) -> *mut u8 {
        let place = self.first + before;
        let place = if place >= self.capacity {
            place - self.capacity
        } else {
            place
        };
        // SAFETY: the place is less than the capacity, for which there is memory.
        unsafe { self.memory.as_mut_ptr().cast::<u8>().add(place * self.size) }
    }
}

impl Drop for Ring {
    /// Releases what is left, in order.
    fn drop(&mut self) {
        let Some(destroy) = self.destroy else { return };
        while !self.is_empty() {
            let item = self.place(0);
            race_detector::acquire(item);
            // SAFETY: the function belongs to the items, and this one is released once.
            guard::must_return(String::new, || unsafe { destroy(item.cast()) });
            self.forget_first();
        }
    }
}
