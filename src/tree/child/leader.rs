//! The leader of a group: a descriptor that is readable when it has ended, and its status.
//!
//! The descriptor is that of the process, where the system has such ones. Else a thread of the library waits for the end, and
//! makes a socket readable; and where there is neither, the thread that waits looks now and then.
//!
//! Who hears of the end does not reap it: so its number stays its own until the one that has started it does (CH1).
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::os::fd::RawFd;

use libc::{c_int, id_t, idtype_t, pid_t, siginfo_t};

use crate::base::cancelability;
use crate::base::clock::{self, Duration, Instant};
use crate::base::own_fd::OwnFd;
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::base::sys::child;
use crate::engine::crew;
use crate::scope::ready_fd::ReadyFd;

/// After which time it is looked at again, if nobody tells of its end.
const LOOK_AFTER: Duration = Duration::from_millis(10);

pub(super) struct Leader {
    pid: pid_t,
    told_by: ToldBy,
}

enum ToldBy {
    Itself(OwnFd),
    Thread(Arc<Told>),
    Nobody,
}

/// What the thread tells that waits for it.
struct Told {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    has_ended: bool,
    fd: ReadyFd,
}

impl Leader {
    pub(super) fn of(pid: pid_t) -> Leader {
        let told_by = match open(pid) {
            Some(fd) => ToldBy::Itself(fd),
            None => by_thread(pid),
        };
        Leader { pid, told_by }
    }

    /// What is readable when it has ended; -1: nothing is. The program may have closed it.
    pub(super) fn fd(&mut self) -> RawFd {
        self.number().unwrap_or_else(|| {
            self.tell_otherwise();
            self.number().unwrap_or(-1)
        })
    }

    fn number(&self) -> Option<RawFd> {
        match &self.told_by {
            ToldBy::Itself(fd) => fd.number(),
            ToldBy::Thread(told) => told.state.lock().fd.own(false).ok(),
            ToldBy::Nobody => None,
        }
    }

    /// The descriptor is that of something else by now.
    fn tell_otherwise(&mut self) {
        self.told_by = match &self.told_by {
            ToldBy::Itself(_) => by_thread(self.pid),
            _ => ToldBy::Nobody,
        };
    }

    /// When it is to be looked at, if nothing tells of it.
    pub(super) fn look_at(&self) -> Option<Instant> {
        match self.told_by {
            ToldBy::Nobody => clock::now().checked_add(LOOK_AFTER),
            _ => None,
        }
    }

    /// Whether it has, after a wait by which that was told or not.
    pub(super) fn has_ended_as_told(&mut self, is_told: bool) -> bool {
        let has_ended = (is_told || matches!(self.told_by, ToldBy::Nobody)) && self.has_ended();
        if is_told && !has_ended {
            self.tell_otherwise();
        }
        has_ended
    }

    /// Whether it has, or is not there any more.
    pub(super) fn has_ended(&self) -> bool {
        self.wait(libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)
            .is_none_or(|ended| !is_none(&ended))
    }

    /// Reaps it, once it has ended: its status, unless somebody else has reaped it.
    pub(super) fn reap(self) -> Option<c_int> {
        if let ToldBy::Thread(told) = &self.told_by {
            let runs = |state: &mut State| !state.has_ended;
            let mut state = told.bell.wait_while(told.state.lock(), runs);
            state.fd = ReadyFd::default(); // The thread may hold the rest a moment longer.
        }
        let ended = self.wait(libc::WEXITED | libc::WNOHANG)?;
        (!is_none(&ended)).then(|| status(&ended))
    }

    /// `None`: it is no child of this program any more.
    fn wait(&self, options: c_int) -> Option<siginfo_t> {
        // Another child of the program's may have its number by now.
        let told_by = match &self.told_by {
            ToldBy::Itself(fd) => fd.number(),
            _ => None,
        };
        if let Some(fd) = told_by {
            match wait(child::BY_DESCRIPTOR, fd as id_t, options) {
                Err(libc::EINVAL) => (), // The system does not take it.
                result => return result.ok(),
            }
        }
        wait(libc::P_PID, self.pid as id_t, options).ok()
    }
}

fn open(pid: pid_t) -> Option<OwnFd> {
    OwnFd::of(child::open(pid)?).ok()
}

fn by_thread(pid: pid_t) -> ToldBy {
    let told = Arc::new(Told {
        state: Mutex::default(),
        bell: Condvar::new(),
    });
    let job = {
        let told = told.clone();
        Box::new(move || told.wait_for(pid))
    };
    let is_lent = told.state.lock().fd.own(false).is_ok() && crew::lend(job).is_ok();
    if is_lent {
        ToldBy::Thread(told)
    } else {
        ToldBy::Nobody
    }
}

impl Told {
    fn wait_for(&self, pid: pid_t) {
        let options = libc::WEXITED | libc::WNOWAIT;
        while let Err(libc::EINTR) = wait(libc::P_PID, pid as id_t, options) {}
        let mut state = self.state.lock();
        state.has_ended = true;
        state.fd.set_ready();
        self.bell.notify_all();
    }
}

fn wait(of: idtype_t, id: id_t, options: c_int) -> Result<siginfo_t, c_int> {
    // SAFETY: all zeros is a valid one, which says that nobody has ended, and the call may write there.
    cancelability::disabled(|| unsafe {
        let mut ended: siginfo_t = std::mem::zeroed();
        match libc::waitid(of, id, &mut ended, options) {
            0 => Ok(ended),
            _ => Err(super::streams::last_errno()),
        }
    })
}

fn is_none(ended: &siginfo_t) -> bool {
    // SAFETY: it was written by `waitid`, or is all zeros.
    unsafe { ended.si_pid() == 0 }
}

/// As `waitpid` gives it.
fn status(ended: &siginfo_t) -> c_int {
    const DUMPED: c_int = 0x80;
    // SAFETY: it was written by `waitid`.
    let status = unsafe { ended.si_status() };
    match ended.si_code {
        libc::CLD_EXITED => (status & 0xff) << 8,
        libc::CLD_DUMPED => status | DUMPED,
        _ => status,
    }
}
