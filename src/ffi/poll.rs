//! Waiting for a cancellation by a descriptor.

use std::ffi::c_int;

use super::errno::{bad_input, or_errno};
use super::handle::share;
use super::types::proc_cancel;
use crate::observers;

/// The descriptor of a cancel handle, for poll, epoll and event loops: it is readable (POLLIN) once
/// the handle is cancelled, and stays so for good. It is made when first asked for, close-on-exec
/// and non-blocking, and there is one a handle, the same at every call.
///
/// Wait for it to be readable, and do nothing else with it: there is nothing to read (`read` fails
/// with EAGAIN), it is not to be written to, shut down or closed. If the program has closed it all the
/// same, as daemons close all descriptors, files that it opens under the same number are left alone,
/// and the next call makes another one. A child of `fork` has to ask again too: the descriptor that
/// it inherits is its parent's.
///
/// Ownership: the descriptor is the handle's, and is closed when the last reference to that is released.
///
/// @param cancel  NULL is bad input.
/// @return the descriptor; -1 with `errno` EINVAL for NULL, or if none can be had, with that of
///         `socket`: EMFILE, ENFILE, ENOMEM and so on. Then nothing has changed; a later call may succeed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_fd(cancel: *mut proc_cancel) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    let cancel = unsafe { share(cancel) };
    or_errno(cancel.map_or_else(|| Err(bad_input()), |cancel| observers::fd(&cancel)))
}
