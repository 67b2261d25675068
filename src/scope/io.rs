//! Reading, writing, accepting and connecting, which a cancellation ends too.
//!
//! What is to be done is tried at once, in a way that does not wait (`descriptor`). Where that has to wait, it is polled for
//! beside the handle (`poll`), and tried again. So whoever else uses the descriptor, each hears of its own cancellation.
//!
//! unsafe: an address is a pointer.
#![allow(unsafe_code)]

use std::io::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use libc::{pollfd, sockaddr, socklen_t};

use crate::base::clock::{self, Duration, Instant};
use crate::base::descriptor::{self, Access, AtOnce, sockets};
use crate::scope::cancel::Node;
use crate::scope::poll;

/// How long to wait where poll says that it can be done, and it cannot.
const RETRY: Duration = Duration::from_millis(1);

/// How long to rely on what was found out of a descriptor before.
const BRIEF: Duration = Duration::from_millis(50);

/// How long to wait at most until a full listener is tried again, for which there is nothing to poll.
const LONGEST_RETRY: Duration = Duration::from_millis(16);

/// A descriptor, and how long to wait for it.
pub(crate) struct Patient<'a> {
    pub(crate) cancel: Option<&'a Node>,
    pub(crate) fd: RawFd,
    pub(crate) end: Option<Instant>,
}

impl Patient<'_> {
    /// Reads what is there; 0: it is at its end.
    pub(crate) fn read(&self, room: &mut [MaybeUninit<u8>]) -> Result<usize> {
        self.go_on()?;
        if room.is_empty() {
            return descriptor::check_access(self.fd, Access::Read).map(|()| 0);
        }
        let mut file = AtOnce::new(self.fd, Access::Read);
        if file.is_drained() {
            self.wait_first(Access::Read)?;
        }
        self.until_done(Access::Read, || file.read(room))
    }

    /// Writes all of it.
    pub(crate) fn write_all(&self, mut bytes: &[u8]) -> Result<()> {
        self.go_on()?;
        if bytes.is_empty() {
            return descriptor::check_access(self.fd, Access::Write);
        }
        let mut file = AtOnce::new(self.fd, Access::Write);
        while !bytes.is_empty() {
            match self.until_done(Access::Write, || file.write(bytes))? {
                0 => return Err(Error::from_raw_os_error(libc::EIO)),
                written => bytes = &bytes[written..],
            }
        }
        Ok(())
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> Result<RawFd> {
        self.until_done(Access::Read, || {
            sockets::accept(self.fd).map_err(|error| match error.kind() {
                // It has gone again: the next one.
                ErrorKind::ConnectionAborted => ErrorKind::Interrupted.into(),
                _ => error,
            })
        })
    }

    /// Connects.
    ///
    /// # Safety
    /// The address has that size.
    pub(crate) unsafe fn connect(&self, address: *const sockaddr, size: socklen_t) -> Result<()> {
        let mut retry = RETRY;
        loop {
            self.go_on()?;
            // SAFETY: as the caller promises.
            let Err(error) = (unsafe { sockets::connect(self.fd, address, size) }) else {
                return Ok(());
            };
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EINPROGRESS | libc::EALREADY) => return self.await_connection(),
                Some(libc::EAGAIN) if sockets::is_local(self.fd) => self.pause(retry)?,
                _ => return Err(error),
            }
            retry = LONGEST_RETRY.min(retry * 2);
        }
    }

    fn await_connection(&self) -> Result<()> {
        if !self.is_ready(Access::Write, self.end)? {
            return Err(timed_out());
        }
        sockets::connected(self.fd)
    }

    /// Tries it until that does not have to wait.
    fn until_done<T>(&self, access: Access, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let mut was_ready = false;
        loop {
            self.go_on()?;
            match attempt() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(access, was_ready)?;
                    was_ready = true;
                }
                done => return done,
            }
        }
    }

    /// Waits before it is tried at all, which spares an attempt that is likely to be in vain. It is tried after BRIEF at the latest, and at once if
    /// there is less time: it may be another file by now (`recent`, O5), one that fails and is never ready. So it is where it cannot be waited for.
    fn wait_first(&self, access: Access) -> Result<()> {
        let soon = clock::now().checked_add(BRIEF);
        if clock::sooner(self.end, soon) != soon {
            return Ok(());
        }
        match self.is_ready(access, soon) {
            Err(error) if error.raw_os_error() == Some(libc::ECANCELED) => Err(error),
            _ => Ok(()),
        }
    }

    /// Waits until it is to be tried again. Somebody else may have come first, and then it is polled for once more; but what
    /// is ready all the same would have it tried without a rest.
    fn wait(&self, access: Access, was_ready: bool) -> Result<()> {
        if was_ready && self.is_ready(access, Some(clock::now()))? {
            return self.pause(RETRY);
        }
        let is_ready = self.is_ready(access, self.end)?;
        is_ready.then_some(()).ok_or_else(timed_out)
    }

    fn is_ready(&self, access: Access, end: Option<Instant>) -> Result<bool> {
        let mut files = [pollfd {
            fd: self.fd,
            events: access.events(),
            revents: 0,
        }];
        poll::poll(self.cancel, &mut files, end).map(|ready| ready > 0)
    }

    fn pause(&self, time: Duration) -> Result<()> {
        let end = clock::sooner(self.end, clock::now().checked_add(time));
        poll::poll(self.cancel, &mut [], end)?;
        match self.end {
            Some(end) if clock::has_come(end) => Err(timed_out()),
            _ => Ok(()),
        }
    }

    fn go_on(&self) -> Result<()> {
        if self.cancel.is_some_and(Node::cancelled) {
            return Err(Error::from_raw_os_error(libc::ECANCELED));
        }
        Ok(())
    }
}

fn timed_out() -> Error {
    Error::from_raw_os_error(libc::ETIMEDOUT)
}
