//! A file of the program's, opened once more: with flags of our own, while those of the program's stay as they are.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::io::{self, Error};
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use libc::c_int;

use super::{Access, stat};
use crate::base::sys::descriptors;

/// The same terminal or pipe as another descriptor, which does not wait. The program may close that at any moment, as it
/// may all of them, and give its number to a file.
pub(super) struct Opened {
    fd: RawFd,
    identity: (libc::dev_t, libc::ino_t),
}

impl Opened {
    pub(super) fn of(fd: c_int, access: Access) -> Option<Opened> {
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::Write => options.write(true),
        };
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let fd = options.open(descriptors::path(fd)).ok()?;
        let fd = fd.into_raw_fd();
        let identity = identity(fd)?;
        Some(Opened { fd, identity })
    }

    /// Its number, if that is still ours.
    pub(super) fn checked(&self) -> io::Result<RawFd> {
        let is_there = identity(self.fd) == Some(self.identity);
        is_there
            .then_some(self.fd)
            .ok_or_else(|| Error::from_raw_os_error(libc::EBADF))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Ok(fd) = self.checked() {
            // SAFETY: this call takes no pointer, and the descriptor is ours.
            unsafe { libc::close(fd) };
        }
    }
}

fn identity(fd: RawFd) -> Option<(libc::dev_t, libc::ino_t)> {
    stat(fd).ok().map(|stat| (stat.st_dev, stat.st_ino))
}
