//! A descriptor that is readable while something holds, and not readable while it does not: what event loops can
//! wait on.
//!
//! It is a pipe with one byte in it, or none. (An eventfd would be one number instead of two; but all of them have the
//! same inode, so it could not be told whether a number is still ours.)
//!
//! Invariants:
//! - **R1 ours only.** See `own_fd`.
//! - **R2 not the parent's.** As in `ready_fd`: a child of `fork` makes one of its own.
//! - **R3 duplicates are told.** As in `ready_fd`: the end that is written to is closed with the other, so a duplicate becomes
//!   readable.
//! - **R4 one byte.** There is one byte in the pipe while it shows that it is ready, and else none.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::os::fd::RawFd;

use crate::base::cancelability;
use crate::base::generation;
use crate::base::own_fd::OwnFd;
use crate::base::race_detector;
use crate::base::sys::descriptors;

/// The descriptor; made when somebody first asks for it. The owner's lock guards it, together with what it shows.
#[derive(Default)]
pub(super) struct LevelFd(Option<Pipe>);

struct Pipe {
    to_read: OwnFd,
    to_write: OwnFd,
    generation: u32,
    is_ready: bool,
}

impl LevelFd {
    /// The descriptor, the same at every call, unless it is not there any more.
    pub(super) fn get(&mut self, ready: bool) -> Result<RawFd> {
        if let Some([to_read, _]) = self.0.as_ref().and_then(Pipe::usable) {
            race_detector::acquire(&raw const *self);
            return Ok(to_read);
        }
        let mut pipe = Pipe::open()?;
        pipe.set(ready);
        let [to_read, _] = pipe.usable().ok_or_else(Error::last_os_error)?;
        self.0 = Some(pipe);
        race_detector::release(&raw const *self); // To use a number comes after it was made.
        Ok(to_read)
    }

    /// Makes it readable again, if it is to be: who watches it may have read the byte away, as loops do that watch by reading.
    pub(super) fn renew(&mut self) {
        if let Some(pipe) = self.0.as_mut().filter(|pipe| pipe.is_ready) {
            pipe.set(false);
            pipe.set(true);
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Makes it readable or not, if there is one.
    pub(super) fn set(&mut self, ready: bool) {
        if let Some(pipe) = &mut self.0 {
            pipe.set(ready);
        }
    }
}

impl Pipe {
    fn open() -> Result<Pipe> {
        let [to_read, to_write] = descriptors::pipe(libc::O_NONBLOCK)?;
        Ok(Pipe {
            to_read: OwnFd::of(to_read)?,
            to_write: OwnFd::of(to_write)?,
            generation: generation::current(),
            is_ready: false,
        })
    }

    /// The numbers of both ends (R1, R2).
    fn usable(&self) -> Option<[RawFd; 2]> {
        let is_here = self.generation == generation::current();
        let numbers = || Some([self.to_read.number()?, self.to_write.number()?]);
        is_here.then(numbers).flatten()
    }

    /// R4. Neither call can block, or raise a signal: there is room for a byte, and both ends are open.
    fn set(&mut self, ready: bool) {
        if self.is_ready == ready {
            return;
        }
        let Some([to_read, to_write]) = self.usable() else {
            return;
        };
        let mut byte = 0_u8;
        let byte = (&raw mut byte).cast();
        // SAFETY: one byte is written from, or read to, a valid place.
        cancelability::disabled(|| unsafe {
            match ready {
                true => libc::write(to_write, byte, 1),
                false => libc::read(to_read, byte, 1),
            }
        });
        self.is_ready = ready;
    }
}
