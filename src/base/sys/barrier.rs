//! A barrier that one thread has all others of the program pass.
//!
//! unsafe: it is a system call.
#![allow(unsafe_code)]

// Of <linux/membarrier.h>.
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

/// Says that this process will ask for such barriers. Tells whether it can have them.
pub(crate) fn prepare() -> bool {
    membarrier(REGISTER_PRIVATE_EXPEDITED)
}

/// Has each thread of the process that runs at this moment pass a full barrier; all others have passed one as they were suspended. Tells whether
/// that was done.
pub(crate) fn everywhere() -> bool {
    membarrier(PRIVATE_EXPEDITED)
}

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call takes numbers only.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}
