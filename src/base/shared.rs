//! A value that several hold, with one count.
//!
//! `Arc` has a second one, for references that do not keep the value, and takes both down when the last holder goes: two locked
//! instructions. Each child of a nursery would pay for those, though it has one holder only.
//!
//! Invariant:
//! - **RC1 the last one.** The value is released once, by who takes the count down to none, or finds that he is the only
//!   holder: then nobody else can become one.
//!
//! A race detector is told that what any holder has done with the value comes before its release, of which the value's own `drop` tells.
//!
//! unsafe: the value is in a box that nobody owns, and C holds it by its address. RC1 is what makes that sound.
#![allow(unsafe_code)]

mod holder;

use std::mem::{ManuallyDrop, offset_of};
use std::ops::Deref;
use std::ptr::NonNull;

use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use holder::Holder;

pub(crate) struct Shared<T>(NonNull<Counted<T>>);

struct Counted<T> {
    holders: AtomicUsize,
    value: T,
}

// SAFETY: as for `Arc`: holders on several threads share the value, and any of them may release it.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The value is made in place: a copy of what was written a moment ago, in larger pieces, waits for that.
    #[inline(always)]
    pub(crate) fn new(value: impl FnOnce() -> T) -> Shared<T> {
        let place = Box::leak(Box::new_uninit());
        let counted = place.write(Counted {
            holders: AtomicUsize::new(1),
            value: value(),
        });
        Shared(NonNull::from(counted))
    }

    /// Gives up the value. Its last holder is given it.
    pub(crate) fn into_inner(self) -> Option<T> {
        let this = ManuallyDrop::new(self);
        if !was_last(&this.counted().holders, &raw const **this) {
            return None;
        }
        race_detector::acquire(&raw const **this);
        // SAFETY: `new` has boxed it, and nobody else holds it (RC1).
        Some(unsafe { Box::from_raw(this.0.as_ptr()) }.value)
    }

    /// The address of the value, which is held until `from_raw`.
    pub(crate) fn into_raw(self) -> *const T {
        let this = ManuallyDrop::new(self);
        // SAFETY: it is in place as long as it is held; no reference is made of it.
        unsafe { &raw const (*this.0.as_ptr()).value }
    }

    /// Takes over what was given up by `into_raw`.
    ///
    /// # Safety
    /// The address came from there, and is taken over once.
    pub(crate) unsafe fn from_raw(value: *const T) -> Shared<T> {
        // SAFETY: as promised by the caller, so there is a count before it.
        let counted = unsafe { value.byte_sub(offset_of!(Counted<T>, value)) };
        // SAFETY: an address in a box is not NULL.
        Shared(unsafe { NonNull::new_unchecked(counted.cast::<Counted<T>>().cast_mut()) })
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: it is in place as long as it is held.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        let before = self.counted().holders.fetch_add(1, Ordering::Relaxed);
        // As `Arc` does: some program has leaked them, and would go on to use what was released.
        if before > isize::MAX.unsigned_abs() {
            std::process::abort();
        }
        Shared(self.0)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T> Drop for Shared<T> {
    #[inline]
    fn drop(&mut self) {
        if was_last(&self.counted().holders, &raw const **self) {
            // SAFETY: `new` has boxed it, and nobody else holds it (RC1).
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// A holder of that value lets go. Tells whether he was the last one, who has seen what all others have done (RC1).
#[inline(always)]
fn was_last<T>(holders: &AtomicUsize, value: *const T) -> bool {
    holders.load(Ordering::Acquire) == 1 || was_last_of_several(holders, value)
}

#[inline(never)] // So that what only one holds goes without.
fn was_last_of_several<T>(holders: &AtomicUsize, value: *const T) -> bool {
    race_detector::release(value);
    holders.fetch_sub(1, Ordering::AcqRel) == 1
}

#[cfg(all(test, loom))]
#[path = "models/shared.rs"]
mod models;
