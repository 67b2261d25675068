//! The file of a trace.
//!
//! A daemon may close all descriptors at any moment, ours too, and the next file that it opens gets our
//! number. So before each use we look whether the descriptor still is our file.
//!
//! Who writes a file has a lock on it (flock), so that another trace, of this program or another one, leaves it alone.
//!
//! unsafe: so the descriptor is not owned as `std` understands it.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

use libc::c_int;

use crate::base::cancelability;
use crate::base::descriptor;

/// An open file, or what was one. It has to be closed.
#[derive(Clone, Copy)]
pub(super) struct TraceFile {
    fd: RawFd,
    pub(super) identity: Identity,
}

/// Device and inode.
pub(super) type Identity = (u64, u64);

impl TraceFile {
    /// Makes the file, or empties it if there is one, unless it is written by another trace, or is one of these: then it
    /// is as it was (`None`).
    pub(super) fn create(path: &CStr, kept: &[Identity]) -> io::Result<Option<TraceFile>> {
        let mut options = OpenOptions::new();
        // It is not emptied before the lock is had.
        options.write(true).create(true).truncate(false);
        // Not to wait for the reader of a pipe: neither here, where it fails if there is none, nor when it is full.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        cancelability::disabled(|| {
            let file = options.open(OsStr::from_bytes(path.to_bytes()))?;
            let metadata = file.metadata()?;
            let identity = identity(&metadata);
            if kept.contains(&identity) || !lock(&file, &metadata) {
                return Ok(None);
            }
            if metadata.is_file() {
                file.set_len(0)?;
            }
            let fd = file.into_raw_fd();
            Ok(Some(TraceFile { fd, identity }))
        })
    }

    /// Writes all, or tells how many bytes were written until it failed. A pipe is written as its reader reads, for as
    /// long as the question whether to wait on, which is asked again and again, is answered by true.
    pub(super) fn write(
        self,
        bytes: &[u8],
        mut waits_on: impl FnMut() -> bool,
    ) -> Result<(), (usize, io::Error)> {
        let mut written = 0;
        while written < bytes.len() {
            let wrote = self
                .ours()
                .and_then(|file| descriptor::write(file.as_raw_fd(), &bytes[written..]));
            match wrote {
                Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.await_room(&mut waits_on) {
                        return Err((written, io::Error::from_raw_os_error(libc::ETIMEDOUT)));
                    }
                }
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }

    fn await_room(self, mut waits_on: impl FnMut() -> bool) -> bool {
        const MILLISECONDS: c_int = 50;
        while !descriptor::await_room(self.fd, MILLISECONDS) {
            if !waits_on() {
                return false;
            }
        }
        true
    }

    /// Leaves only its beginning.
    pub(super) fn cut(self, length: u64) -> io::Result<()> {
        self.ours()?.set_len(length)
    }

    /// Gives up the lock, and closes it, which may tell of writes that failed. A file that was deleted is a failure too:
    /// nobody will find what was written.
    pub(super) fn close(self) -> io::Result<()> {
        let links = self.ours()?.metadata()?.nlink();
        // Not by the closing alone: what was forked meanwhile may have the same open file for a while.
        // SAFETY: this call takes no pointer.
        unsafe { libc::flock(self.fd, libc::LOCK_UN) };
        self.leave()?;
        if links == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        Ok(())
    }

    /// Closes it, in a child of `fork`: the lock is the parent's, too.
    pub(super) fn leave(self) -> io::Result<()> {
        self.ours()?;
        // SAFETY: the descriptor is ours, and is not used any more.
        if cancelability::disabled(|| unsafe { libc::close(self.fd) }) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// The file, if the descriptor still is it.
    fn ours(self) -> io::Result<ManuallyDrop<File>> {
        // SAFETY: the descriptor is used for looking only, until it is known to be ours.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(self.fd) });
        if identity(&file.metadata()?) == self.identity {
            Ok(file)
        } else {
            Err(io::Error::from_raw_os_error(libc::EBADF))
        }
    }
}

/// Whether the file is ours from now on. Where nothing can be locked, as in some file systems, it is; and devices, which
/// are many programs' at once, are not locked.
fn lock(file: &File, metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return true;
    }
    // SAFETY: this call takes no pointer.
    let locked = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0;
    locked || io::Error::last_os_error().kind() != ErrorKind::WouldBlock
}

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}
