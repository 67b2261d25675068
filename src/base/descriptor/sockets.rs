//! Accepting and connecting that does not wait. What would have to wait fails as it does with a socket that never waits.
//!
//! unsafe: these are system calls that take pointers.
#![allow(unsafe_code)]

use std::io::{self, Error};
use std::os::fd::RawFd;

use libc::{c_int, c_void, sockaddr, socklen_t};

use super::{Access, at_once, flags, turn};
use crate::base::clock::{self, Duration};
use crate::base::sys;

/// The next connection, close-on-exec and non-blocking.
///
/// There is no call for it that does not wait on a socket that does, whose flags stay as they are (O3). So poll is asked
/// first, by one thread of this program after the other (O4).
pub(crate) fn accept(listener: RawFd) -> io::Result<RawFd> {
    let waits = flags(listener)? & libc::O_NONBLOCK == 0;
    if waits && option(listener, libc::SO_ACCEPTCONN)? != 0 {
        let turn = at_once::key(listener, None);
        let call = || accept_next(listener);
        return at_once::after_a_look(turn, listener, Access::Read, call);
    }
    accept_next(listener)
}

fn accept_next(listener: RawFd) -> io::Result<RawFd> {
    or_error(sys::sockets::accept(listener))
}

/// For how long a thread may have another one's flags.
const RETRY: Duration = Duration::from_millis(1);

/// Begins to connect, with other flags for as long as that takes; no thread of this program takes those for the socket's own.
///
/// # Safety
/// The address has that size.
pub(crate) unsafe fn connect(
    socket: RawFd,
    address: *const sockaddr,
    size: socklen_t,
) -> io::Result<()> {
    let _turn = wait_for_turn(at_once::key(socket, None));
    let flags = flags(socket)?;
    let waits = flags & libc::O_NONBLOCK == 0;
    if waits {
        set_flags(socket, flags | libc::O_NONBLOCK)?;
    }
    // SAFETY: as the caller promises.
    let connected = or_error(unsafe { libc::connect(socket, address, size) });
    if waits {
        set_flags(socket, flags)?;
    }
    connected.map(drop)
}

fn wait_for_turn(key: turn::Key) -> turn::Turn {
    loop {
        match turn::take(key) {
            Some(turn) => return turn,
            None => clock::pause(RETRY),
        }
    }
}

/// What has become of a connection that was begun.
pub(crate) fn connected(socket: RawFd) -> io::Result<()> {
    match option(socket, libc::SO_ERROR)? {
        0 => Ok(()),
        code => Err(Error::from_raw_os_error(code)),
    }
}

/// Whether it connects to sockets of this machine only, where a listener that has no more room is waited for.
pub(crate) fn is_local(socket: RawFd) -> bool {
    option(socket, sys::sockets::FAMILY).is_ok_and(|domain| domain == libc::AF_UNIX)
}

pub(super) fn option(socket: RawFd, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut size = size_of::<c_int>() as socklen_t;
    let place = std::ptr::from_mut(&mut value).cast::<c_void>();
    // SAFETY: the place has that size.
    or_error(unsafe { libc::getsockopt(socket, libc::SOL_SOCKET, name, place, &mut size) })?;
    Ok(value)
}

fn set_flags(fd: RawFd, flags: c_int) -> io::Result<()> {
    // SAFETY: this call takes no pointer.
    or_error(unsafe { libc::fcntl(fd, libc::F_SETFL, flags) }).map(drop)
}

fn or_error(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        return Err(Error::last_os_error());
    }
    Ok(result)
}
