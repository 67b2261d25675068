//! One of those who hold a value with data of the program's in it.
//!
//! It is a `Common`, of which a race detector is told (`race_detector`): what any holder has done with that data comes before its release.
//! The value's own `drop` says that it is about to be.
//!
//! unsafe: a `Common` is moved out of what has a `drop` of its own, as that is dropped, or never will be.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::base::common::{Common, Room};
use crate::base::race_detector;

pub(crate) struct Holder<T>(ManuallyDrop<Common<T>>);

impl<T> Holder<T> {
    /// The value is made in place.
    #[inline(always)]
    pub(crate) fn new(value: impl FnOnce() -> T) -> Holder<T> {
        Holder::of(Common::new(value))
    }

    fn of(common: Common<T>) -> Holder<T> {
        Holder(ManuallyDrop::new(common))
    }

    /// The address of the value, which is held until `from_raw`.
    pub(crate) fn into_raw(self) -> *const T {
        let this = ManuallyDrop::new(self);
        Common::as_ptr(&this.0)
    }

    /// Takes over what was given up by `into_raw`.
    ///
    /// # Safety
    /// The address came from there, and is taken over once.
    pub(crate) unsafe fn from_raw(value: *const T) -> Holder<T> {
        // SAFETY: as promised by the caller.
        Holder::of(unsafe { Common::from_raw(value) })
    }

    /// Gives up the value. Its last holder is given it.
    pub(crate) fn into_inner(self) -> Option<T> {
        let mut this = ManuallyDrop::new(self);
        let address = Common::as_ptr(&this.0);
        race_detector::release(address);
        // SAFETY: nobody else takes it, for this is not dropped.
        let common = unsafe { ManuallyDrop::take(&mut this.0) };
        Common::into_inner(common).inspect(|_| race_detector::acquire(address))
    }

    /// Releases it. If that was the value's last holder, its room is left.
    #[inline(always)]
    pub(crate) fn into_room(self) -> Option<Room<T>> {
        let mut this = ManuallyDrop::new(self);
        race_detector::release(Common::as_ptr(&this.0));
        // SAFETY: as above.
        let common = unsafe { ManuallyDrop::take(&mut this.0) };
        Common::into_room(common, |_| ()).ok()
    }

    /// Whether both hold the same value.
    pub(crate) fn is(&self, other: &Holder<T>) -> bool {
        Common::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Holder<T> {
    fn clone(&self) -> Holder<T> {
        Holder(self.0.clone())
    }
}

impl<T> Deref for Holder<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Holder<T> {
    #[inline]
    fn drop(&mut self) {
        race_detector::release(Common::as_ptr(&self.0));
        // SAFETY: it is taken once, for this is being dropped.
        drop(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}
