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
/// Reads what there is; waits for it until a cancellation, or until the time is up.
///
/// It reads whatever `read` reads: sockets, pipes, terminals, files. Signals do not end it.
///
/// Whether the descriptor is blocking or not makes no difference, and its flags are left as they are: other programs may
/// have the same open file. If several threads or programs read from it, each hears of its own cancellation. A file is read
/// at once.
///
/// One exception: where the system has no way to read without waiting, another program, or a thread that calls `read` itself, may
/// take what this has seen, and then this waits for more, whatever is cancelled. That is so for the master of a terminal and
/// for other devices, if they are blocking; for terminals and named pipes if `/proc` is missing; and for pipes if it is missing and Linux is
/// older than 6.4.
///
/// If the handle is cancelled, it fails with ECANCELED, also where there is something to read, and reads nothing. So it does
/// when the deadline of the handle has come.
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
/// @return how many bytes; 0: the end, or a size of 0. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled, also where there is something to read. Nothing was read.
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

/// Writes all of it; waits until a cancellation, or until the time is up.
///
/// The time is that of the whole call. Otherwise it is as `proc_read`, with the same exception. It raises no
/// SIGPIPE (and no SIGXFSZ), neither now nor, where it is blocked, later; one that was pending before stays.
///
/// If it fails, an unknown part was written: then the descriptor is only good for being closed. If the handle is cancelled
/// before it begins, nothing is.
///
/// @param cancel      NULL is never cancelled.
/// @param fd          a descriptor, as for `write`. By a datagram socket it is sent as one.
/// @param buffer      what is written. NULL with a size is bad input.
/// @param size        how many bytes. 0 writes nothing, also no empty datagram.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 writes what can be written without waiting, negative is
///                    forever (PROC_FOREVER).
/// @return `size`. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled.
/// - ETIMEDOUT: the time is up.
/// - EPIPE: nobody will read it.
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
/// Signals do not end it. A connection that was aborted while it waited to be accepted is left out.
///
/// Whether the listener is blocking or not makes no difference, and its flags are left as they are. If several threads wait
/// at it, one gets the connection, and each hears of its own cancellation. Only if the listener is blocking *and* another program
/// accepts from it, too, or a thread that calls `accept`, this may hear of a cancellation, or that the time is up, as late as the next
/// connection comes: where that one has taken a connection in the instant in which this was about to. (The system has no call
/// for it that does not wait.) Such a listener should not be blocking.
///
/// If the handle is cancelled, it fails with ECANCELED, also where there is a connection, and accepts none.
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
/// - ECANCELED: the handle is cancelled, also where there is a connection. None was accepted.
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
/// Whether the socket is blocking or not makes no difference. While this begins to connect, and only then, it makes a blocking one
/// non-blocking; afterwards its flags are as before.
///
/// If it fails, the socket is only good for being closed: the connection may be made all the same. If the handle is
/// cancelled before it begins, nothing is done.
///
/// It waits as `proc_poll` does, and so may need a descriptor of the handle. It is no cancellation point of
/// `pthread_cancel`.
///
/// @param cancel      NULL is never cancelled.
/// @param socket      a socket. If it is being connected already, that is waited for.
/// @param address     to where, as for `connect`. NULL is bad input.
/// @param size        of the address, a `socklen_t`.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 succeeds only if that takes no waiting, negative is
///                    forever (PROC_FOREVER).
/// @return 0. -1 with `errno`.
/// Errors:
/// - ECANCELED: the handle is cancelled.
/// - ETIMEDOUT: the time is up, also the system's.
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
