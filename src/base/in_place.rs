//! A value that several hold, made where it stays.
//!
//! `Arc::new` is given a value that was put together on the stack, and copies it in pieces larger than those in which it was
//! written a moment ago: the processor waits for each such copy.
//!
//! The room of one that is over can be that of the next one on the same thread, or it can be the next one.
//!
//! unsafe: the room is filled by its address, and what one thread keeps is taken without a lock.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use crate::base::race_detector;
use crate::base::sync::Arc;

/// Room for a value, which nobody else has.
pub(crate) struct Place<T>(Arc<MaybeUninit<T>>);

/// What that code makes, held by the caller.
#[inline(always)] // Else it is a copy all the same.
pub(crate) fn arc<T>(value: impl FnOnce() -> T) -> Arc<T> {
    arc_in(None, value)
}

/// The same, in that place, if there is one.
#[inline(always)]
pub(crate) fn arc_in<T>(place: Option<Place<T>>, value: impl FnOnce() -> T) -> Arc<T> {
    let room = place.map_or_else(Arc::new_uninit, |place| place.0);
    let address = Arc::as_ptr(&room).cast::<T>().cast_mut();
    // SAFETY: nobody else holds the room, which is as large as the value, and is filled.
    unsafe {
        address.write(value());
        room.assume_init()
    }
}

impl<T> Place<T> {
    /// Releases a value, and leaves its room, if nobody else holds it or knows it.
    fn of(mut former: Arc<T>) -> Option<Place<T>> {
        Arc::get_mut(&mut former)?;
        let value = Arc::into_raw(former).cast_mut();
        // SAFETY: it is the only one who has the value, and goes on as who holds what may be empty: so this is released once, even if that panics.
        unsafe {
            let place = Place(Arc::from_raw(value.cast::<MaybeUninit<T>>()));
            value.drop_in_place();
            Some(place)
        }
    }
}

/// A value that nobody else holds or knows.
pub(crate) struct Sole<T>(Arc<T>);

impl<T> Sole<T> {
    pub(crate) fn of(mut held: Arc<T>) -> Option<Sole<T>> {
        Arc::get_mut(&mut held)?;
        Some(Sole(held))
    }

    pub(crate) fn share(self) -> Arc<T> {
        self.0
    }
}

impl<T> Deref for Sole<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Sole<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else has it, and who has this one has lent it.
        unsafe { &mut *Arc::as_ptr(&self.0).cast_mut() }
    }
}

/// Where one thread keeps such a place, or such a value, for a value of whatever type, one at most.
pub(crate) struct SpareArc(UnsafeCell<Option<Arc<dyn Any + Send + Sync>>>);

// SAFETY: one thread uses it, or one after the other.
unsafe impl Sync for SpareArc {}

impl SpareArc {
    pub(crate) fn none() -> SpareArc {
        SpareArc(UnsafeCell::new(None))
    }

    /// # Safety
    /// Only one thread uses it, or one after the other.
    pub(crate) unsafe fn take<T: Any + Send + Sync>(&self) -> Option<Place<T>> {
        // SAFETY: as promised by the caller.
        let room = unsafe { (*self.0.get()).take() };
        room?.downcast().ok().map(Place)
    }

    /// What was kept as it was.
    ///
    /// # Safety
    /// As for `take`.
    pub(crate) unsafe fn take_sole<T: Any + Send + Sync>(&self) -> Option<Sole<T>> {
        // SAFETY: as promised by the caller.
        let former = unsafe { (*self.0.get()).take() };
        former?.downcast().ok().map(Sole)
    }

    /// Keeps it as it is.
    ///
    /// # Safety
    /// As for `take`.
    pub(crate) unsafe fn put_sole<T: Any + Send + Sync>(&self, former: Sole<T>) {
        // As in `put`.
        if !race_detector::is_there() {
            // SAFETY: as promised by the caller.
            unsafe { *self.0.get() = Some(former.0) };
        }
    }

    /// Keeps the place of one that nobody else holds or knows.
    ///
    /// # Safety
    /// As for `take`.
    pub(crate) unsafe fn put<T: Any + Send + Sync>(&self, former: Arc<T>) {
        // A race detector would take what was told of the former value's addresses for the next one's.
        if race_detector::is_there() {
            return;
        }
        if let Some(place) = Place::of(former) {
            // SAFETY: as promised by the caller.
            unsafe { *self.0.get() = Some(place.0) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_somebody_else_has_is_left_to_him() {
        let value = arc(|| 1);
        let spare = SpareArc::none();
        // SAFETY: there is one thread.
        unsafe {
            spare.put(value.clone());
            assert!(spare.take::<i32>().is_none());
            let known = Arc::downgrade(&value);
            spare.put(value);
            assert!(spare.take::<i32>().is_none() && known.upgrade().is_none());
        }
    }

    #[test]
    fn what_is_kept_as_it_is_comes_back_changed() {
        let value = arc(|| vec![1]);
        assert!(Sole::of(value.clone()).is_none());
        let mut sole = Sole::of(value).expect("it is the only one");
        sole.push(2);
        let spare = SpareArc::none();
        // SAFETY: there is one thread.
        let again = unsafe {
            spare.put_sole(sole);
            spare.take_sole::<Vec<i32>>()
        };
        assert_eq!(*again.expect("it was put there").share(), [1, 2]);
    }

    #[test]
    fn what_was_there_is_released_and_its_place_is_filled() {
        let inside = Arc::new(());
        let value = arc(|| inside.clone());
        let address = Arc::as_ptr(&value);
        let spare = SpareArc::none();
        // SAFETY: there is one thread.
        unsafe {
            spare.put(value);
            assert_eq!(Arc::strong_count(&inside), 1);
            let again = arc_in(spare.take(), || inside.clone());
            assert_eq!(Arc::as_ptr(&again), address);
            spare.put(again);
            assert!(spare.take::<u8>().is_none());
        }
    }
}
