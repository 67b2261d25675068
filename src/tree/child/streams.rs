//! Which descriptors a program begins with: 0, 1 and 2, and no others.
//!
//! What is to be one of these is copied to a higher number before: so no copy that is made in the new process overwrites what
//! is still to be copied there. And one that has its number already would else be closed there if it is close-on-exec.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::io::Error;
use std::os::fd::RawFd;

use libc::c_int;

use crate::base::own_fd;

/// The first number that is none of a stream.
pub(super) const FIRST_OTHER: c_int = 3;

/// What one of them is to be.
pub(super) struct Stream {
    pub(super) source: Source,
    /// What is copied, if it was made for that.
    _own: Option<Copied>,
}

pub(super) enum Source {
    /// /dev/null, opened with these flags.
    Null(c_int),
    /// A copy of this one, whose number is no stream's.
    Copy(RawFd),
}

/// A descriptor of ours, for as long as a start takes.
struct Copied(RawFd);

impl Drop for Copied {
    fn drop(&mut self) {
        own_fd::close(self.0);
    }
}

/// What the three are to be: those descriptors, or (-1) what holds if nobody chooses. To be asked before anything else is opened,
/// which might get a number that is not open.
pub(super) fn sources(chosen: [RawFd; 3]) -> Result<[Source; 3], c_int> {
    let [input, out, err] = chosen;
    Ok([
        match input {
            -1 => Source::Null(libc::O_RDONLY),
            input => open(input)?,
        },
        output(out, libc::STDOUT_FILENO)?,
        output(err, libc::STDERR_FILENO)?,
    ])
}

/// The program may have closed its own.
fn output(chosen: RawFd, own: RawFd) -> Result<Source, c_int> {
    match chosen {
        -1 => Ok(open(own).unwrap_or(Source::Null(libc::O_WRONLY))),
        chosen => open(chosen),
    }
}

fn open(fd: RawFd) -> Result<Source, c_int> {
    // SAFETY: the call takes no pointer.
    match unsafe { libc::fcntl(fd, libc::F_GETFD) } {
        -1 => Err(last_errno()),
        _ => Ok(Source::Copy(fd)),
    }
}

impl Stream {
    pub(super) fn of(source: Source) -> Result<Stream, c_int> {
        let Source::Copy(fd @ ..FIRST_OTHER) = source else {
            return Ok(Stream { source, _own: None });
        };
        let copy = copy(fd)?;
        Ok(Stream {
            source: Source::Copy(copy),
            _own: Some(Copied(copy)),
        })
    }
}

/// A copy whose number is no stream's.
pub(super) fn copy(fd: RawFd) -> Result<RawFd, c_int> {
    // SAFETY: the call takes no pointer.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, FIRST_OTHER) };
    if copy < 0 {
        Err(last_errno())
    } else {
        Ok(copy)
    }
}

pub(super) fn last_errno() -> c_int {
    Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}
