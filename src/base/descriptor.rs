//! Reading and writing descriptors of the program's, whatever they are. All that the library writes is written here, or sent
//! by `notify`.
//!
//! Invariants:
//! - **O1 no signal.** A write of the library's own that fails because nobody reads any more, or because the file
//!   may not grow, raises no SIGPIPE and no SIGXFSZ: neither now nor, where a thread blocks them, later.
//! - **O2 soon over.** What the library says on standard error takes no longer than PATIENCE, whatever that is and
//!   whoever else writes there; what it has not taken by then is not said. No lock is held meanwhile.
//!
//! unsafe: the descriptor is a number, and the calls take pointers.
#![allow(unsafe_code)]

mod at_once;
mod bounded;
pub(crate) mod ends;
mod opened;
mod recent;
pub(crate) mod sockets;
pub(crate) mod turn;

pub(crate) use at_once::AtOnce;

use std::ffi::CStr;
use std::io::{self, Error};

use libc::c_int;

use crate::base::cancelability;
use crate::base::clock::Duration;
use crate::base::mask::{self, Mask, Pending};
use crate::base::sys::{descriptors, program};

/// How long standard error may hold up who says something there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Says something on standard error (O2). If that is closed, there is nobody left to tell.
pub(crate) fn say(text: impl AsRef<[u8]>) {
    cancelability::disabled(|| {
        let _ = bounded::write_within(libc::STDERR_FILENO, text.as_ref(), PATIENCE);
    });
}

/// What a program says that fails: "PROGRAM: MESSAGE".
pub(crate) fn complaint(message: &CStr) -> Vec<u8> {
    [
        program::short_name().to_bytes(),
        b": ",
        message.to_bytes(),
        b"\n",
    ]
    .concat()
}

/// How a write fails that raises a signal, on the thread that writes.
const RAISES: [(c_int, c_int); 2] = [(libc::EPIPE, libc::SIGPIPE), (libc::EFBIG, libc::SIGXFSZ)];

/// Writes some of it; tells how much.
pub(crate) fn write(fd: c_int, text: &[u8]) -> io::Result<usize> {
    // SAFETY: the text is valid for as long as it is.
    quietly(|| unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) })
}

/// Makes a call that writes (O1).
fn quietly(call: impl FnOnce() -> isize) -> io::Result<usize> {
    cancelability::disabled(|| {
        let _former = Mask::block(RAISES.map(|(_, signal)| signal));
        let before = Pending::now();
        count(call()).inspect_err(|error| {
            let raised = RAISES
                .iter()
                .find(|(code, _)| error.raw_os_error() == Some(*code));
            if let Some((_, signal)) = raised {
                mask::take_raised(*signal, &before); // O1
            }
        })
    })
}

/// Has it not be there in what is executed from here. The code of what went wrong: it is not open.
pub(crate) fn close_on_exec(fd: c_int) -> Result<(), c_int> {
    // SAFETY: these calls take no pointer.
    let set = unsafe {
        match libc::fcntl(fd, libc::F_GETFD) {
            -1 => -1,
            flags => libc::fcntl(fd, libc::F_SETFD, flags | libc::FD_CLOEXEC),
        }
    };
    let code = || Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
    if set == -1 { Err(code()) } else { Ok(()) }
}

/// Writes everything, whatever gets in between; else the code of what went wrong.
pub(crate) fn write_all(fd: c_int, mut text: &[u8]) -> Result<(), c_int> {
    while !text.is_empty() {
        match write(fd, text) {
            Ok(written) => text = &text[written..],
            Err(error) => wait_until_writable(fd, &error)?,
        }
    }
    Ok(())
}

/// After an attempt to write that failed: whether there is any use in another.
fn wait_until_writable(fd: c_int, error: &Error) -> Result<(), c_int> {
    match error.raw_os_error() {
        Some(libc::EINTR) => Ok(()),
        Some(libc::EAGAIN) => {
            await_room(fd, -1);
            Ok(())
        }
        code => Err(code.unwrap_or(libc::EIO)),
    }
}

/// Waits for that many milliseconds, or for ever if that is negative, until something can be written, or tried: what is
/// wrong with the descriptor the next attempt will tell.
pub(crate) fn await_room(fd: c_int, milliseconds: c_int) -> bool {
    await_ready(fd, Access::Write, milliseconds)
}

/// What is done with a descriptor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Access {
    /// What poll is to look for.
    pub(crate) fn events(self) -> libc::c_short {
        match self {
            Access::Read => libc::POLLIN,
            Access::Write => libc::POLLOUT,
        }
    }

    /// Whether a file was opened for it.
    fn is_in(self, flags: c_int) -> bool {
        let other = match self {
            Access::Read => libc::O_WRONLY,
            Access::Write => libc::O_RDONLY,
        };
        flags & descriptors::NAME_ONLY == 0 && flags & libc::O_ACCMODE != other
    }
}

/// Fails as a call with nothing to read or write should, if there could be none with something.
pub(crate) fn check_access(fd: c_int, access: Access) -> io::Result<()> {
    if !access.is_in(flags(fd)?) {
        return Err(Error::from_raw_os_error(libc::EBADF));
    }
    Ok(())
}

/// Whether poll says that it can be done now, or tried.
fn is_ready(fd: c_int, access: Access) -> bool {
    await_ready(fd, access, 0)
}

fn await_ready(fd: c_int, access: Access, milliseconds: c_int) -> bool {
    let mut file = libc::pollfd {
        fd,
        events: access.events(),
        revents: 0,
    };
    // SAFETY: there is one structure.
    cancelability::disabled(|| unsafe { libc::poll(&mut file, 1, milliseconds) } > 0)
}

/// What a call tells: how much, or why not.
fn count(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| Error::last_os_error())
}

/// With which flags it was opened.
fn flags(fd: c_int) -> io::Result<c_int> {
    // SAFETY: this call takes no pointer.
    match unsafe { libc::fcntl(fd, libc::F_GETFL) } {
        -1 => Err(Error::last_os_error()),
        flags => Ok(flags),
    }
}

fn stat(fd: c_int) -> io::Result<libc::stat> {
    // SAFETY: all zeros is a valid `stat`, and the call fills it.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        match libc::fstat(fd, &mut stat) {
            0 => Ok(stat),
            _ => Err(Error::last_os_error()),
        }
    }
}
