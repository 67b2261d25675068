//! A bell that a signal handler may ring, and that is no descriptor.
//!
//! It is a futex: a semaphore of the C library would do, but waits until a moment of the wall clock, which
//! somebody may set.
//!
//! unsafe: the futex is a system call that takes pointers.
#![allow(unsafe_code)]

use crate::base::clock::Instant;

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
    pub(super) fn ring(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let wake = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the address is that of a word that is always there.
        unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), wake, 1) };
    }

    /// Waits until it has rung more often, the moment has come, or for no reason.
    pub(super) fn wait(&self, rings: u32, end: Option<Instant>) {
        let left = end.map(|end| {
            let left = crate::base::clock::until(end);
            libc::timespec {
                tv_sec: left.as_secs() as libc::time_t,
                tv_nsec: left.subsec_nanos() as libc::c_long,
            }
        });
        let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let wait = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: as above; the time is there during the call, which takes it from now on.
        unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), wait, rings, left) };
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
