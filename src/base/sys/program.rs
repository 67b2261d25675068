//! What is known of this program.
//!
//! unsafe: the C library keeps that.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    static program_invocation_short_name: *const c_char;
}

/// The last part of `argv[0]`.
pub(crate) fn short_name() -> &'static CStr {
    // SAFETY: the C library has set it to a string before `main` began.
    unsafe { CStr::from_ptr(program_invocation_short_name) }
}

/// Whether it has more rights than who started it, so that it must not trust the environment.
pub(crate) fn has_more_rights() -> bool {
    // SAFETY: this call takes no pointer.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}
