//! The socket on which the service manager hears of the program.
//!
//! unsafe: it is used by its number, since the program may close it (R1).
#![allow(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::base::cancelability;
use crate::base::own_fd::OwnFd;
use crate::base::sys::{at_once, sockets};

/// A name, and what is connected to it, if that could be.
pub(super) struct Line {
    name: OsString,
    socket: Option<OwnFd>,
}

impl Line {
    /// Connected already, if there is somebody. If not, a send will tell why.
    pub(super) fn to(name: OsString) -> Line {
        let socket = cancelability::disabled(|| connect(&name).ok());
        Line { name, socket }
    }

    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Sends a message, or fails at once.
    pub(super) fn send(&mut self, message: &[u8]) -> Result<()> {
        cancelability::disabled(|| self.send_now(message))
    }

    fn send_now(&mut self, message: &[u8]) -> Result<()> {
        let Some(fd) = self.socket.as_ref().and_then(OwnFd::number) else {
            return self.send_anew(message);
        };
        match send(fd, message) {
            Err(error) if is_gone(&error) => self.send_anew(message),
            sent => sent,
        }
    }

    /// The same, on a new socket.
    fn send_anew(&mut self, message: &[u8]) -> Result<()> {
        let socket = self.socket.insert(connect(&self.name)?);
        let fd = socket.number().ok_or(ErrorKind::NotConnected)?;
        send(fd, message)
    }
}

fn connect(name: &OsStr) -> Result<OwnFd> {
    let address = address(name)?;
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    OwnFd::of(socket.into_raw_fd())
}

/// A path, which has a slash somewhere, or @ and the name of an abstract socket.
fn address(name: &OsStr) -> Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => sockets::without_file(name),
        path if path.contains(&b'/') => SocketAddr::from_pathname(name),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            "neither a path nor the name of an abstract socket",
        )),
    }
}

/// It is sent again if that is interrupted.
fn send(fd: RawFd, message: &[u8]) -> Result<()> {
    const HOW: libc::c_int = at_once::NO_SIGNAL | libc::MSG_DONTWAIT;
    loop {
        // SAFETY: the message is valid for as long as it is.
        let sent = unsafe { libc::send(fd, message.as_ptr().cast(), message.len(), HOW) };
        if sent >= 0 {
            return Ok(());
        }
        let error = Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Whoever was there has gone, and another one may have the name now.
fn is_gone(error: &Error) -> bool {
    let gone = [
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
        ErrorKind::NotConnected,
    ];
    gone.contains(&error.kind()) || error.raw_os_error() == Some(libc::EPIPE)
}
