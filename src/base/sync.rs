//! Locks, waits and globals, of `std` or of loom. With `atomics`, the only place that names either.
//!
//! The two arms have one face, so that the rest of the core is the same source in a program and in
//! a loom model. What loom cannot model (time that passes, threads of the operating system) is in
//! `clock` and `crew`, not here; in a model, they take it from `models`.
//!
//! The locks are those of `std`: on Linux they are a word each and nothing else. parking_lot keeps
//! its waiters in a table of the whole program, which a child of `fork` inherits in whatever state
//! some other thread had it.

#[cfg(loom)]
use loom::sync as source;
#[cfg(not(loom))]
use std::sync as source;

use std::sync::PoisonError;

pub(crate) use crate::base::atomics::{atomic, notes};
pub(crate) use source::MutexGuard;
pub(crate) use std::sync::{Arc, OnceLock, Weak};

use crate::base::clock::{self, Instant};

/// A lock that a panic does not poison: a panic is a bug of ours, and is told as an error (`bug`).
#[derive(Default)]
pub(crate) struct Mutex<T>(source::Mutex<T>);

pub(crate) struct Condvar(source::Condvar);

macro_rules! constant {
    ($($function:tt)*) => {
        #[cfg(not(loom))]
        pub(crate) const $($function)*
        #[cfg(loom)]
        pub(crate) $($function)*
    };
}

impl<T> Mutex<T> {
    constant! { fn new(value: T) -> Self {
        Mutex(source::Mutex::new(value))
    } }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condvar {
    constant! { fn new() -> Self {
        Condvar(source::Condvar::new())
    } }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for as long as the condition holds.
    pub(crate) fn wait_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        self.wait_while_until(guard, None, condition)
    }

    /// Waits for as long as the condition holds and the moment, if there is one, has not come.
    /// In a model, a wait that has begun is not ended by time.
    pub(crate) fn wait_while_until<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        end: Option<Instant>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while condition(&mut guard) {
            let Some(end) = end else {
                guard = self.wait(guard);
                continue;
            };
            let left = clock::until(end);
            if left.is_zero() {
                break;
            }
            let waited = self.0.wait_timeout(guard, left);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        guard
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A static; in a model, one that is made anew for every execution.
macro_rules! global {
    ($name:ident: $type:ty = $value:expr) => {
        #[cfg(not(loom))]
        static $name: $type = $value;
        #[cfg(loom)]
        loom::lazy_static! { static ref $name: $type = $value; }
    };
}
pub(crate) use global;

/// A static of each thread, made of a constant and without a destructor.
macro_rules! per_thread {
    ($visible:vis $name:ident: $type:ty = $value:expr) => {
        #[cfg(not(loom))]
        std::thread_local! { $visible static $name: $type = const { $value } }
        #[cfg(loom)]
        loom::thread_local! { $visible static $name: $type = $value }
    };
}
pub(crate) use per_thread;
