//! Failures as the functions tell them that are like functions of the system: by `errno`.

use std::ffi::c_int;

pub(super) fn set_errno(code: c_int) {
    // SAFETY: the address of this thread's `errno` is valid.
    unsafe { *libc::__errno_location() = code };
}
