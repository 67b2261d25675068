//! Failures as the functions tell them that are like functions of the system: by `errno`.

use std::io::{Error, Result};

pub(super) use crate::base::sys::errno::{get as errno, set as set_errno};

/// A number, or -1 and why there is none.
pub(super) fn or_errno<T: From<i8>>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| {
        set_errno(error.raw_os_error().unwrap_or(libc::EIO));
        T::from(-1)
    })
}

pub(super) fn bad_input() -> Error {
    Error::from_raw_os_error(libc::EINVAL)
}
