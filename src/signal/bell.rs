//! A bell that a signal handler may ring, and that is no descriptor.
//!
//! It is a futex: a semaphore of the C library would do, but waits until a moment of the wall clock, which
//! somebody may set.

use crate::base::clock::Instant;
#[cfg(not(loom))]
use crate::base::{clock, sys::futex, world};

/// Counts how often it was rung. Who waits reads the count before looking for what it is rung for, and then
/// waits while the count is still the same: so no ring is missed.
#[cfg(not(loom))]
pub(super) struct Bell(std::sync::atomic::AtomicU32);

#[cfg(not(loom))]
impl Bell {
    pub(super) const fn new() -> Bell {
        Bell(std::sync::atomic::AtomicU32::new(0))
    }

    pub(super) fn rings(&self) -> u32 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Async-signal-safe, but for `errno`.
    pub(super) fn ring(&'static self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if let Some(world) = world::here() {
            world.wake(self.0.as_ptr().addr(), true);
            return;
        }
        futex::wake_one(&self.0);
    }

    /// Waits until it has rung more often, the moment has come, or for no reason.
    pub(super) fn wait(&'static self, rings: u32, end: Option<Instant>) {
        if let Some(world) = world::here() {
            if self.rings() == rings {
                world::wait_at(world, self.0.as_ptr().addr(), end, || ());
            }
            return;
        }
        let left = end.map(|end| clock::until(end).as_nanos().try_into().unwrap_or(u64::MAX));
        futex::wait(&self.0, rings, left);
    }
}

/// The same for models, which know no futex.
#[cfg(loom)]
pub(super) struct Bell(crate::base::sync::Mutex<u32>, crate::base::sync::Condvar);

#[cfg(loom)]
impl Bell {
    pub(super) fn new() -> Bell {
        Bell(
            crate::base::sync::Mutex::new(0),
            crate::base::sync::Condvar::new(),
        )
    }

    pub(super) fn rings(&self) -> u32 {
        *self.0.lock()
    }

    pub(super) fn ring(&self) {
        *self.0.lock() += 1;
        self.1.notify_one();
    }

    pub(super) fn wait(&self, rings: u32, end: Option<Instant>) {
        drop(
            self.1
                .wait_while_until(self.0.lock(), end, |now| *now == rings),
        );
    }
}
