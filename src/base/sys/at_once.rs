//! Calls that do not wait, and raise no signal, whatever flags the open file has.
//!
//! unsafe: these are system calls that take pointers.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use libc::{c_int, c_long};

/// What `send` is told so that it raises no SIGPIPE.
pub(crate) const NO_SIGNAL: c_int = libc::MSG_NOSIGNAL;

/// As `read`, but fails with EAGAIN if it would have to wait, and with EOPNOTSUPP or the like where the system has no such call.
pub(crate) fn read(fd: c_int, room: &mut [MaybeUninit<u8>]) -> isize {
    let part = libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    // SAFETY: there is one part, of which there is that much room.
    unsafe { call(libc::SYS_preadv2, fd, &part) }
}

/// The same for `write`.
pub(crate) fn write(fd: c_int, bytes: &[u8]) -> isize {
    let part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: there is one part, which is only read and valid for as long as the call takes.
    unsafe { call(libc::SYS_pwritev2, fd, &part) }
}

/// The C library may have no functions for that (musl before 1.2.5).
///
/// # Safety
/// The part is valid for that call.
unsafe fn call(call: c_long, fd: c_int, part: &libc::iovec) -> isize {
    const WHERE_IT_IS: c_long = -1; // In two halves.
    let (part, parts) = (std::ptr::from_ref(part), 1_usize);
    // SAFETY: as the caller promises.
    unsafe {
        libc::syscall(
            call,
            c_long::from(fd),
            part,
            parts,
            WHERE_IT_IS,
            WHERE_IT_IS,
            c_long::from(libc::RWF_NOWAIT), // All of a register: half of one is not said to be anything.
        ) as isize
    }
}
