//! A descriptor that becomes readable once, and for good: what event loops can wait on.
//!
//! For the library's own waits it is a datagram socket with no address and no peer, so nobody can send to it, and nothing can be
//! read from it. Programs are given one end of a pair of stream sockets, in whose other end nobody writes: event loops that
//! only wait by reading know such ones, and read the end. Shut down for reading, either is readable in the eyes of poll, select and
//! epoll, wakes who waits there, and stays so, because there is nothing that could be read away.
//! (docs/cancel.md compares them with an eventfd and a pipe.)
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
    /// The other end, of a pair: as long as it is open, this one is quiet.
    peer: Option<Box<OwnFd>>,
    generation: u32,
}

impl ReadyFd {
    /// One for a wait of the library's, the same at every call, unless it is not there any more.
    pub(crate) fn own(&mut self, ready: bool) -> Result<RawFd> {
        self.get(ready, Socket::single)
    }

    /// The same, but the program may have given the number to a file of its own since it was asked for (R1): for a look, not for a
    /// wait without end.
    pub(crate) fn own_unchecked(&mut self, ready: bool) -> Result<RawFd> {
        match self.unchecked() {
            Some(fd) => Ok(fd),
            None => self.own(ready),
        }
    }

    /// One for the program, the same at every call, unless it is not there any more.
    pub(crate) fn lent(&mut self, ready: bool) -> Result<RawFd> {
        self.get(ready, Socket::end_of_pair)
    }

    fn get(&mut self, ready: bool, open: fn() -> Result<Socket>) -> Result<RawFd> {
        if let Some(fd) = self.usable() {
            race_detector::acquire(&raw const *self);
            return Ok(fd);
        }
        let socket = open()?;
        let fd = socket.fd.unchecked();
        if ready {
            shut_down(fd);
        }
        self.0 = Some(socket);
        race_detector::release(&raw const *self); // To use a number comes after it was made.
        Ok(fd)
    }

    /// Makes it readable, if there is one.
    pub(crate) fn set_ready(&self) {
        if let Some(fd) = self.usable() {
            shut_down(fd);
        }
    }

    /// The number, if there is one and it is ours: R1, R2.
    pub(crate) fn usable(&self) -> Option<RawFd> {
        self.of_this_process().and_then(Socket::number)
    }

    /// The number, if there is one, whether or not it is still ours: R2.
    pub(crate) fn unchecked(&self) -> Option<RawFd> {
        self.of_this_process().map(|socket| socket.fd.unchecked())
    }

    /// R2.
    fn of_this_process(&self) -> Option<&Socket> {
        let is_here = |socket: &&Socket| socket.generation == generation::current();
        self.0.as_ref().filter(is_here)
    }
}

impl Drop for ReadyFd {
    /// R3.
    fn drop(&mut self) {
        self.set_ready();
    }
}

impl Socket {
    fn single() -> Result<Socket> {
        Socket::of(datagram()?, None)
    }

    fn end_of_pair() -> Result<Socket> {
        let [fd, peer] = pair(libc::SOCK_STREAM)?;
        Socket::of(fd, Some(Box::new(OwnFd::of(peer)?)))
    }

    fn of(fd: RawFd, peer: Option<Box<OwnFd>>) -> Result<Socket> {
        Ok(Socket {
            fd: OwnFd::of(fd)?,
            peer,
            generation: generation::current(),
        })
    }

    /// R1. If the other end is not there any more, this one is readable too soon.
    fn number(&self) -> Option<RawFd> {
        let is_whole = || {
            self.peer
                .as_ref()
                .is_none_or(|peer| peer.number().is_some())
        };
        self.fd.number().filter(|_| is_whole())
    }
}

fn shut_down(fd: RawFd) {
    // SAFETY: this call takes no pointer.
    unsafe { libc::shutdown(fd, libc::SHUT_RD) };
}

fn datagram() -> Result<RawFd> {
    // SAFETY: this call takes no pointer.
    let fd = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | sockets::FLAGS, 0) };
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
    let [fd, peer] = pair(libc::SOCK_DGRAM)?;
    close(peer);
    Ok(fd)
}

fn pair(kind: libc::c_int) -> Result<[RawFd; 2]> {
    let mut pair = [-1; 2];
    // SAFETY: the call writes both numbers.
    match unsafe { libc::socketpair(libc::AF_UNIX, kind | sockets::FLAGS, 0, pair.as_mut_ptr()) } {
        0 => Ok(pair),
        _ => Err(Error::last_os_error()),
    }
}
