//! Where `errno` is, which C has as a macro.
//!
//! unsafe: it is behind a pointer of the C library's.
#![allow(unsafe_code)]

use libc::c_int;

/// The calling thread's. Async-signal-safe.
pub(crate) fn get() -> c_int {
    // SAFETY: the address of this thread's `errno` is valid.
    unsafe { *libc::__errno_location() }
}

/// Async-signal-safe.
pub(crate) fn set(code: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = code };
}
