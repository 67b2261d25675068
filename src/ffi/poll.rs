//! Waiting for files and a cancellation at the same time.

use std::ffi::c_int;
use std::io::Result;
use std::os::fd::RawFd;

use libc::{nfds_t, pollfd};

use super::errno::{bad_input, or_errno};
use super::handle::share;
use super::types::proc_cancel;
use crate::base::clock;
use crate::base::world;
use crate::engine::late_strike;
use crate::engine::leaf::Waiting;
use crate::engine::waiting;
use crate::scope::cancel::Cancel;
use crate::scope::poll;

/// How many files `proc_poll` takes.
const MOST: nfds_t = 10_000;

/// The descriptor of a cancel handle, for poll, epoll and event loops. It is readable (POLLIN) once the handle is
/// cancelled, and stays so for good. It is made when first asked for, close-on-exec and non-blocking, and each handle
/// has one, the same at every call. The library keeps a second descriptor for it, for itself.
///
/// Wait for it to be readable, and do nothing else with it: do not write to it, shut it down or close it. There is
/// nothing to read: `read` fails with EAGAIN, and after the cancellation it returns 0, the end of the file. So event
/// loops that can wait only by reading, such as those of Node.js and Go, may be given a duplicate: they see a connected
/// stream socket.
///
/// If the program has closed the descriptor all the same (some daemons close all descriptors), the library leaves files
/// alone that the program opens under the same number, and the next call makes another descriptor. A child of `fork`
/// must call this function again, too: the descriptor that it inherits belongs to its parent.
///
/// Example:
/// ```c
/// struct epoll_event stop = {.events = EPOLLIN, .data.fd = proc_cancel_fd(cancel)};
/// epoll_ctl(epoll, EPOLL_CTL_ADD, stop.data.fd, &stop); // a cancellation wakes epoll_wait
/// ```
///
/// Ownership: the descriptor is the handle's, and is closed when the last reference to that is released. A duplicate
/// (`dup`) is yours. The duplicate becomes readable when the descriptor does, and at the latest when the descriptor is
/// closed: then nothing can cancel the handle any more. The handle of a running process is released when the process
/// has ended, unless the program keeps a reference.
///
/// @param cancel  NULL is bad input.
/// @return the descriptor. -1 with `errno`; then nothing has changed, and a later call may succeed.
/// Errors:
/// - EINVAL: `cancel` is NULL.
/// - EMFILE, ENFILE, ENOMEM and so on: as for `socketpair`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_cancel_fd(cancel: *mut proc_cancel) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    let cancel = unsafe { share(cancel) };
    or_errno(cancel.map_or_else(|| Err(bad_input()), |cancel| watched_fd(&cancel)))
}

fn watched_fd(cancel: &Cancel) -> Result<RawFd> {
    late_strike::watch(cancel);
    cancel.fd()
}

/// Waits for files as `poll` does, or until a handle is cancelled. Signals do not end the wait: it goes on for the time
/// that is left.
///
/// If the handle is cancelled, it fails with ECANCELED, also where files are ready; a callback then
/// returns `proc_cancel_error`. Each `revents` is written when the result is 0 or more, and when it is
/// ECANCELED: then it is 0. Otherwise the array is left as it is.
///
/// Unless `count` is 0, it polls a descriptor of the handle together with the files: the descriptor of `proc_cancel_fd`
/// or, if the program has not asked for that, one of the library's own. If the program closes this descriptor while a
/// thread waits here, the wait no longer notices the cancellation.
///
/// Unless `count` is 0, it is a cancellation point of `pthread_cancel`, as `poll` is: a thread that runs no callback ends there properly. In a
/// callback, this ends the program (`proc_fn`).
///
/// Example:
/// ```c
/// struct pollfd files[] = {{.fd = fd, .events = POLLIN}, {.fd = control, .events = POLLIN}};
/// const int ready = proc_poll(cancel, files, 2, PROC_SECONDS(1)); // 0: the time is up
/// if (ready < 0)
///     return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("poll");
/// ```
///
/// @param cancel      NULL is never cancelled: only the files and the time count.
/// @param fds         as for `poll`; a negative `fd` is left out. NULL with a count is bad input.
/// @param count       at most 10,000, and less than RLIMIT_NOFILE. 0 only waits.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 looks without waiting, negative is
///                    forever (PROC_FOREVER).
/// @return how many files have `revents`; 0: the time is up. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled, also where files are ready.
/// - EINVAL: `fds` is NULL with a count, or there are too many.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
/// - Any other as for `poll`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn proc_poll(
    cancel: *mut proc_cancel,
    fds: *mut pollfd,
    count: nfds_t,
    timeout_ns: i64,
) -> c_int {
    world::switch();
    // SAFETY: the caller lends the handle, which it may release while others wait, and the array.
    let (cancel, files) = unsafe { (share(cancel), files(fds, count)) };
    let poll = |files| poll::poll(cancel.as_deref(), files, clock::deadline(timeout_ns));
    let ready = files.and_then(|files| waiting::during(Waiting::Poll, || poll(files)));
    cancel.iter().for_each(late_strike::strike_if_over);
    or_errno(ready.map(|count| count as c_int))
}

/// The array as the caller lends it, if it is one.
///
/// # Safety
/// `fds` is NULL or has that many elements, which nobody else uses meanwhile.
unsafe fn files<'a>(fds: *mut pollfd, count: nfds_t) -> Result<&'a mut [pollfd]> {
    if count == 0 {
        return Ok(&mut []);
    }
    if fds.is_null() || count > MOST {
        return Err(bad_input());
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts_mut(fds, count as usize) })
}
