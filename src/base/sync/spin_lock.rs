//! A lock that is taken by one locked instruction and given back by none: for what is held for some instructions, and is hardly ever asked
//! for by two threads.
//!
//! Who gives it back does not ring, which would cost a second locked instruction. So who finds it taken looks again and again, and sleeps
//! between looks soon: a thread that is kept from running by who waits for it, by its priority, runs then.
//!
//! Invariant:
//! - **SL1 one at a time.** Who has the lock sees what was done under it before.
//!
//! unsafe: a value that threads share is changed. SL1 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use super::stand_back;
use crate::base::clock::Duration;
use crate::base::sync::atomic::{AtomicBool, Ordering};

/// Loom explores each look of a thread that waits for this lock. So models of rooms that use it have one of loom's in its place.
#[cfg(not(loom))]
pub(crate) type BriefLock<T> = SpinLock<T>;
#[cfg(loom)]
pub(crate) type BriefLock<T> = crate::base::sync::Mutex<T>;
#[cfg(not(loom))]
pub(crate) type BriefGuard<'a, T> = SpinGuard<'a, T>;
#[cfg(loom)]
pub(crate) type BriefGuard<'a, T> = crate::base::sync::MutexGuard<'a, T>;

pub(crate) struct SpinLock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: threads have the value one after the other (SL1).
unsafe impl<T: Send> Sync for SpinLock<T> {}

pub(crate) struct SpinGuard<'a, T>(&'a SpinLock<T>);

/// How often a thread looks at once whether the lock has been given back.
const LOOKS: usize = if cfg!(loom) { 1 } else { 100 };

/// How long it sleeps then.
const NAP: Duration = Duration::from_micros(20);

impl<T> SpinLock<T> {
    constant! { fn new(value: T) -> Self {
        SpinLock {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    } }

    #[inline(always)]
    pub(crate) fn lock(&self) -> SpinGuard<'_, T> {
        if !self.try_take() {
            self.take_later();
        }
        SpinGuard(self)
    }

    /// The value, to who has all of it.
    #[cfg(not(loom))]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    #[inline(always)]
    fn try_take(&self) -> bool {
        let (if_free, if_taken) = (Ordering::Acquire, Ordering::Relaxed);
        (self.taken)
            .compare_exchange(false, true, if_free, if_taken)
            .is_ok()
    }

    #[cold]
    #[inline(never)]
    fn take_later(&self) {
        until_some(|| self.try_take().then_some(()));
    }
}

/// Tries again and again, and sleeps in between soon.
pub(super) fn until_some<T>(attempt: impl Fn() -> Option<T>) -> T {
    loop {
        for _ in 0..LOOKS {
            if let Some(value) = attempt() {
                return value;
            }
            std::hint::spin_loop();
        }
        stand_back(NAP);
    }
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: nobody else has the lock (SL1).
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/spin_lock.rs"]
mod models;
