//! Whether anybody lives in a group whose leader is reaped.
//!
//! The system tells whether a group has members, but those that have ended count until they are reaped, and who is to do that may take
//! its time: process 1, for those whose parents have ended. So if it has any, they are looked for among all processes.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use libc::pid_t;

use super::streams::last_errno;
use crate::base::cancelability;
use crate::base::sys::processes::{self, Process};

pub(super) struct Members {
    group: pid_t,
    /// One that lived when somebody looked last.
    alive: Option<pid_t>,
}

impl Members {
    pub(super) fn of(group: pid_t) -> Members {
        Members { group, alive: None }
    }

    /// Members whose parents have ended may be children of this program by now, if it is process 1, or has asked for them
    /// (PR_SET_CHILD_SUBREAPER): what has ended of them is reaped, all of it when nobody is alive.
    pub(super) fn is_any_alive(&mut self) -> bool {
        self.reap_all();
        let is_any = self.is_any_left() && cancelability::disabled(|| self.is_any_listed_alive());
        if !is_any {
            self.reap_all();
        }
        is_any
    }

    fn reap_all(&self) {
        while self.reap_one() {}
    }

    fn reap_one(&self) -> bool {
        let status = std::ptr::null_mut();
        // SAFETY: the call may be told not to write the status.
        unsafe { libc::waitpid(-self.group, status, libc::WNOHANG) > 0 }
    }

    fn is_any_left(&self) -> bool {
        // SAFETY: this call takes no pointer.
        let is_any = unsafe { libc::kill(-self.group, 0) } == 0;
        is_any || last_errno() != libc::ESRCH
    }

    fn is_any_listed_alive(&mut self) -> bool {
        if self.alive.is_some_and(|pid| self.is_alive(pid)) {
            return true;
        }
        // A member that is made while one looks may be missed, but not twice.
        let found = self.find().and_then(|found| match found {
            None => self.find(),
            found => Some(found),
        });
        self.alive = found.flatten();
        found.is_none() || self.alive.is_some()
    }

    /// `None`: it cannot be told.
    fn find(&self) -> Option<Option<pid_t>> {
        let mut pids = processes::numbers()?.peekable();
        pids.peek()?;
        Some(pids.find(|pid| self.is_alive(*pid)))
    }

    fn is_alive(&self, pid: pid_t) -> bool {
        let lives_here = |one: Process| one.group == self.group && one.is_alive();
        Process::of(pid).is_some_and(lives_here)
    }
}
