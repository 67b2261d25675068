//! Sockets: made close-on-exec from the start, of what family one is, and names that are no files.
//!
//! unsafe: these are system calls, of which some take pointers.
#![allow(unsafe_code)]

use std::io::Result;
use std::os::fd::RawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

use libc::c_int;

/// What `socket` and `socketpair` are told beside the kind: close-on-exec, and never waiting.
pub(crate) const FLAGS: c_int = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;

/// What `getsockopt` is asked to tell the family.
pub(crate) const FAMILY: c_int = libc::SO_DOMAIN;

/// The next connection of a listener, close-on-exec and non-blocking; less than 0: `errno` says why there is none.
pub(crate) fn accept(listener: RawFd) -> RawFd {
    let nobody = std::ptr::null_mut();
    // SAFETY: no address is asked for.
    unsafe { libc::accept4(listener, nobody, nobody.cast(), FLAGS) }
}

/// The process that has made what a socket of this machine is connected to; 0: it is connected to nothing.
pub(crate) fn peer(socket: RawFd) -> Option<libc::pid_t> {
    // SAFETY: all zeros is such a structure, of which the kernel writes no more than its size.
    unsafe {
        let mut peer: libc::ucred = std::mem::zeroed();
        let mut size = size_of_val(&peer) as libc::socklen_t;
        let (level, option) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
        let got = libc::getsockopt(socket, level, option, (&raw mut peer).cast(), &mut size);
        (got == 0).then_some(peer.pid)
    }
}

/// The address of a socket of this machine that has a name, but no file.
pub(crate) fn without_file(name: &[u8]) -> Result<SocketAddr> {
    SocketAddr::from_abstract_name(name)
}
