//! What whoever has started the program has for it.

use std::ffi::{CStr, c_char, c_int};
use std::io::{Error, Result};

use super::errno;
use crate::daemon::{early_signals, listen_fds};

/// The sockets that the service manager holds for the program (socket activation).
///
/// It follows the protocol of systemd. The sockets exist before the program, so clients need not wait for the program;
/// and they stay open while the program is restarted, so no client is refused. The call does not block.
///
/// The descriptors have numbers from 3 on. LISTEN_FDS says how many they are, LISTEN_PID for which process they are, and LISTEN_FDNAMES their names,
/// separated by colons. The first call removes these three variables from the environment, so that programs that it executes do not use them, and
/// sets FD_CLOEXEC on all of these descriptors. Later calls return what the first call found, even if you have closed the descriptors. An accepted
/// connection is yours as from any socket; the service manager decides whether the listening sockets are non-blocking.
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
/// @param name   which sockets: those with this name, in order; a socket without a name is called "unknown". NULL: all.
/// @param fds    where to store the descriptors. NULL with a count is bad input.
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

/// From now on, keeps SIGINT and SIGTERM for `proc_main`.
///
/// If one of them comes before `proc_main` or `proc_main_with`, it takes effect when that function begins. So a request
/// to stop while the program starts is not lost, as it would be for process 1 of a container, and does not end the
/// program in the middle of its start. A second signal before `proc_main` ends the program as by default, for process 1
/// with exit status 128 plus its number. The call does not block.
///
/// It takes over the dispositions of both signals. After the run of `proc_main` they are what they were before this call, or what the program has set
/// since. If `signals` in the options of `proc_main_with` does not name one of the two, its disposition is restored as soon as the run begins, and
/// the signal is sent again if it has come. During a run of `proc_main`, or if it has been called already, it does nothing.
///
/// It has no effect in a child of `fork`, nor in executed programs. So a program that becomes a daemon (`daemon`) must call it after its last `fork`.
///
/// In process 1, if PROCESSION_EARLY_SIGNALS is 1 in the environment, the library does this when it is loaded, before any code of the program runs.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn proc_early_signals() {
    early_signals::keep();
}
