//! The version.

use std::ffi::{CStr, c_char};

use super::configure::{PROC_MAX_NAME_PREFIX, PROC_MIN_STACK_SIZE};

/// The major version of this header.
pub const PROC_VERSION_MAJOR: u32 = 0;
/// The minor version of this header. While the major version is 0, each one is an ABI of its own.
pub const PROC_VERSION_MINOR: u32 = 2;
/// The patch version of this header.
pub const PROC_VERSION_PATCH: u32 = 0;

/// How many combinators may be nested around a callback. Deeper is bad input, with ELOOP.
///
/// Running a tree takes less than 1 KiB of a thread's stack for each combinator around the callback, and some KiB once,
/// in addition to the stack of the callbacks (and of the trees that they run). Releasing a deep tree takes no more
/// stack than releasing a flat one.
pub const PROC_MAX_DEPTH: u32 = 1000;

const _: () = assert!(PROC_MAX_DEPTH == crate::tree::process::MAX_DEPTH as u32);

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no NUL in it"),
    };

/// # Version
///
/// The version of the library that is running, as "MAJOR.MINOR.PATCH". The header that a program was
/// compiled with has PROC_VERSION_MAJOR, PROC_VERSION_MINOR and PROC_VERSION_PATCH.
///
/// @return borrowed until the program ends; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn proc_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version of the library that is running, as a number. That is 1,000,000 times the major version, 1,000 times
/// the minor one, and the patch.
///
/// This and the following are for languages that have no macros: they return the values of the library that is running; the macros are those of the
/// header that the program was compiled with.
///
/// @return for instance 2000 for 0.2.0.
#[unsafe(no_mangle)]
pub extern "C" fn proc_version_number() -> u32 {
    (PROC_VERSION_MAJOR * 1000 + PROC_VERSION_MINOR) * 1000 + PROC_VERSION_PATCH
}

/// PROC_MAX_DEPTH of the library that is running.
///
/// @return how many combinators may be nested around a callback.
#[unsafe(no_mangle)]
pub extern "C" fn proc_max_depth() -> usize {
    PROC_MAX_DEPTH as usize
}

/// PROC_MIN_STACK_SIZE of the library that is running.
///
/// @return bytes.
#[unsafe(no_mangle)]
pub extern "C" fn proc_min_stack_size() -> usize {
    PROC_MIN_STACK_SIZE
}

/// PROC_MAX_NAME_PREFIX of the library that is running.
///
/// @return bytes.
#[unsafe(no_mangle)]
pub extern "C" fn proc_max_name_prefix() -> usize {
    PROC_MAX_NAME_PREFIX
}
