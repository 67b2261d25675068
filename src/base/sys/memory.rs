//! Giving pages back.
//!
//! unsafe: that changes memory behind the compiler's back.
#![allow(unsafe_code)]

use std::sync::atomic::AtomicU64;

/// Gives the pages of these words, which are mapped for this program alone, back to the system. The next use finds zeros.
///
/// # Safety
/// They are all of the pages that they lie in.
pub(crate) unsafe fn give_back(words: &'static [AtomicU64]) {
    let memory = words.as_ptr().cast_mut().cast();
    // SAFETY: as the caller promises; the words are atomic, so they may change.
    unsafe { libc::madvise(memory, size_of_val(words), libc::MADV_DONTNEED) };
}
