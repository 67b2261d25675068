//! A descriptor that the library has for itself, in a program that may close it.
//!
//! Invariant:
//! - **R1 ours only.** A daemon may close all descriptors and open files of its own under their numbers. So a
//!   number is used, or closed, only if it is still that of our socket or pipe: each has an inode.
//!
//! unsafe: so it is not owned as `std` understands it; and these are system calls.
#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::os::fd::RawFd;

use crate::base::cancelability;
use crate::base::race_detector::unseen;

/// A socket or a pipe of ours, or what was one.
pub(crate) struct OwnFd {
    fd: RawFd,
    inode: Inode,
}

/// What a descriptor stands for. A number of an inode comes again after 2^32 others, at the earliest.
type Inode = (libc::dev_t, libc::ino_t);

impl OwnFd {
    /// Takes over a descriptor that is open.
    pub(crate) fn of(fd: RawFd) -> Result<OwnFd> {
        let inode = inode(fd).ok_or_else(Error::last_os_error)?;
        Ok(OwnFd { fd, inode })
    }

    /// The number, whether or not it is still ours.
    pub(crate) fn unchecked(&self) -> RawFd {
        self.fd
    }

    /// The number, if it is still ours.
    pub(crate) fn number(&self) -> Option<RawFd> {
        (inode(self.fd) == Some(self.inode)).then_some(self.fd)
    }
}

impl Drop for OwnFd {
    /// Closes it, also what a child of `fork` has of its parent's: that closes only the child's number.
    fn drop(&mut self) {
        if let Some(fd) = self.number() {
            close(fd);
        }
    }
}

fn inode(fd: RawFd) -> Option<Inode> {
    // SAFETY: all zeros is a valid `stat`, and the call fills it.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        (unseen(|| libc::fstat(fd, &mut stat)) == 0).then_some((stat.st_dev, stat.st_ino))
    }
}

/// Closes a descriptor that is ours.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: this call takes no pointer.
    cancelability::disabled(|| unseen(|| unsafe { libc::close(fd) }));
}
