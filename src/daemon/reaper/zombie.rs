//! Reaping one process.
//!
//! unsafe: these are system calls, one of which fills a structure.
#![allow(unsafe_code)]

use std::io::Error;

/// What has become of a process.
#[derive(PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    Reaped,
    /// There is none with that number.
    Gone,
}

/// Reaps the process with that number if it is a child of this program and has ended.
pub(super) fn reap(process: i32) -> Fate {
    // SAFETY: all zeros is a valid `siginfo_t`, and the call fills it.
    let (result, of) = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let how = libc::WEXITED | libc::WNOHANG;
        let result = libc::waitid(libc::P_PID, process as libc::id_t, &mut info, how);
        (result, info.si_pid())
    };
    match result {
        0 if of == process => Fate::Reaped,
        0 => Fate::Lives,
        _ if is_there(process) => Fate::Lives,
        _ => Fate::Gone,
    }
}

fn is_there(process: i32) -> bool {
    // SAFETY: it takes numbers, and sends nothing.
    let sent = unsafe { libc::kill(process, 0) };
    sent == 0 || Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}
