//! Where records lie: memory of the system's, which can be given back without being freed.
//!
//! Threads keep the addresses of chunks that they once wrote to, and nothing of ours runs when a thread
//! ends. So a chunk is there for good, once it was made; but its pages need not be.
//!
//! unsafe: that is `mmap`, and what gives back.
#![allow(unsafe_code)]

use crate::base::sync::atomic::AtomicU64;
#[cfg(not(loom))]
use crate::base::sys::memory;

/// So many words, which are zero, for good; `None`: there is no memory.
#[cfg(not(loom))]
pub(super) fn words(count: usize) -> Option<&'static [AtomicU64]> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let bytes = count * size_of::<AtomicU64>();
    // SAFETY: this asks for memory of its own, which is never unmapped. A page is aligned for any word,
    // and zeros are a valid one.
    unsafe {
        let memory = libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0);
        (memory != libc::MAP_FAILED).then(|| std::slice::from_raw_parts(memory.cast(), count))
    }
}

/// Gives the pages of all these words back, which nobody uses now. The next use finds zeros.
#[cfg(not(loom))]
pub(super) fn give_back(words: &'static [AtomicU64]) {
    // SAFETY: the words are those that `words` returned, which had pages of their own made.
    unsafe { memory::give_back(words) };
}

#[cfg(loom)]
pub(super) fn words(count: usize) -> Option<&'static [AtomicU64]> {
    Some(Vec::leak((0..count).map(|_| AtomicU64::new(0)).collect()))
}

#[cfg(loom)]
pub(super) fn give_back(_: &'static [AtomicU64]) {}
