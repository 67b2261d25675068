//! poll(2), which a cancellation ends too.
//!
//! The handle's descriptor is polled beside the caller's. It is readable for good once the handle is
//! cancelled, so there is no moment at which a cancellation could be missed.
//!
//! Invariant:
//! - **PO1 soon asked.** Whether that descriptor is still the handle's (`ready_fd`, R1) costs as much as to poll. So a wait asks only when
//!   it has lasted for some time (BRIEF), as most do not, or when something is wrong.
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
use crate::base::descriptor::ends;
use crate::base::events;
use crate::base::world::{self, World};
use crate::scope::cancel::Node;
use crate::scope::waiter::Waiter;

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

/// How long a wait relies on the handle's descriptor without asking (PO1).
const BRIEF: Duration = Duration::from_millis(50);

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
    if let Some(world) = world::here() {
        return poll_in_simulation(world, cancel, files, end);
    }
    match cancel {
        None if files.is_empty() => cancelability::disabled(|| wait_alone(files, end)),
        None => wait_alone(files, end),
        Some(cancel) if !files.is_empty() => poll_beside(cancel, files, end),
        // Nothing but the handle: no descriptor is needed.
        Some(cancel) if cancel.wait(end) => Err(cancelled()),
        Some(_) => Ok(0),
    }
}

/// In a simulation files are waited for that nobody but the run has to do with: others know nothing of its clock.
#[cold]
fn poll_in_simulation(
    world: &dyn World,
    cancel: Option<&Node>,
    files: &mut [pollfd],
    end: Option<Instant>,
) -> Result<usize> {
    if files.is_empty() {
        return wait_without_files(cancel, end);
    }
    loop {
        if world.is_wrecked() || cancel.is_some_and(Node::cancelled) {
            answer(files, &[]);
            return Err(cancelled());
        }
        let ready = wait_once(files, Some(Duration::ZERO))?;
        if ready > 0 || end.is_some_and(clock::has_come) {
            return Ok(ready);
        }
        if !files.iter().all(|file| ends::are_both_here(file.fd)) {
            return Err(Error::from_raw_os_error(libc::ENOTSUP));
        }
        let mut all = files.to_vec();
        if let Some(cancel) = cancel {
            let fd = cancel.fd()?;
            all.push(pollfd { fd, ..UNUSED });
        }
        let end = cancel.map_or(end, |cancel| cancel.at_the_latest(end));
        world.begin_to_wait_for_files(all, end);
        world.wait();
    }
}

fn wait_without_files(cancel: Option<&Node>, end: Option<Instant>) -> Result<usize> {
    match cancel {
        Some(cancel) if cancel.wait(end) => return Err(cancelled()),
        Some(_) => {}
        None => {
            Waiter::new().wait(end);
        }
    }
    Ok(0)
}

/// Whether any of these files is ready, or cannot be asked.
pub(crate) fn is_any_ready(files: &mut [pollfd]) -> bool {
    let look = || wait_once(files, Some(Duration::ZERO));
    cancelability::disabled(look).map_or(true, |ready| ready > 0)
}

fn wait_alone(files: &mut [pollfd], end: Option<Instant>) -> Result<usize> {
    let _asleep = events::asleep(true, end);
    wait(files, end)
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
    let _asleep = events::asleep(!cancel.cancelled(), end);
    let mut is_brief = true;
    while !cancel.cancelled() {
        let ready = if is_brief {
            all[0].fd = cancel.fd_to_look_at()?;
            wait_briefly(all, end)?
        } else {
            all[0].fd = cancel.fd_to_poll()?;
            wait(all, end)?
        };
        let files_ready = ready - usize::from(all[0].revents != 0);
        let is_over = || ready == 0 && end.is_some_and(clock::has_come);
        if !cancel.cancelled() && (files_ready > 0 || is_over()) {
            answer(files, &all[1..]);
            return Ok(files_ready);
        }
        // If only the handle's is ready and nothing is cancelled, some other file has its number now.
        is_brief = false;
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
    loop {
        match wait_once(files, end.map(clock::until)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// The same for no longer than BRIEF, or until a signal.
fn wait_briefly(files: &mut [pollfd], end: Option<Instant>) -> Result<usize> {
    let time = end.map_or(BRIEF, |end| BRIEF.min(clock::until(end)));
    match wait_once(files, Some(time)) {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
        done => done,
    }
}

fn wait_once(files: &mut [pollfd], time: Option<Duration>) -> Result<usize> {
    let time = time.map(timespec);
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let count = files.len() as libc::nfds_t;
    // SAFETY: the array has that many elements; no time is forever, no mask the present one.
    let ready = unsafe { ppoll(files.as_mut_ptr(), count, time, std::ptr::null()) };
    usize::try_from(ready).map_err(|_| Error::last_os_error())
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: libc::c_long::from(time.subsec_nanos()),
    }
}
