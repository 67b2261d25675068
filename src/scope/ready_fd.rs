//! A descriptor that becomes readable once, and for good: what event loops can wait on.
//!
//! It is a datagram socket with no address and no peer, so nobody can send to it, and nothing can be
//! read from it. Shut down for reading, it is readable in the eyes of poll, select and epoll, wakes
//! who waits there, and stays so, because there is nothing that could be read away.
//! (docs/cancel.md compares it with an eventfd, a pipe and a pair of sockets.)
//!
//! Invariants:
//! - **R1 ours only.** See `own_fd`.
//! - **R2 not the parent's.** A child of `fork` shares sockets with its parent, and shutting one down
//!   would be seen there. So it makes one of its own.
//! - **R3 duplicates are told.** Who watches a duplicate would wait for ever once the socket is closed: it is
//!   made readable before, whether or not what it stands for has become ready.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::os::fd::RawFd;

use crate::base::generation;
use crate::base::own_fd::{OwnFd, close};
use crate::base::race_detector;
use crate::base::sys::sockets;

/// The descriptor of something that becomes ready once; made when somebody first asks for it. The
/// owner's lock guards it, together with whether the thing is ready.
#[derive(Default)]
pub(crate) struct ReadyFd(Option<Socket>);

struct Socket {
    fd: OwnFd,
    generation: u32,
}

impl ReadyFd {
    /// The descriptor, the same at every call, unless it is not there any more.
    pub(crate) fn get(&mut self, ready: bool) -> Result<RawFd> {
        if let Some(fd) = self.usable() {
            race_detector::acquire(&raw const *self);
            return Ok(fd);
        }
        let (socket, fd) = Socket::open(ready)?;
        self.0 = Some(socket);
        race_detector::release(&raw const *self); // To use a number comes after it was made.
        Ok(fd)
    }

    /// The same, but the program may have given the number to a file of its own since it was asked for (R1): for a look, not for a
    /// wait without end.
    pub(crate) fn get_unchecked(&mut self, ready: bool) -> Result<RawFd> {
        match self.own() {
            Some(socket) => Ok(socket.fd.unchecked()),
            None => self.get(ready),
        }
    }

    /// Makes it readable, if there is one.
    pub(crate) fn set_ready(&self) {
        if let Some(fd) = self.usable() {
            shut_down(fd);
        }
    }

    /// R1, R2.
    fn usable(&self) -> Option<RawFd> {
        self.own().and_then(|socket| socket.fd.number())
    }

    /// R2.
    fn own(&self) -> Option<&Socket> {
        let is_own = |socket: &&Socket| socket.generation == generation::current();
        self.0.as_ref().filter(is_own)
    }
}

impl Drop for ReadyFd {
    /// R3.
    fn drop(&mut self) {
        self.set_ready();
    }
}

impl Socket {
    fn open(ready: bool) -> Result<(Socket, RawFd)> {
        let fd = socket()?;
        let socket = Socket {
            fd: OwnFd::of(fd)?,
            generation: generation::current(),
        };
        if ready {
            shut_down(fd);
        }
        Ok((socket, fd))
    }
}

fn shut_down(fd: RawFd) {
    // SAFETY: this call takes no pointer.
    unsafe { libc::shutdown(fd, libc::SHUT_RD) };
}

const KIND: libc::c_int = libc::SOCK_DGRAM | sockets::FLAGS;

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
