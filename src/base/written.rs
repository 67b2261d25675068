//! A value that is written once, by one thread at a time, and read by all.
//!
//! `OnceLock` asks who writes it, with two locked instructions. Here the owner sees to it that nobody else does, by a lock that he has anyway.
//!
//! Invariant:
//! - **WR1 whole, or not there.** Who sees it sees all of it, from then on for good.
//!
//! unsafe: what one thread writes, others read. WR1 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;

use crate::base::sync::notes::{AtomicBool, Ordering};

pub(crate) struct Written<T> {
    is_there: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: it is written before it is shared (WR1), on whatever thread.
unsafe impl<T: Send + Sync> Sync for Written<T> {}

impl<T> Written<T> {
    pub(crate) fn new() -> Written<T> {
        Written {
            is_there: AtomicBool::new(false),
            value: UnsafeCell::new(None),
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&T> {
        let is_there = self.is_there.load(Ordering::Acquire);
        // SAFETY: from then on nobody writes it (WR1).
        is_there.then(|| unsafe { (*self.value.get()).as_ref() })?
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        let is_there = std::mem::take(self.is_there.get_mut());
        is_there.then(|| self.value.get_mut().take())?
    }

    /// # Safety
    /// Nobody reads or writes it meanwhile, or has a reference to the value.
    pub(crate) unsafe fn take_out(&self) -> Option<T> {
        self.is_there.store(false, Ordering::Relaxed);
        // SAFETY: as promised by the caller.
        unsafe { (*self.value.get()).take() }
    }

    /// The value, which is made if there is none yet.
    ///
    /// # Safety
    /// No other thread is in here meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        if !self.is_there.load(Ordering::Relaxed) {
            let made = make();
            // SAFETY: nobody reads it yet, and, as promised by the caller, nobody else writes it.
            unsafe { *self.value.get() = Some(made) };
            self.is_there.store(true, Ordering::Release);
        }
        // SAFETY: it is there.
        unsafe { (*self.value.get()).as_ref().unwrap_unchecked() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_counts() {
        let mut written = Written::new();
        assert_eq!(written.get(), None);
        // SAFETY: there is one thread.
        let made = [1, 2].map(|value| unsafe { *written.get_or_make(|| value) });
        assert_eq!((made, written.get()), ([1, 1], Some(&1)));
        assert_eq!((written.take(), written.get()), (Some(1), None));
    }
}
