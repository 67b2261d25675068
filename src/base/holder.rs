//! One of those who hold a value with data of the program's in it.
//!
//! It is an `Arc`, of which a race detector is told (`race_detector`): what any holder has done with that data comes before its release.
//! The value's own `drop` says that it is about to be.
//!
//! unsafe: an `Arc` is moved out of what has a `drop` of its own, as that is dropped, or never will be.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::base::race_detector;
use crate::base::sync::Arc;

pub(crate) struct Holder<T>(ManuallyDrop<Arc<T>>);

impl<T> Holder<T> {
    pub(crate) fn new(value: T) -> Holder<T> {
        Holder::from_arc(Arc::new(value))
    }

    pub(crate) fn from_arc(arc: Arc<T>) -> Holder<T> {
        Holder(ManuallyDrop::new(arc))
    }

    pub(crate) fn into_raw(self) -> *const T {
        let this = ManuallyDrop::new(self);
        Arc::as_ptr(&this.0)
    }

    /// Gives up the value. Its last holder is given it.
    pub(crate) fn into_inner(self) -> Option<T> {
        let mut this = ManuallyDrop::new(self);
        let address = Arc::as_ptr(&this.0);
        race_detector::release(address);
        // SAFETY: nobody else takes it, for this is not dropped.
        let arc = unsafe { ManuallyDrop::take(&mut this.0) };
        Arc::into_inner(arc).inspect(|_| race_detector::acquire(address))
    }

    /// Whether both hold the same value.
    pub(crate) fn is(&self, other: &Holder<T>) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Holder<T> {
    fn clone(&self) -> Holder<T> {
        Holder(self.0.clone())
    }
}

impl<T> Deref for Holder<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Holder<T> {
    fn drop(&mut self) {
        race_detector::release(Arc::as_ptr(&self.0));
        // SAFETY: it is taken once, for this is being dropped.
        drop(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}
