//! Locks, waits and globals, of `std` or of loom. With `atomics`, the only place that names either.
//!
//! The two arms have one face, so that the rest of the core is the same source in a program and in
//! a loom model. What loom cannot model (time that passes, threads of the operating system) is in
//! `clock` and `crew`, not here; in a model, they take it from `models`.
//!
//! The locks are those of `std`: on Linux they are a word each and nothing else. parking_lot keeps
//! its waiters in a table of the whole program, which a child of `fork` inherits in whatever state
//! some other thread had it.

pub(crate) mod hand_over;
pub(crate) mod looking;

#[cfg(loom)]
use loom::sync as source;
#[cfg(not(loom))]
use std::sync as source;

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

pub(crate) use crate::base::atomics::{atomic, notes};
pub(crate) use std::sync::{Arc, OnceLock, Weak};

use crate::base::clock::{self, Duration, Instant};
use crate::base::race_detector;
pub(crate) use crate::base::race_detector::Seen;
use crate::base::race_detector::Unseen;
use crate::base::world::{self, World};

/// A lock that a panic does not poison: a panic is a bug of ours, and is told as an error (`bug`).
///
/// What is done under it no race detector looks at, for it knows nothing of the lock; unless it is said to be `Seen`, which costs nothing,
/// where that is done by nothing that a race detector sees: calls of the C library.
pub(crate) struct Mutex<T, U = Unseen>(source::Mutex<T>, PhantomData<U>);

/// It knows its lock, for who waits in a simulation (`world`).
pub(crate) struct MutexGuard<'a, T, U = Unseen>(U, source::MutexGuard<'a, T>, &'a Mutex<T, U>);

pub(crate) struct Condvar(source::Condvar);

macro_rules! constant {
    ($($function:tt)*) => {
        #[cfg(not(loom))]
        pub(crate) const $($function)*
        #[cfg(loom)]
        pub(crate) $($function)*
    };
}

// After the macro.
pub(crate) mod spin_lock;
pub(crate) mod turnstile;

impl<T, U: Default> Mutex<T, U> {
    constant! { fn new(value: T) -> Self {
        Mutex(source::Mutex::new(value), PhantomData)
    } }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T, U> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        MutexGuard(U::default(), guard, self)
    }
}

#[cfg(loom)]
impl<T> Mutex<T> {
    /// As that of a `SpinLock`, in whose place it is.
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default, U: Default> Default for Mutex<T, U> {
    fn default() -> Mutex<T, U> {
        Mutex::new(T::default())
    }
}

impl<T, U> Deref for MutexGuard<'_, T, U> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.1
    }
}

impl<T, U> DerefMut for MutexGuard<'_, T, U> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.1
    }
}

impl Condvar {
    constant! { fn new() -> Self {
        Condvar(source::Condvar::new())
    } }

    /// It may end without a ring, as those of `std`.
    pub(crate) fn wait<'a, T, U: Default>(
        &self,
        guard: MutexGuard<'a, T, U>,
    ) -> MutexGuard<'a, T, U> {
        if let Some(world) = world::here() {
            return self.wait_in(world, guard, None);
        }
        if race_detector::is_there() {
            return self.wait_for(guard, race_detector::LONGEST_WAIT);
        }
        let MutexGuard(unseen, guard, lock) = guard;
        let guard = self.0.wait(guard);
        MutexGuard(unseen, guard.unwrap_or_else(PoisonError::into_inner), lock)
    }

    /// Waits in a simulation.
    #[cold]
    #[inline(never)]
    fn wait_in<'a, T, U: Default>(
        &self,
        world: &dyn World,
        guard: MutexGuard<'a, T, U>,
        end: Option<Instant>,
    ) -> MutexGuard<'a, T, U> {
        let lock = guard.2;
        world::wait_at(world, self.address(), end, || drop(guard));
        lock.lock()
    }

    /// By which it is known in a simulation who waits here.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn wait_for<'a, T, U: Default>(
        &self,
        guard: MutexGuard<'a, T, U>,
        most: Duration,
    ) -> MutexGuard<'a, T, U> {
        if let Some(world) = world::here() {
            return self.wait_in(world, guard, clock::now().checked_add(most));
        }
        let most = race_detector::before_wait(most);
        let MutexGuard(unseen, guard, lock) = guard;
        let waited = self.0.wait_timeout(guard, most);
        let (guard, _) = waited.unwrap_or_else(PoisonError::into_inner);
        MutexGuard(unseen, guard, lock)
    }

    /// Waits for as long as the condition holds.
    pub(crate) fn wait_while<'a, T, U: Default>(
        &self,
        guard: MutexGuard<'a, T, U>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T, U> {
        self.wait_while_until(guard, None, condition)
    }

    /// Waits for as long as the condition holds and the moment, if there is one, has not come.
    /// In a model, a wait that has begun is not ended by time.
    pub(crate) fn wait_while_until<'a, T, U: Default>(
        &self,
        mut guard: MutexGuard<'a, T, U>,
        end: Option<Instant>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T, U> {
        while condition(&mut guard) {
            let Some(end) = end else {
                guard = self.wait(guard);
                continue;
            };
            let left = clock::until(end);
            if left.is_zero() || world::is_wrecked() {
                break;
            }
            guard = self.wait_for(guard, left);
        }
        guard
    }

    /// The same for a wait of the program's, which also ends where the run of a simulation has failed.
    pub(crate) fn wait_while_asked<'a, T, U: Default>(
        &self,
        guard: MutexGuard<'a, T, U>,
        end: Option<Instant>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T, U> {
        self.wait_while_until(guard, end, |value| condition(value) && !world::is_wrecked())
    }

    pub(crate) fn notify_one(&self) {
        if !world::wake(self.address(), false) {
            self.0.notify_one();
        }
    }

    pub(crate) fn notify_all(&self) {
        if !world::wake(self.address(), true) {
            self.0.notify_all();
        }
    }
}

/// Lets others run for so long. In a model, no time passes.
pub(crate) fn stand_back(time: Duration) {
    #[cfg(not(loom))]
    clock::pause(time);
    #[cfg(loom)]
    {
        let _ = time;
        loom::thread::yield_now();
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
