//! A child that is known by a descriptor, whatever becomes of its number, and one that does not outlive its parent.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::os::fd::RawFd;

use libc::{idtype_t, pid_t};

/// What `waitid` is told so that it takes such a descriptor; EINVAL before Linux 5.4.
pub(crate) const BY_DESCRIPTOR: idtype_t = libc::P_PIDFD;

/// A descriptor, close-on-exec, that is readable when the child has ended. `None`: the system has no such ones (before Linux 5.3).
pub(crate) fn open(child: pid_t) -> Option<RawFd> {
    // SAFETY: this call takes no pointer.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child, 0) };
    RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)
}

/// To be called in a child of `fork`: it is killed when the thread that has made it ends, or has ended already.
pub(crate) fn end_with_parent(parent: pid_t) {
    // SAFETY: these calls take no pointer.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() != parent {
            libc::_exit(1);
        }
    }
}
