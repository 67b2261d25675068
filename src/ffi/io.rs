//! Reading, writing, accepting and connecting, which a cancellation ends.

use std::ffi::{c_int, c_void};
use std::io::Result;
use std::mem::MaybeUninit;

use libc::{sockaddr, ssize_t};

use super::errno::{bad_input, or_errno};
use super::handle::share;
use super::types::proc_cancel;
use crate::base::world;
use crate::base::{cancelability, clock};
use crate::engine::late_strike;
use crate::engine::leaf::Waiting;
use crate::engine::waiting;
use crate::scope::io::Patient;

/// # Files and sockets
///
/// Reads available bytes; waits for some until a cancellation, or until the time is up.
///
/// It reads everything that `read` reads: sockets, pipes, terminals, files. Signals do not end the wait.
///
/// Whether the descriptor is blocking or not makes no difference, and its flags are left as they are: other programs may have the same open file. If
/// several threads or programs read from it, each call ends at its own cancellation. A regular file is read at once.
///
/// One exception: where the system has no way to read without waiting, another program, or a thread that calls `read` itself, may take the bytes that
/// `proc_read` has seen. Then `proc_read` blocks until more bytes come, even if it is cancelled. This concerns the master of a terminal and other
/// devices, if they are blocking; terminals and named pipes if `/proc` is missing; and pipes if `/proc` is missing and Linux is older than 6.4.
///
/// If the handle is cancelled, also by its deadline, it fails with ECANCELED and reads nothing, even if there is something to read.
///
/// It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
/// `pthread_cancel`.
///
/// Example:
/// ```c
/// char bytes[4096];
/// ssize_t count;
/// while ((count = proc_read(cancel, fd, bytes, sizeof bytes, PROC_SECONDS(30))) > 0)
///     if ((count = proc_write_all(cancel, fd, bytes, (size_t)count, PROC_SECONDS(5))) < 0)
///         break;
/// if (count < 0)
///     return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("echo");
/// ```
///
/// @param cancel      NULL is never cancelled.
/// @param fd          a descriptor, as for `read`.
/// @param buffer      what is read is written there. NULL with a size is bad input.
/// @param size        how many bytes at most. 0 reads nothing and does not wait.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever
///                    (PROC_FOREVER).
/// @return how many bytes it has read; 0: the end of the file, or a size of 0. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled, even if there is something to read. Nothing was read.
/// - ETIMEDOUT: the time is up, and there was nothing.
/// - EINVAL: `buffer` is NULL with a size.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
/// - Any other as for `read`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_read(
    cancel: *mut proc_cancel,
    fd: c_int,
    buffer: *mut c_void,
    size: usize,
    timeout_ns: i64,
) -> ssize_t {
    world::switch();
    // SAFETY: the caller lends that much room.
    let room = unsafe { room(buffer, size) };
    // SAFETY: the caller lends the handle.
    or_errno(unsafe {
        during(Waiting::Read, cancel, fd, timeout_ns, |patient| {
            room.and_then(|room| patient.read(room)).map(count)
        })
    })
}

/// Writes all bytes; waits until a cancellation, or until the time is up.
///
/// The timeout is for the whole call. Otherwise it is like `proc_read`, with the same exception. It raises no SIGPIPE
/// (and no SIGXFSZ), neither now nor, if the signal is blocked, later; a signal that was pending before stays pending.
///
/// If it fails, an unknown part was written: then the only useful thing to do with the descriptor is to close it. If the handle is cancelled before
/// the call, nothing is written.
///
/// @param cancel      NULL is never cancelled.
/// @param fd          a descriptor, as for `write`. A datagram socket sends the bytes as one datagram.
/// @param buffer      what is written. NULL with a size is bad input.
/// @param size        how many bytes. 0 writes nothing, also no empty datagram.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 writes what can be written without waiting, negative is
///                    forever (PROC_FOREVER).
/// @return `size`. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled.
/// - ETIMEDOUT: the time is up.
/// - EPIPE: nobody will read the bytes.
/// - EINVAL: `buffer` is NULL with a size.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
/// - Any other as for `write`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_write_all(
    cancel: *mut proc_cancel,
    fd: c_int,
    buffer: *const c_void,
    size: usize,
    timeout_ns: i64,
) -> ssize_t {
    world::switch();
    // SAFETY: the caller lends that many bytes.
    let bytes = unsafe { bytes(buffer, size) };
    // SAFETY: the caller lends the handle.
    or_errno(unsafe {
        during(Waiting::WriteAll, cancel, fd, timeout_ns, |patient| {
            let bytes = bytes?;
            patient.write_all(bytes).map(|()| count(bytes.len()))
        })
    })
}

/// Accepts a connection; waits for one until a cancellation, or until the time is up.
///
/// Signals do not end the wait. A connection that was aborted while it waited to be accepted is skipped.
///
/// Whether the listener is blocking or not makes no difference, and its flags are left as they are. If several threads wait at it, one gets the
/// connection, and each call ends at its own cancellation. There is one exception: if the listener is blocking *and* another program, or a thread
/// that calls `accept`, accepts from it, too, the other may take the connection that `proc_accept` was about to accept. Then `proc_accept` notices a
/// cancellation, or that the time is up, only when the next connection comes. (The system has no call that accepts without waiting.) Such a listener
/// should not be blocking.
///
/// If the handle is cancelled, it fails with ECANCELED and accepts no connection, even if there is one.
///
/// It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
/// `pthread_cancel`.
///
/// Example:
/// ```c
/// int fd;
/// while ((fd = proc_accept(cancel, listener, PROC_FOREVER)) >= 0)
///     answer(fd);
/// return errno == ECANCELED ? proc_cancel_error(cancel) : proc_errno("accept");
/// ```
///
/// Ownership: the descriptor is yours. It is close-on-exec and non-blocking.
///
/// @param cancel      NULL is never cancelled.
/// @param listener    a socket that listens.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever
///                    (PROC_FOREVER).
/// @return the connection. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled, even if there is a connection. None was accepted.
/// - ETIMEDOUT: the time is up, and there was none.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
/// - Any other as for `accept4`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_accept(
    cancel: *mut proc_cancel,
    listener: c_int,
    timeout_ns: i64,
) -> c_int {
    world::switch();
    // SAFETY: the caller lends the handle.
    or_errno(unsafe {
        during(Waiting::Accept, cancel, listener, timeout_ns, |listener| {
            listener.accept()
        })
    })
}

/// Connects a socket; waits until a cancellation, or until the time is up.
///
/// Signals do not end it. If a listener on this machine (AF_UNIX) has no more room, it waits until there is some.
///
/// Whether the socket is blocking or not makes no difference. At the beginning of the call, and only then, it makes a blocking socket non-blocking;
/// afterwards its flags are as before.
///
/// If it fails, the only useful thing to do with the socket is to close it: the connection may be made all the same. If
/// the handle is cancelled before the call, nothing is done.
///
/// It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
/// `pthread_cancel`.
///
/// @param cancel      NULL is never cancelled.
/// @param socket      a socket. If it is being connected already, the call waits for that.
/// @param address     to where, as for `connect`. NULL is bad input.
/// @param size        of the address, a `socklen_t`.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 succeeds only if no waiting is needed, negative is forever
///                    (PROC_FOREVER).
/// @return 0. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled.
/// - ETIMEDOUT: the time is up, or the system's own timeout is.
/// - EINVAL: `address` is NULL.
/// - EMFILE, ENFILE, ENOMEM and so on: no descriptor is to be had, as for `proc_cancel_fd`.
/// - Any other as for `connect`, such as ECONNREFUSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_connect(
    cancel: *mut proc_cancel,
    socket: c_int,
    address: *const sockaddr,
    size: u32,
    timeout_ns: i64,
) -> c_int {
    world::switch();
    // SAFETY: the caller lends the handle, and an address of that size.
    or_errno(unsafe {
        during(Waiting::Connect, cancel, socket, timeout_ns, |socket| {
            if address.is_null() {
                return Err(bad_input());
            }
            socket.connect(address, size).map(|()| 0)
        })
    })
}

/// Waits in one of these calls.
///
/// # Safety
/// The handle is NULL or valid.
unsafe fn during<T>(
    call: Waiting,
    cancel: *mut proc_cancel,
    fd: c_int,
    timeout_ns: i64,
    wait: impl FnOnce(&Patient<'_>) -> Result<T>,
) -> Result<T> {
    // SAFETY: as the caller promises; it may release the handle while others wait.
    let cancel = unsafe { share(cancel) };
    let patient = Patient {
        cancel: cancel.as_deref(),
        fd,
        end: clock::deadline(timeout_ns),
    };
    let done = waiting::during(call, || cancelability::disabled(|| wait(&patient)));
    cancel.iter().for_each(late_strike::strike_if_over);
    done
}

/// The room that the caller lends, if it is some.
///
/// # Safety
/// `buffer` is NULL or has that size, and nobody else uses it meanwhile.
unsafe fn room<'a>(buffer: *mut c_void, size: usize) -> Result<&'a mut [MaybeUninit<u8>]> {
    if size == 0 {
        return Ok(&mut []);
    }
    check(buffer, size)?;
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer.cast(), size) })
}

/// The bytes that the caller lends, if they are some.
///
/// # Safety
/// `buffer` is NULL or has that size, and nobody writes to it meanwhile.
unsafe fn bytes<'a>(buffer: *const c_void, size: usize) -> Result<&'a [u8]> {
    if size == 0 {
        return Ok(&[]);
    }
    check(buffer, size)?;
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(buffer.cast(), size) })
}

/// The result can tell no more than this.
fn check(buffer: *const c_void, size: usize) -> Result<()> {
    if buffer.is_null() || size > isize::MAX as usize {
        return Err(bad_input());
    }
    Ok(())
}

/// No more than was asked for (`check`).
fn count(bytes: usize) -> ssize_t {
    bytes as ssize_t
}
