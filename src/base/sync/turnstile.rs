//! A place that threads pass one after the other, and a count of how often that was, which everybody may read.
//!
//! The count and the lock are one word: a thread takes it by one locked instruction, and by one store it says that it has passed, and lets the next
//! one in. So that store is the last thing that it does there: who sees the count may release the place.
//!
//! As with `spin_lock`, it is for what takes some instructions: who finds it taken looks again and again, and sleeps between looks soon.
//!
//! Invariants:
//! - **TU1 one at a time.** Who is in sees what was done there before.
//! - **TU2 passed is done.** Who reads a count sees what those did who have passed, before they did.
//!
//! unsafe: a value that threads share is changed. TU1 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use super::spin_lock;
use crate::base::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Turnstile<T> {
    /// Twice as many as have passed, and 1 more while somebody is in.
    word: AtomicUsize,
    value: UnsafeCell<T>,
    /// Loom explores each look of a thread that waits. So a model waits for one of loom's.
    #[cfg(loom)]
    line: crate::base::sync::Mutex<()>,
}

// SAFETY: threads have the value one after the other (TU1).
unsafe impl<T: Send> Sync for Turnstile<T> {}

/// Who is in; dropping this lets the next one in.
pub(crate) struct Passing<'a, T> {
    place: &'a Turnstile<T>,
    passed: Passed,
    #[cfg(loom)]
    _line: crate::base::sync::MutexGuard<'a, ()>,
}

/// How many have passed, by a number that comes round again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed(usize);

impl Passed {
    pub(crate) const NONE: Passed = Passed(0);

    /// How many have passed since then.
    #[inline(always)]
    pub(crate) fn since(self, then: Passed) -> usize {
        self.0.wrapping_sub(then.0) / 2
    }
}

impl<T> Turnstile<T> {
    pub(crate) fn new(value: T) -> Turnstile<T> {
        Turnstile {
            word: AtomicUsize::new(0),
            value: UnsafeCell::new(value),
            #[cfg(loom)]
            line: crate::base::sync::Mutex::new(()),
        }
    }

    #[inline(always)]
    pub(crate) fn enter(&self) -> Passing<'_, T> {
        #[cfg(loom)]
        let line = self.line.lock();
        let passed = self.try_take().unwrap_or_else(|| self.take_later());
        Passing {
            place: self,
            passed,
            #[cfg(loom)]
            _line: line,
        }
    }

    /// How many have passed (TU2).
    #[inline(always)]
    pub(crate) fn passed(&self) -> Passed {
        Passed(self.word.load(Ordering::Acquire) & !1)
    }

    #[inline(always)]
    fn try_take(&self) -> Option<Passed> {
        let before = self.word.fetch_or(1, Ordering::Acquire);
        (before & 1 == 0).then_some(Passed(before))
    }

    #[cold]
    #[inline(never)]
    fn take_later(&self) -> Passed {
        let is_free = || self.word.load(Ordering::Relaxed) & 1 == 0;
        spin_lock::until_some(|| is_free().then(|| self.try_take()).flatten())
    }
}

impl<T> Passing<'_, T> {
    #[inline(always)]
    pub(crate) fn passed(&self) -> Passed {
        self.passed
    }

    /// It counts as one that has passed, once this is dropped.
    #[inline(always)]
    pub(crate) fn pass(&mut self) {
        self.passed = Passed(self.passed.0.wrapping_add(2));
    }
}

impl<T> Deref for Passing<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: nobody else is in (TU1).
        unsafe { &*self.place.value.get() }
    }
}

impl<T> DerefMut for Passing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.place.value.get() }
    }
}

impl<T> Drop for Passing<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.place.word.store(self.passed.0, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/turnstile.rs"]
mod models;
