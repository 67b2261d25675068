//! The file of a trace.
//!
//! A daemon may close all descriptors at any moment, ours too, and the next file that it opens gets our
//! number. So before each use we look whether the descriptor still is our file.
//!
//! unsafe: so the descriptor is not owned as `std` understands it.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// An open file, or what was one. It has to be closed.
#[derive(Clone, Copy)]
pub(super) struct TraceFile {
    fd: RawFd,
    /// Device and inode.
    identity: (u64, u64),
}

impl TraceFile {
    /// Makes the file, or empties it if there is one.
    pub(super) fn create(path: &CStr) -> io::Result<TraceFile> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // To open a pipe that nobody reads fails then, in place of waiting for a reader.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let file = options.open(OsStr::from_bytes(path.to_bytes()))?;
        let identity = identity(&file.metadata()?);
        let fd = file.into_raw_fd();
        // SAFETY: this call takes no pointer. It takes back what mattered to opening only.
        unsafe { libc::fcntl(fd, libc::F_SETFL, 0) };
        Ok(TraceFile { fd, identity })
    }

    /// Writes all, or tells how many bytes were written until it failed.
    pub(super) fn write(self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut written = 0;
        while written < bytes.len() {
            let wrote = self
                .ours()
                .and_then(|mut file| file.write(&bytes[written..]));
            match wrote {
                Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }

    /// Leaves only its beginning.
    pub(super) fn cut(self, length: u64) -> io::Result<()> {
        self.ours()?.set_len(length)
    }

    /// Closes it, which may tell of writes that failed. A file that was deleted is a failure too:
    /// nobody will find what was written.
    pub(super) fn close(self) -> io::Result<()> {
        let links = self.ours()?.metadata()?.nlink();
        // SAFETY: the descriptor is ours, and is not used any more.
        if unsafe { libc::close(self.fd) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if links == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
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

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
