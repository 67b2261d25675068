//! A value that several hold, made where it stays.
//!
//! `Arc::new` is given a value that was put together on the stack, and copies it in pieces larger than those in which it was
//! written a moment ago: the processor waits for each such copy.
//!
//! The room of one that is over can be that of the next one on the same thread.
//!
//! unsafe: the room is filled by its address, and what one thread keeps is taken without a lock.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::UnsafeCell;

use crate::base::race_detector;
use crate::base::sync::Arc;

/// What that code makes, held by the caller.
#[inline(always)] // Else it is a copy all the same.
pub(crate) fn arc<T>(value: impl FnOnce() -> T) -> Arc<T> {
    let room = Arc::<T>::new_uninit();
    let address = Arc::as_ptr(&room).cast::<T>().cast_mut();
    // SAFETY: nobody else holds the room yet, which is as large as the value, and is filled.
    unsafe {
        address.write(value());
        room.assume_init()
    }
}

/// The same, in the place of a former value that nobody else holds or knows, if there is one.
#[inline(always)]
pub(crate) fn arc_again<T>(former: Option<Arc<T>>, value: impl FnOnce() -> T) -> Arc<T> {
    let Some(mut room) = former else {
        return arc(value);
    };
    match Arc::get_mut(&mut room) {
        Some(place) => {
            *place = value();
            room
        }
        None => arc(value),
    }
}

/// Where one thread keeps such a former value, of whatever type, one at most.
pub(crate) struct SpareArc(UnsafeCell<Option<Arc<dyn Any + Send + Sync>>>);

// SAFETY: one thread uses it, or one after the other.
unsafe impl Sync for SpareArc {}

impl SpareArc {
    pub(crate) fn none() -> SpareArc {
        SpareArc(UnsafeCell::new(None))
    }

    /// # Safety
    /// Only one thread uses it, or one after the other.
    pub(crate) unsafe fn take<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        // SAFETY: as promised by the caller.
        let former = unsafe { (*self.0.get()).take() };
        former?.downcast().ok()
    }

    /// Keeps one that nobody else holds or knows.
    ///
    /// # Safety
    /// As for `take`.
    pub(crate) unsafe fn put<T: Any + Send + Sync>(&self, former: Arc<T>) {
        let is_known = Arc::strong_count(&former) > 1 || Arc::weak_count(&former) > 0;
        // A race detector would take what was told of the former value's addresses for the next one's.
        if !is_known && !race_detector::is_there() {
            // SAFETY: as promised by the caller.
            unsafe { *self.0.get() = Some(former) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_somebody_else_has_is_left_to_him() {
        let first = arc_again(Some(Arc::new(1)), || 2);
        let second = arc_again(Some(first.clone()), || 3);
        assert_eq!((*first, *second), (2, 3));
        let spare = SpareArc::none();
        // SAFETY: there is one thread.
        unsafe {
            spare.put(first.clone());
            assert!(spare.take::<i32>().is_none());
            spare.put(first);
            assert_eq!(spare.take::<i32>().as_deref(), Some(&2));
            spare.put(second);
            assert!(spare.take::<u8>().is_none());
        }
    }
}
