//! Starting a program by `fork`, where the C library is too old for all that `spawn` asks of it. It takes longer the more memory this
//! program has.
//!
//! Other threads may have been in the middle of anything, so the child only makes system calls until it executes the program, and all
//! that these need is made before. Its mask lets no signal in until no handler of this program is left.
//!
//! unsafe: these are system calls, and there are two processes after one of them.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt;

use libc::{c_int, c_void, pid_t};

use super::command::{Array, Command};
use super::streams::{FIRST_OTHER, Source, Stream, copy, last_errno};
use crate::base::mask::{self, Mask};
use crate::base::own_fd;
use crate::base::sys::descriptors;

/// All that the child needs.
struct Plan<'a> {
    /// Where the program may be, in the order in which it is looked for.
    paths: Vec<CString>,
    argv: Array,
    envp: Array,
    directory: Option<&'a CStr>,
    streams: &'a [Stream; 3],
    /// Where the child tells why it could not start the program. It is close-on-exec.
    report: RawFd,
}

pub(super) fn start(command: &Command, streams: &[Stream; 3]) -> Result<pid_t, c_int> {
    let [to_read, to_write] = pipe()?;
    let environment = command.environment();
    let plan = Plan {
        paths: paths(command.name()),
        argv: command.argv(),
        envp: environment.array(),
        directory: command.directory(),
        streams,
        report: to_write,
    };
    let started = fork(&plan);
    own_fd::close(to_write);
    let result = started.and_then(|pid| match read_report(to_read) {
        None => Ok(pid),
        Some(code) => {
            // SAFETY: the call may be told not to write the status.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            Err(code)
        }
    });
    own_fd::close(to_read);
    result
}

/// The end that is written to has a number that is no stream's.
fn pipe() -> Result<[RawFd; 2], c_int> {
    let [to_read, to_write] = descriptors::pipe(0).map_err(|_| last_errno())?;
    let copied = copy(to_write);
    own_fd::close(to_write);
    match copied {
        Ok(to_write) => Ok([to_read, to_write]),
        Err(code) => {
            own_fd::close(to_read);
            Err(code)
        }
    }
}

/// As `posix_spawnp` looks for it.
fn paths(name: &CStr) -> Vec<CString> {
    if name.to_bytes().contains(&b'/') {
        return vec![name.to_owned()];
    }
    let places = std::env::var_os("PATH").unwrap_or(OsString::from("/bin:/usr/bin"));
    let places = places.into_vec();
    let path = |place: &[u8]| {
        let slash: &[u8] = if place.is_empty() { b"" } else { b"/" };
        CString::new([place, slash, name.to_bytes()].concat()).ok()
    };
    places
        .split(|byte| *byte == b':')
        .filter_map(path)
        .collect()
}

fn fork(plan: &Plan<'_>) -> Result<pid_t, c_int> {
    let _former = Mask::block_all_but([]);
    // SAFETY: the child makes system calls only.
    match unsafe { libc::fork() } {
        0 => in_child(plan),
        pid if pid > 0 => Ok(pid),
        _ => Err(last_errno()),
    }
}

fn read_report(fd: RawFd) -> Option<c_int> {
    let mut code: c_int = 0;
    let place = std::ptr::from_mut(&mut code).cast::<c_void>();
    loop {
        // SAFETY: the place has that many bytes, and they are written at once or not at all.
        let count = unsafe { libc::read(fd, place, size_of::<c_int>()) };
        if count >= 0 || last_errno() != libc::EINTR {
            return (count > 0).then_some(code);
        }
    }
}

fn in_child(plan: &Plan<'_>) -> ! {
    // SAFETY: all of these are system calls, and what they are lent was made before.
    unsafe {
        let code = execute(plan);
        let code = std::ptr::from_ref(&code).cast();
        libc::write(plan.report, code, size_of::<c_int>());
        libc::_exit(127);
    }
}

/// Returns only if it fails, why.
///
/// # Safety
/// It is the child of a `fork`, and all of the plan is there.
unsafe fn execute(plan: &Plan<'_>) -> c_int {
    // SAFETY: as promised by the caller.
    unsafe {
        libc::setpgid(0, 0);
        for signal in 1..=libc::SIGRTMAX() {
            libc::signal(signal, libc::SIG_DFL);
        }
        for (number, stream) in plan.streams.iter().enumerate() {
            if !copy_to(number as c_int, stream) {
                return last_errno();
            }
        }
        if plan
            .directory
            .is_some_and(|directory| libc::chdir(directory.as_ptr()) != 0)
        {
            return last_errno();
        }
        descriptors::close_all_but(FIRST_OTHER, plan.report);
        libc::pthread_sigmask(libc::SIG_SETMASK, &mask::set_of([]), std::ptr::null_mut());
        execute_first(plan)
    }
}

/// # Safety
/// As for `execute`.
unsafe fn copy_to(number: c_int, stream: &Stream) -> bool {
    // SAFETY: the path is a string.
    unsafe {
        let fd = match stream.source {
            Source::Copy(fd) => fd,
            Source::Null(flags) => libc::open(c"/dev/null".as_ptr(), flags),
        };
        match fd == number {
            true => true, // It was closed, and is not close-on-exec.
            false => fd >= 0 && libc::dup2(fd, number) == number,
        }
    }
}

/// # Safety
/// As for `execute`.
unsafe fn execute_first(plan: &Plan<'_>) -> c_int {
    let mut worst = libc::ENOENT;
    for path in &plan.paths {
        // SAFETY: all of these are there, and end with NULL.
        unsafe { libc::execve(path.as_ptr(), plan.argv.cast(), plan.envp.cast()) };
        match last_errno() {
            libc::EACCES => worst = libc::EACCES,
            libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV | libc::ETIMEDOUT => (),
            code => return code,
        }
    }
    match plan.paths.as_slice() {
        [_] => last_errno(),
        _ => worst,
    }
}
