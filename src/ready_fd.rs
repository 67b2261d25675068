//! A descriptor that becomes readable once, and for good: what event loops can wait on.
//!
//! It is a datagram socket with no address and no peer, so nobody can send to it, and nothing can be
//! read from it. Shut down for reading, it is readable in the eyes of poll, select and epoll, wakes
//! who waits there, and stays so, because there is nothing that could be read away.
//! (docs/cancel.md compares it with an eventfd, a pipe and a pair of sockets.)
//!
//! Invariants:
//! - **R1 ours only.** A daemon may close all descriptors and open files of its own under their
//!   numbers. So a number is used, or closed, only if it is still our socket's: each has an inode.
//! - **R2 not the parent's.** A child of `fork` shares sockets with its parent, and shutting one down
//!   would be seen there. So it makes one of its own.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::os::fd::RawFd;

use crate::fork;

/// The descriptor of something that becomes ready once; made when somebody first asks for it. The
/// owner's lock guards it, together with whether the thing is ready.
#[derive(Default)]
pub(crate) struct ReadyFd(Option<Socket>);

struct Socket {
    fd: RawFd,
    inode: Inode,
    generation: u32,
}

/// What a descriptor stands for. A number of an inode comes again after 2^32 others, at the earliest.
type Inode = (libc::dev_t, libc::ino_t);

impl ReadyFd {
    /// The descriptor, the same at every call, unless it is not there any more.
    pub(crate) fn get(&mut self, ready: bool) -> Result<RawFd> {
        if let Some(socket) = self.usable() {
            return Ok(socket.fd);
        }
        Ok(self.0.insert(Socket::open(ready)?).fd)
    }

    /// Makes it readable, if there is one.
    pub(crate) fn set_ready(&self) {
        if let Some(socket) = self.usable() {
            socket.shut_down();
        }
    }

    /// R1, R2.
    fn usable(&self) -> Option<&Socket> {
        let here = |socket: &&Socket| socket.generation == fork::generation() && socket.is_there();
        self.0.as_ref().filter(here)
    }
}

impl Socket {
    fn open(ready: bool) -> Result<Socket> {
        let fd = socket()?;
        let socket = Socket {
            fd,
            inode: inode(fd).ok_or_else(Error::last_os_error)?,
            generation: fork::generation(),
        };
        if ready {
            socket.shut_down();
        }
        Ok(socket)
    }

    fn is_there(&self) -> bool {
        inode(self.fd) == Some(self.inode)
    }

    fn shut_down(&self) {
        // SAFETY: this call takes no pointer.
        unsafe { libc::shutdown(self.fd, libc::SHUT_RD) };
    }
}

impl Drop for Socket {
    /// Closes it, also what a child of `fork` has of its parent's: that closes only the child's number.
    fn drop(&mut self) {
        if self.is_there() {
            close(self.fd);
        }
    }
}

const KIND: libc::c_int = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;

fn socket() -> Result<RawFd> {
    // SAFETY: this call takes no pointer.
    let fd = unsafe { libc::socket(libc::AF_UNIX, KIND, 0) };
    if fd >= 0 {
        return Ok(fd);
    }
    let error = Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAFNOSUPPORT) => half_a_pair(),
        _ => Err(error),
    }
}

/// A socket whose peer is gone, which is as good. systemd's RestrictAddressFamilies forbids a service to
/// make single ones, but not pairs.
fn half_a_pair() -> Result<RawFd> {
    let mut pair = [-1; 2];
    // SAFETY: the call writes both numbers.
    if unsafe { libc::socketpair(libc::AF_UNIX, KIND, 0, pair.as_mut_ptr()) } != 0 {
        return Err(Error::last_os_error());
    }
    close(pair[1]);
    Ok(pair[0])
}

fn inode(fd: RawFd) -> Option<Inode> {
    // SAFETY: all zeros is a valid `stat`, and the call fills it.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        (libc::fstat(fd, &mut stat) == 0).then_some((stat.st_dev, stat.st_ino))
    }
}

fn close(fd: RawFd) {
    // SAFETY: this call takes no pointer, and the number is one of ours.
    unsafe { libc::close(fd) };
}
