//! What whoever has started the program has for it.

use std::ffi::{CStr, c_char, c_int};
use std::io::{Error, Result};

use super::errno;
use crate::daemon::{early_signals, listen_fds};

/// The sockets that the service manager holds for the program (socket activation).
///
/// This is as systemd does it. They are there before the program, so that clients need not wait for it, and stay
/// while it is restarted, so that none is refused. Does not block.
///
/// They are numbers from 3 on; LISTEN_FDS says how many, LISTEN_PID for which process, LISTEN_FDNAMES how they are called, with a
/// colon between two. The first call takes these three out of the environment, so that nothing that the program executes takes them
/// for its own, and sets FD_CLOEXEC on all of these descriptors. Later calls tell what the first one found, also if you have closed
/// them. An accepted connection is yours as from any socket; whether the listening sockets are non-blocking the manager says.
///
/// Example:
/// ```c
/// int fd;
/// if (proc_listen_fds("http", &fd, 1) < 1) // no service manager holds it
///     fd = open_port(8080);
/// ```
///
/// Ownership: the descriptors are yours.
///
/// Threads: any. No other thread of the program may use the environment during the first call: make it where the program begins.
///
/// @param name   which ones: those with this name, in order; one without a name is called "unknown". NULL: all.
/// @param fds    where to store them. NULL with a count is bad input.
/// @param count  how many `fds` has room for; the rest is not stored.
/// @return how many there are, which may be more than `count`. 0: none, also if the variables are for another
///         process or malformed. -1 with `errno`.
/// Errors:
/// - EINVAL: `fds` is NULL, and `count` is not 0.
/// - EBADF: one that there should be is not open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_listen_fds(
    name: *const c_char,
    fds: *mut c_int,
    count: usize,
) -> c_int {
    // SAFETY: the caller lends a string and room for that many.
    errno::or_errno(unsafe { find(name, fds, count) })
}

/// # Safety
/// The name is NULL or a string; there is room for that many.
unsafe fn find(name: *const c_char, fds: *mut c_int, count: usize) -> Result<c_int> {
    if fds.is_null() && count > 0 {
        return Err(errno::bad_input());
    }
    // SAFETY: as promised by the caller.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_bytes());
    let found = listen_fds::find(name).map_err(Error::from_raw_os_error)?;
    for (index, fd) in found.iter().enumerate().take(count) {
        // SAFETY: as promised by the caller.
        unsafe { fds.add(index).write(*fd) };
    }
    c_int::try_from(found.len()).map_err(|_| errno::bad_input())
}

/// Keeps SIGINT and SIGTERM from now on for `proc_main`.
///
/// `proc_main` or `proc_main_with` then finds one that has come as if it came as that begins. So a stop that is
/// asked for while the program still starts is neither lost, as it would be for process 1 of a container, nor ends
/// it in the middle. A second one before that ends the program by default, for process 1 with exit status 128 plus
/// its number. Does not block.
///
/// It takes over the dispositions of both. After the run of `proc_main` they are what they were before this, or what the program has
/// set since. If `signals` of its options does not name one of them, that is as before as soon as the run begins, and one that has
/// come is sent again. While a run of `proc_main` goes on, and if it has been called already, it does nothing.
///
/// It does not hold in a child of `fork`, nor in what is executed. So a program that becomes a daemon (`daemon`) calls it after
/// its last `fork`: a call before that keeps nothing there.
///
/// In process 1 it is done as the library is loaded if PROCESSION_EARLY_SIGNALS is 1 in the environment, so before any code of
/// the program.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn proc_early_signals() {
    early_signals::keep();
}
