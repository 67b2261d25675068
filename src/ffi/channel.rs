//! Channels: bounded queues between threads.

use std::ffi::{c_int, c_void};

use super::errno::{bad_input, or_errno, set_errno};
use super::handle::{give, look, share, take};
use super::types::{proc_cancel, proc_channel, proc_destroy_fn};
use crate::base::sync::Arc;
use crate::base::world;
use crate::engine::leaf::Waiting;
use crate::engine::{timer, waiting};
use crate::scope::cancel::{Cancel, Node};
use crate::scope::channel::{Channel, Failed};

/// # Channels
///
/// Makes a channel: a bounded queue of items of one size. It is for many senders and many receivers. Items are
/// copied, and come out in the order in which they were sent.
///
/// Example:
/// ```c
/// proc_channel *lines = proc_channel_new(64, sizeof(char *), free_line); // 64 pointers; those that are left are freed
/// ```
///
/// Ownership: the result is yours. When the last reference is released, `destroy` releases the items that are left.
///
/// @param capacity   how many items it holds. 0: none; each sender waits for a receiver, to which the item goes directly.
/// @param item_size  how many bytes an item has; 0 is bad input.
/// @param destroy    releases what an item refers to, by the item's address, which is aligned as in an array from `malloc`; may be NULL.
/// @return the channel. NULL with `errno`.
/// Errors:
/// - EINVAL: `item_size` is 0.
/// - ENOMEM: there is no memory for so much.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_channel_new(
    capacity: usize,
    item_size: usize,
    destroy: proc_destroy_fn,
) -> *mut proc_channel {
    let channel = match item_size {
        0 => Err(libc::EINVAL),
        _ => Channel::new(capacity, item_size, destroy).ok_or(libc::ENOMEM),
    };
    match channel {
        Ok(channel) => give(Arc::new(channel)),
        Err(code) => {
            set_errno(code);
            std::ptr::null_mut()
        }
    }
}

/// Makes another reference to a channel.
///
/// @param channel  stays yours; may be NULL.
/// @return the same channel, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_ref(channel: *mut proc_channel) -> *mut proc_channel {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(channel) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a channel. It does not close it.
///
/// @param channel  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_unref(channel: *mut proc_channel) {
    world::switch();
    // SAFETY: the caller gives up a reference.
    drop(unsafe { take(channel) });
}

/// Sends an item; blocks while the channel is full. The sender that has waited longest sends first. Signals do not end
/// the wait.
///
/// An item is never lost, and never duplicated: after a result of 0 it is in the channel or with its receiver, after -1
/// it is still yours alone.
///
/// Example:
/// ```c
/// char *line = read_line();
/// if (proc_channel_send(channel, cancel, &line, PROC_FOREVER) < 0)
///     free(line); // it was not sent, and is still ours
/// ```
///
/// @param channel     NULL is bad input.
/// @param cancel      ends the wait when it is cancelled; NULL is never cancelled.
/// @param item        the item, which is copied; NULL is bad input.
/// @param timeout_ns  nanoseconds, by the monotonic clock; 0 tries without waiting, negative is forever (PROC_FOREVER).
/// @return 0. -1 with `errno`, the first of these that holds.
/// Errors:
/// - EINVAL: bad input.
/// - ECANCELED: the handle is cancelled, also if there is room.
/// - EPIPE: the channel is closed, or was closed during the wait.
/// - ETIMEDOUT: the time is up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_send(
    channel: *mut proc_channel,
    cancel: *mut proc_cancel,
    item: *const c_void,
    timeout_ns: i64,
) -> c_int {
    world::switch();
    if item.is_null() {
        return or_failed(None);
    }
    // SAFETY: the caller lends valid pointers.
    let result = unsafe {
        exchange(
            (Waiting::ChannelSend, timeout_ns),
            (channel, cancel),
            |channel, cancel| channel.try_send(cancel, item.cast()),
            |channel, cancel| channel.send(cancel, item.cast(), timeout_ns),
        )
    };
    or_failed(result)
}

/// Receives an item; blocks while the channel is empty. The receiver that has waited longest receives first. Signals do
/// not end the wait.
///
/// Example:
/// ```c
/// char *line;
/// while (proc_channel_receive(channel, cancel, &line, PROC_FOREVER) == 0) {
///     puts(line);
///     free(line);
/// }
/// return errno == EPIPE ? NULL : proc_cancel_error(cancel); // closed and empty: all is done
/// ```
///
/// @param channel     NULL is bad input.
/// @param cancel      ends the wait when it is cancelled; NULL is never cancelled.
/// @param item        where to copy the item, which is yours then; left as it is after -1. NULL is bad input.
/// @param timeout_ns  as for `proc_channel_send`.
/// @return 0. -1 with `errno`, the first of these that holds.
/// Errors:
/// - EINVAL: bad input.
/// - ECANCELED: the handle is cancelled, also if there are items.
/// - EPIPE: the channel is closed, and there are no items in it any more.
/// - ETIMEDOUT: the time is up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_receive(
    channel: *mut proc_channel,
    cancel: *mut proc_cancel,
    item: *mut c_void,
    timeout_ns: i64,
) -> c_int {
    world::switch();
    if item.is_null() {
        return or_failed(None);
    }
    // SAFETY: as for `proc_channel_send`.
    let result = unsafe {
        exchange(
            (Waiting::ChannelReceive, timeout_ns),
            (channel, cancel),
            |channel, cancel| channel.try_receive(cancel, item.cast()),
            |channel, cancel| channel.receive(cancel, item.cast(), timeout_ns),
        )
    };
    or_failed(result)
}

/// Closes a channel: from now on nothing can be sent.
///
/// Senders that wait fail with EPIPE and keep their items. Items in the channel can still be received; after the last
/// of them, receivers fail with EPIPE. It does not block. A second call does nothing.
///
/// @param channel  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_close(channel: *mut proc_channel) {
    world::switch();
    // SAFETY: the caller lends a valid pointer.
    if let Some(channel) = unsafe { share(channel) } {
        channel.close();
    }
}

/// How many items are in a channel at this moment. In one of capacity 0 there are none.
///
/// @param channel  may be NULL.
/// @return 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_length(channel: *const proc_channel) -> usize {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(channel) }.map_or(0, |channel| channel.length())
}

/// A descriptor that is readable while there is something to receive.
///
/// It is for poll, epoll and event loops. It is readable (POLLIN) once the channel is closed, too. If there are several
/// receivers, another one may take the item first: so receive with a timeout of 0.
///
/// It is made when first asked for, close-on-exec and non-blocking, the same at every call. Wait for it to be readable, and do nothing else with it,
/// as with that of `proc_cancel_fd`. The library keeps a second descriptor for it, for itself.
///
/// Ownership: the descriptor is the channel's, and is closed when the last reference to that is released.
///
/// @param channel  NULL is bad input.
/// @return the descriptor. -1 with `errno`.
/// Errors:
/// - EINVAL: `channel` is NULL.
/// - EMFILE, ENFILE and so on: as for `pipe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_channel_fd(channel: *mut proc_channel) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    let channel = unsafe { share(channel) };
    or_errno(channel.map_or_else(|| Err(bad_input()), |channel| channel.fd()))
}

type Done = Result<(), Failed>;

/// Sends or receives in that call: at once, if that is possible, on what is only lent, for both sides would count references at the
/// same places; else it waits with references of its own.
///
/// # Safety
/// The pointers are NULL or valid.
unsafe fn exchange(
    (call, timeout_ns): (Waiting, i64),
    (channel, cancel): (*mut proc_channel, *mut proc_cancel),
    at_once: impl FnOnce(&Channel, Option<&Node>) -> Option<Done>,
    wait: impl FnOnce(&Channel, Option<&Cancel>) -> Done,
) -> Option<Done> {
    timer::come_by();
    // SAFETY: as the caller promises.
    let (lent, handle) = unsafe { (look(channel), look(cancel)) };
    if let Some(done) = at_once(lent?, handle) {
        return Some(done);
    }
    if timeout_ns == 0 {
        return Some(Err(Failed::TimedOut));
    }
    // SAFETY: as above; others may release what they have while this waits.
    let (channel, cancel) = unsafe { (share(channel), share(cancel)) };
    let channel = channel?;
    Some(waiting::during(call, || wait(&channel, cancel.as_ref())))
}

/// 0, or -1 with `errno`; nothing was done after bad input.
fn or_failed(result: Option<Done>) -> c_int {
    let code = match result {
        Some(Ok(())) => return 0,
        None => libc::EINVAL,
        Some(Err(Failed::Cancelled)) => libc::ECANCELED,
        Some(Err(Failed::Closed)) => libc::EPIPE,
        Some(Err(Failed::TimedOut)) => libc::ETIMEDOUT,
    };
    set_errno(code);
    -1
}
