//! Waiting for a word of memory to change, in threads of one process.
//!
//! unsafe: the futex is a system call that takes pointers.
#![allow(unsafe_code)]

use std::sync::atomic::AtomicU32;

/// Wakes one who waits for that word. Async-signal-safe, but for `errno`.
pub(crate) fn wake_one(word: &AtomicU32) {
    let wake = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the address is that of a word that is there during the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), wake, 1) };
}

/// Waits until the word is another one and somebody wakes, so many nanoseconds are over, or for no reason.
pub(crate) fn wait(word: &AtomicU32, same: u32, at_most: Option<u64>) {
    const SECOND: u64 = 1_000_000_000;
    let time = at_most.map(|time| libc::timespec {
        tv_sec: (time / SECOND) as _,
        tv_nsec: (time % SECOND) as _,
    });
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let wait = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: as above, and so is the time, which the call takes from now on.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), wait, same, time) };
}
