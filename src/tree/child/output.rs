//! What a program writes: two pipes, read by the thread that runs it, and passed on to code of this program.
//!
//! unsafe: these are system calls; and the library calls a function that it knows only by its address. What makes that sound is the API: the
//! program gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};
use std::os::fd::RawFd;

use libc::c_int;

use super::streams::last_errno;
use crate::base::cancelability;
use crate::base::own_fd::{self, OwnFd};
use crate::base::sys::descriptors;
use crate::base::user_data::Code;
use crate::engine::frames::Context;
use crate::tree::process;

/// How much is read at once.
const ROOM: usize = 64 << 10;

/// Is told what was written, which it is lent.
pub(crate) type Function = unsafe extern "C-unwind" fn(c_int, *const c_char, usize, *mut c_void);

/// Who is told what a program writes.
pub(crate) type Listen = Code<Function>;

/// The ends of its pipes that are read.
pub(super) struct Output {
    listen: Listen,
    /// Of the streams 1 and 2; `None`: nobody writes there any more.
    ends: [Option<OwnFd>; 2],
    room: Box<[u8]>,
}

/// The ends that are written to, for as long as a start takes.
pub(super) struct Writers([RawFd; 2]);

impl Output {
    pub(super) fn open(listen: Listen) -> Result<(Output, Writers), c_int> {
        let mut writers = Writers([-1; 2]);
        let mut ends = [None, None];
        for (end, writer) in ends.iter_mut().zip(&mut writers.0) {
            let (to_read, to_write) = pipe()?;
            *writer = to_write;
            *end = Some(to_read);
        }
        let room = vec![0; ROOM].into_boxed_slice();
        Ok((Output { listen, ends, room }, writers))
    }

    /// The descriptors that are readable when there is something; -1: none.
    pub(super) fn fds(&self) -> [RawFd; 2] {
        let number = |end: &Option<OwnFd>| end.as_ref().and_then(OwnFd::number).unwrap_or(-1);
        [number(&self.ends[0]), number(&self.ends[1])]
    }

    /// Passes on what is there of each stream, but no more than is read at once.
    pub(super) fn pass_on(&mut self, context: &Context<'_>) {
        for stream in 0..self.ends.len() {
            self.pass_on_some(stream, ROOM, context);
        }
    }

    /// Passes on all that was written until now; somebody may go on writing for ever.
    pub(super) fn pass_on_rest(&mut self, context: &Context<'_>) {
        for stream in 0..self.ends.len() {
            let mut left = self.fds()[stream..].first().map_or(0, |fd| written(*fd));
            while left > 0 {
                match self.pass_on_some(stream, left, context) {
                    0 => break,
                    count => left -= count,
                }
            }
        }
    }

    /// Tells how many bytes that were.
    fn pass_on_some(&mut self, stream: usize, most: usize, context: &Context<'_>) -> usize {
        let Some(fd) = self.ends[stream].as_ref().and_then(OwnFd::number) else {
            return 0;
        };
        let room = &mut self.room[..most.min(ROOM)];
        match read(fd, room) {
            Ok(0) => {
                self.ends[stream] = None;
                0
            }
            Ok(count) => {
                self.listen.tell(stream, &room[..count], context);
                count
            }
            Err(_) => 0,
        }
    }
}

impl Listen {
    fn tell(&self, stream: usize, bytes: &[u8], context: &Context<'_>) {
        let stream = stream as c_int + libc::STDOUT_FILENO;
        let (address, count) = (bytes.as_ptr().cast(), bytes.len());
        let _ = process::call(self.function as usize, context, || {
            // SAFETY: function and data belong together, and the bytes outlive the call.
            unsafe { (self.function)(stream, address, count, self.data) };
            Ok(())
        });
    }
}

impl Writers {
    pub(super) fn fds(&self) -> [RawFd; 2] {
        self.0
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        for fd in self.0.into_iter().filter(|fd| *fd >= 0) {
            own_fd::close(fd);
        }
    }
}

/// The end that is read does not block; the other one is as the program expects it.
fn pipe() -> Result<(OwnFd, RawFd), c_int> {
    let code = |error: std::io::Error| error.raw_os_error().unwrap_or(libc::EIO);
    let ends = descriptors::pipe(0).map_err(code)?;
    // SAFETY: this call takes no pointer.
    unsafe { libc::fcntl(ends[0], libc::F_SETFL, libc::O_NONBLOCK) };
    let to_read = OwnFd::of(ends[0]).map_err(code)?;
    Ok((to_read, ends[1]))
}

fn read(fd: RawFd, room: &mut [u8]) -> Result<usize, c_int> {
    loop {
        let (place, size) = (room.as_mut_ptr().cast(), room.len());
        // SAFETY: the place has that many bytes.
        let count = cancelability::disabled(|| unsafe { libc::read(fd, place, size) });
        match usize::try_from(count) {
            Ok(count) => return Ok(count),
            Err(_) if last_errno() == libc::EINTR => (),
            Err(_) => return Err(last_errno()),
        }
    }
}

/// How many bytes are there to be read.
fn written(fd: RawFd) -> usize {
    let mut count: c_int = 0;
    // SAFETY: the call writes the number.
    unsafe { libc::ioctl(fd, libc::FIONREAD, &mut count) };
    usize::try_from(count).unwrap_or(0)
}
