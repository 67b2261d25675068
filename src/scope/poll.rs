//! poll(2), which a cancellation ends too.
//!
//! The handle's descriptor is polled beside the caller's. It is readable for good once the handle is
//! cancelled, so there is no moment at which a cancellation could be missed.
//!
//! A thread that waits for files here may be cancelled (`pthread_cancel`), as in poll(2): it unwinds through this. Inside
//! of a callback, that ends the program (`guard`).
//!
//! unsafe: this is a system call.
#![allow(unsafe_code)]

use std::io::{Error, ErrorKind, Result};

use libc::pollfd;

use crate::base::cancelability;
use crate::base::clock::{self, Duration, Instant};
use crate::base::events;
use crate::scope::cancel::Node;

unsafe extern "C-unwind" {
    /// As `libc` has it, but for a thread that is cancelled in it.
    fn ppoll(
        files: *mut pollfd,
        count: libc::nfds_t,
        timeout: *const libc::timespec,
        mask: *const libc::sigset_t,
    ) -> libc::c_int;
}

/// How many files are polled without an allocation.
const FEW: usize = 15;

const UNUSED: pollfd = pollfd {
    fd: -1,
    events: libc::POLLIN,
    revents: 0,
};

/// Blocks until some of the files are ready (then how many), until the handle is cancelled
/// (`ECANCELED`), or until the moment, if there is one, has come (0).
pub(crate) fn poll(
    cancel: Option<&Node>,
    files: &mut [pollfd],
    end: Option<Instant>,
) -> Result<usize> {
    match cancel {
        None if files.is_empty() => cancelability::disabled(|| wait(files, end)),
        None => wait(files, end),
        Some(cancel) if !files.is_empty() => poll_beside(cancel, files, end),
        // Nothing but the handle: no descriptor is needed.
        Some(cancel) if cancel.wait(end) => Err(cancelled()),
        Some(_) => Ok(0),
    }
}

/// Polls the handle's descriptor, which comes first, and the files.
fn poll_beside(cancel: &Node, files: &mut [pollfd], end: Option<Instant>) -> Result<usize> {
    let end = cancel.at_the_latest(end);
    let mut few = [UNUSED; 1 + FEW];
    let mut many = Vec::new();
    let all = match few.get_mut(..=files.len()) {
        Some(few) => few,
        None => {
            many.resize(1 + files.len(), UNUSED);
            &mut many[..]
        }
    };
    all[1..].copy_from_slice(files);
    while !cancel.cancelled() {
        all[0].fd = cancel.fd()?;
        let ready = wait(all, end)?;
        let files_ready = ready - usize::from(all[0].revents != 0);
        // If only the handle's is ready and nothing is cancelled, some other file has its number now.
        if !cancel.cancelled() && (files_ready > 0 || ready == 0) {
            answer(files, &all[1..]);
            return Ok(files_ready);
        }
    }
    answer(files, &[]);
    Err(cancelled())
}

/// Tells the caller what is ready: nothing, where there is no answer.
fn answer(files: &mut [pollfd], answers: &[pollfd]) {
    let answers = answers.iter().map(|answer| answer.revents);
    for (file, revents) in files.iter_mut().zip(answers.chain(std::iter::repeat(0))) {
        file.revents = revents;
    }
}

fn cancelled() -> Error {
    Error::from_raw_os_error(libc::ECANCELED)
}

/// poll(2), which is begun again with the time that is left when a signal has ended it.
fn wait(files: &mut [pollfd], end: Option<Instant>) -> Result<usize> {
    let _asleep = events::asleep(true, end);
    loop {
        let left = end.map(|end| timespec(clock::until(end)));
        let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let count = files.len() as libc::nfds_t;
        // SAFETY: the array has that many elements; no time is forever, no mask the present one.
        let ready = unsafe { ppoll(files.as_mut_ptr(), count, left, std::ptr::null()) };
        if let Ok(ready) = usize::try_from(ready) {
            return Ok(ready);
        }
        let error = Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(time.subsec_nanos()),
    }
}
