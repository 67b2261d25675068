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
/// cancelled, and stays so for good. It is made when first asked for, close-on-exec and non-blocking, and each
/// handle has one, the same at every call. It takes a second descriptor, which is the library's.
///
/// Wait for it to be readable, and do nothing else with it: it is not to be written to, shut down or closed. There
/// is nothing to read: `read` fails with EAGAIN, and from the cancellation on it returns 0, the end of the file. So
/// event loops that only wait by reading, as those of Node.js and Go do, may be given a duplicate: to them it is a
/// connected stream socket.
///
/// If the program has closed it all the same, as daemons close all descriptors, files that it opens under the same
/// number are left alone, and the next call makes another one. A child of `fork` has to ask again too: the
/// descriptor that it inherits is its parent's.
///
/// Example:
/// ```c
/// struct epoll_event stop = {.events = EPOLLIN, .data.fd = proc_cancel_fd(cancel)};
/// epoll_ctl(epoll, EPOLL_CTL_ADD, stop.data.fd, &stop); // a cancellation wakes epoll_wait
/// ```
///
/// Ownership: the descriptor is the handle's, and is closed when the last reference to that is released. A
/// duplicate (`dup`) is yours. It becomes readable with the descriptor, and at the latest when that is closed:
/// then nothing will cancel the handle any more. The handle of a process that runs is gone, unless somebody keeps
/// it, when that has ended.
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

/// Waits for files as `poll` does, and until a handle is cancelled. Signals do not end it: it goes on with the time
/// that is left.
///
/// If the handle is cancelled, it fails with ECANCELED, also where files are ready; a callback then
/// returns `proc_cancel_error`. Each `revents` is written when the result is 0 or more, and when it is
/// ECANCELED: then it is 0. Otherwise the array is left as it is.
///
/// It polls a descriptor of the handle beside the files, unless `count` is 0: that of `proc_cancel_fd`, or where
/// nobody has asked for that, one of the library's. If the program closes that one while a thread waits here, this
/// does not hear of the cancellation any more.
///
/// It is a cancellation point of `pthread_cancel`, as `poll` is, unless `count` is 0: a thread that is in no callback ends
/// there in order. In a callback, that ends the program (`proc_fn`).
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
