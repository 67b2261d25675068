//! Reading and writing that does not wait, whatever the descriptor is: a pipe, a socket, a terminal, a file. What would have
//! to wait fails with EAGAIN.
//!
//! That something can be read or written, as poll says, is no promise: another one may come first, and a terminal may have
//! room for less than is written. So each kind is used in a way that does not wait.
//!
//! Invariants:
//! - **O1 no signal.** See `descriptor`.
//! - **O3 flags stay.** Whether calls wait is a flag of the open file, which other programs may have too. It stays as it is.
//! - **O4 one at a time.** Where there is no way that does not wait, poll is asked first, by one thread of this
//!   program after the other (`turn`): so what poll sees only another program can take away.
//!
//! unsafe: these are system calls that take pointers.
#![allow(unsafe_code)]

use std::io::{self, Error};
use std::mem::MaybeUninit;

use libc::c_int;

use super::opened::Opened;
use super::{Access, count, flags, quietly, recent, stat, turn, write};
use crate::base::{race_detector, sys};

/// What one call is given at most where nothing is waited for, as by a file: so it takes a bounded time.
const PIECE: usize = 1 << 20;

/// A descriptor that is read, or written to.
pub(crate) struct AtOnce {
    fd: c_int,
    access: Access,
    way: Way,
}

enum Way {
    /// A socket: by a call that says so.
    Socket,
    /// A pipe: the same, where the system knows it (Linux 6.4). And much else, but not terminals.
    Flag,
    /// A terminal, or a pipe that does not know the flag, as one with a name: opened once more, for us.
    Opened(Opened),
    /// Where nothing is waited for, as in a file, or because of the program's own flags.
    Plain,
    /// When poll says so (O4), no more at once than there is room for then.
    Looked { turn: turn::Key, most: usize },
}

impl Way {
    fn of(kind: libc::mode_t) -> Way {
        match kind {
            libc::S_IFSOCK => Way::Socket,
            libc::S_IFREG | libc::S_IFBLK | libc::S_IFDIR => Way::Plain,
            _ => Way::Flag,
        }
    }
}

/// The calls by which something is read, or written.
trait Calls {
    fn to_socket(&mut self, fd: c_int, how: c_int) -> io::Result<usize>;
    fn flagged(&mut self, fd: c_int) -> io::Result<usize>;
    fn plain(&mut self, fd: c_int, most: usize) -> io::Result<usize>;
}

impl AtOnce {
    pub(crate) fn new(fd: c_int, access: Access) -> AtOnce {
        let way = if recent::is_socket(fd) {
            Way::Socket
        } else {
            Way::of(kind(fd))
        };
        AtOnce { fd, access, way }
    }

    /// Whether nothing is likely to be there: it is a socket, and what had come was read a moment ago. Then poll had better be
    /// asked first.
    pub(crate) fn is_drained(&self) -> bool {
        recent::is_drained(self.fd)
    }

    /// Reads what is there; 0: it is at its end.
    pub(crate) fn read(&mut self, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        let size = room.len();
        let read = race_detector::unseen(|| self.call(Reading(&mut *room)));
        if race_detector::is_there() {
            tell_of_read(self.fd);
            race_detector::writes(&room[..*read.as_ref().unwrap_or(&0)]);
        }
        if let Way::Socket = self.way {
            recent::read(self.fd, is_all(&read, size));
        }
        read
    }

    /// Writes some of it; tells how much.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if race_detector::is_there() {
            race_detector::reads(bytes); // Who has received them may change them.
            tell_of_write(self.fd);
        }
        let written = race_detector::unseen(|| self.call(Writing(bytes)));
        if let Way::Socket = self.way {
            recent::written(self.fd);
        }
        written
    }

    fn call(&mut self, mut calls: impl Calls) -> io::Result<usize> {
        if let Way::Socket = self.way {
            match calls.to_socket(self.fd, libc::MSG_DONTWAIT) {
                Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => {
                    recent::forget(); // O5
                    self.way = Way::of(kind(self.fd));
                }
                done => return done,
            }
        }
        if let Way::Flag = self.way {
            match calls.flagged(self.fd) {
                Err(error) if is_unknown(&error) => self.way = self.without_flag(),
                done => return done,
            }
        }
        match &self.way {
            Way::Socket => Err(again()), // The number has become one's again in this instant.
            Way::Flag | Way::Plain => calls.plain(self.fd, PIECE),
            Way::Opened(opened) => calls.plain(opened.checked()?, PIECE),
            Way::Looked { turn, most } => {
                let call = || calls.plain(self.fd, *most);
                after_a_look(*turn, self.fd, self.access, call)
            }
        }
    }

    fn without_flag(&self) -> Way {
        let flags = flags(self.fd).unwrap_or(libc::O_NONBLOCK);
        if flags & libc::O_NONBLOCK != 0 || !self.access.is_in(flags) {
            return Way::Plain; // It does not wait, or it fails.
        }
        let (is_pipe, terminal) = (kind(self.fd) == libc::S_IFIFO, Terminal::of(self.fd));
        // To open a master again is to make another terminal.
        let opens_again = is_pipe || matches!(terminal, Some(Terminal::Usual));
        let opened = opens_again.then(|| Opened::of(self.fd, self.access));
        opened.flatten().map_or_else(
            || Way::Looked {
                turn: key(self.fd, terminal),
                most: room_seen(self.access, is_pipe, terminal),
            },
            Way::Opened,
        )
    }
}

/// Of a device that is none of these, such as one that sends packets, a part is not the same as the whole.
fn room_seen(access: Access, is_pipe: bool, terminal: Option<Terminal>) -> usize {
    match (access, terminal) {
        (Access::Write, Some(_)) => 1,
        (Access::Write, None) if is_pipe => libc::PIPE_BUF,
        _ => PIECE,
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)
    )
}

/// Makes a call if it does not have to wait (O4).
pub(super) fn after_a_look<T>(
    key: turn::Key,
    fd: c_int,
    access: Access,
    call: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    let _turn = turn::take(key).ok_or_else(again)?;
    if super::is_ready(fd, access) {
        call()
    } else {
        Err(again())
    }
}

/// Whether a call that had room for so many bytes has read all that was there. One that failed otherwise may never have anything to wait for.
fn is_all(read: &io::Result<usize>, size: usize) -> bool {
    match read {
        Ok(count) => *count < size,
        Err(error) => error.raw_os_error() == Some(libc::EAGAIN),
    }
}

fn again() -> Error {
    Error::from_raw_os_error(libc::EAGAIN)
}

/// By which a file's turn is known.
pub(super) fn key(fd: c_int, terminal: Option<Terminal>) -> turn::Key {
    let (device, inode) = stat(fd).map_or((0, 0), |stat| (stat.st_dev, stat.st_ino));
    match terminal {
        Some(Terminal::Master(number)) => (device, inode, number + 1),
        _ => (device, inode, 0),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Terminal {
    Usual,
    /// The other side of one of that number. All of them are one file.
    Master(u32),
}

impl Terminal {
    fn of(fd: c_int) -> Option<Terminal> {
        let mut number = 0;
        // SAFETY: the one call takes no pointer, the other writes a number.
        unsafe {
            if libc::isatty(fd) != 1 {
                None
            } else if libc::ioctl(fd, libc::TIOCGPTN, &mut number) == 0 {
                Some(Terminal::Master(number))
            } else {
                Some(Terminal::Usual)
            }
        }
    }
}

/// What was done before a write comes before what is done after the read that it is read by: to a race detector, too, but of the calls made
/// here it knows only some, and those only on the program's own descriptor. So it is shown one that it knows, of nothing; and the calls
/// themselves it does not see, for of those that it knows it takes memory to be read after the write, and written before the read.
#[cold]
fn tell_of_read(fd: c_int) {
    // SAFETY: there is no part.
    unsafe { libc::readv(fd, std::ptr::null(), 0) };
}

#[cold]
fn tell_of_write(fd: c_int) {
    // SAFETY: as above.
    unsafe { libc::writev(fd, std::ptr::null(), 0) };
}

fn kind(fd: c_int) -> libc::mode_t {
    stat(fd).map_or(0, |stat| stat.st_mode & libc::S_IFMT)
}

struct Reading<'a>(&'a mut [MaybeUninit<u8>]);

impl Calls for Reading<'_> {
    fn to_socket(&mut self, fd: c_int, how: c_int) -> io::Result<usize> {
        // SAFETY: there is that much room.
        count(unsafe { libc::recv(fd, self.0.as_mut_ptr().cast(), self.0.len(), how) })
    }

    fn flagged(&mut self, fd: c_int) -> io::Result<usize> {
        count(sys::at_once::read(fd, self.0))
    }

    fn plain(&mut self, fd: c_int, most: usize) -> io::Result<usize> {
        let size = self.0.len().min(most);
        // SAFETY: there is that much room.
        count(unsafe { libc::read(fd, self.0.as_mut_ptr().cast(), size) })
    }
}

struct Writing<'a>(&'a [u8]);

impl Calls for Writing<'_> {
    fn to_socket(&mut self, fd: c_int, how: c_int) -> io::Result<usize> {
        let how = how | sys::at_once::NO_SIGNAL;
        // SAFETY: the bytes are valid for as long as the call takes.
        count(unsafe { libc::send(fd, self.0.as_ptr().cast(), self.0.len(), how) })
    }

    fn flagged(&mut self, fd: c_int) -> io::Result<usize> {
        quietly(|| sys::at_once::write(fd, self.0))
    }

    fn plain(&mut self, fd: c_int, most: usize) -> io::Result<usize> {
        write(fd, &self.0[..self.0.len().min(most)])
    }
}
