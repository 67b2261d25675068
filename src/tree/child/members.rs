//! Whether anybody lives in a group whose leader is reaped.
//!
//! The system tells whether a group has members, but those that have ended count until they are reaped, and who is to do that may take
//! its time: process 1, for those whose parents have ended. So if it has any, they are looked for in /proc.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use std::fs;

use libc::pid_t;

use super::streams::last_errno;
use crate::base::cancelability;

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
        let listed = fs::read_dir("/proc").ok()?;
        let pid = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        let mut pids = listed.flatten().filter_map(pid).peekable();
        pids.peek()?;
        Some(pids.find(|pid| self.is_alive(*pid)))
    }

    fn is_alive(&self, pid: pid_t) -> bool {
        let stat = fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
        matches!(state_and_group(&stat), Some((state, group)) if group == self.group && is_life(state))
    }
}

fn is_life(state: u8) -> bool {
    !matches!(state, b'Z' | b'X' | b'x')
}

/// Of what /proc tells of a process: "PID (NAME) STATE PARENT GROUP …". The name may have any bytes in it.
fn state_and_group(stat: &[u8]) -> Option<(u8, pid_t)> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    let mut words = rest.split_ascii_whitespace();
    let state = *words.next()?.as_bytes().first()?;
    Some((state, words.nth(1)?.parse().ok()?))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_proc_tells() {
        let told = b"17 (a) Z 1 2 (b) S 3 \xff) R 5 42 7 0";
        assert_eq!(state_and_group(told), Some((b'R', 42)));
        for nothing in [
            &b""[..],
            b"17 (a",
            b"17 (a)",
            b"17 (a) S 1",
            b"17 (a) S 1 x",
        ] {
            assert_eq!(state_and_group(nothing), None);
        }
    }
}
