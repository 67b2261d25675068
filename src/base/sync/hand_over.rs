//! What one thread waits for, and another one gives it: by no locked instruction, and one call of the kernel.
//!
//! Who waits for such a thing sleeps nearly always when it comes. So whether it does is not asked: the kernel is called in any case, which knows it.
//!
//! Invariants:
//! - **HO1 one gives.** Who gives something is the only one to do so until that was taken and he, or the next one, has learnt of that by other means. The one
//!   who takes is always the same thread. Both hold this meanwhile.
//! - **HO2 given is there.** Who finds the word changed sees what was given: it was written before the word was (`Release`), and is read after that
//!   (`Acquire`). What he does with the place comes before the next one is given, by HO1.
//! - **HO3 nobody asleep.** The kernel puts nobody to sleep who finds the word changed, and wakes who slept before. Both are done under its lock of
//!   that word, which the call to wake takes after the word was changed, as it says of a futex.
//!
//! unsafe: a value that threads share is written and read without a lock. HO1 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;

use crate::base::clock::{self, Duration, Instant};
use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct HandOver<T> {
    word: AtomicU32,
    value: UnsafeCell<Option<T>>,
    #[cfg(loom)]
    kernel: kernel::Kernel,
}

// SAFETY: one thread after the other has the value (HO2).
unsafe impl<T: Send> Sync for HandOver<T> {}

const NOTHING: u32 = 0;
const THERE: u32 = 1;

impl<T> HandOver<T> {
    pub(crate) fn new() -> HandOver<T> {
        HandOver {
            word: AtomicU32::new(NOTHING),
            value: UnsafeCell::new(None),
            #[cfg(loom)]
            kernel: kernel::Kernel::new(),
        }
    }

    /// # Safety
    /// HO1.
    pub(crate) unsafe fn give(&self, value: T) {
        // SAFETY: as promised by the caller.
        unsafe { self.put(value) };
        self.word.store(THERE, Ordering::Release); // HO2
        self.wake();
    }

    /// Waits until something is given, or until that moment, if there is one.
    ///
    /// # Safety
    /// HO1.
    pub(crate) unsafe fn take(&self, end: Option<Instant>) -> Option<T> {
        while self.word.load(Ordering::Acquire) == NOTHING {
            let left = end.map(clock::until);
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            self.sleep(left);
        }
        self.word.store(NOTHING, Ordering::Relaxed);
        // SAFETY: as promised by the caller (HO2). The C library may move it.
        race_detector::unseen(|| unsafe { (*self.value.get()).take() })
    }

    /// # Safety
    /// HO1.
    unsafe fn put(&self, value: T) {
        // SAFETY: as promised by the caller. The C library may move it.
        race_detector::unseen(|| unsafe { *self.value.get() = Some(value) });
    }
}

#[cfg(not(loom))]
impl<T> HandOver<T> {
    fn wake(&self) {
        crate::base::sys::futex::wake_one(&self.word);
    }

    /// Until it is woken, so much time is over, or for no reason.
    fn sleep(&self, at_most: Option<Duration>) {
        let at_most = if race_detector::is_there() {
            let most = at_most.unwrap_or(race_detector::LONGEST_WAIT);
            Some(race_detector::before_wait(most))
        } else {
            at_most
        };
        let nanoseconds = at_most.map(|time| time.as_nanos().try_into().unwrap_or(u64::MAX));
        crate::base::sys::futex::wait(&self.word, NOTHING, nanoseconds);
    }
}

/// What the kernel does, for models, which know no futex.
#[cfg(loom)]
mod kernel {
    use super::*;
    use crate::base::sync::{Condvar, Mutex};

    pub(super) struct Kernel {
        lock: Mutex<()>,
        woken: Condvar,
    }

    impl Kernel {
        pub(super) fn new() -> Kernel {
            Kernel {
                lock: Mutex::new(()),
                woken: Condvar::new(),
            }
        }
    }

    impl<T> HandOver<T> {
        pub(super) fn wake(&self) {
            let _lock = self.kernel.lock.lock();
            self.kernel.woken.notify_one();
        }

        /// In a model, a wait that has begun is not ended by time.
        pub(super) fn sleep(&self, _at_most: Option<Duration>) {
            let lock = self.kernel.lock.lock();
            if self.word.load(Ordering::Relaxed) == NOTHING {
                drop(self.kernel.woken.wait(lock));
            }
        }
    }
}

#[cfg(all(test, loom))]
#[path = "../models/hand_over.rs"]
mod models;
