//! Queues of what runs on a thread of the program's choice.

use std::ffi::c_int;

use super::errno::{bad_input, or_errno};
use super::handle::{give, share, take};
use super::process::{around, null};
use super::types::{proc_cancel, proc_impl, proc_queue};
use crate::base::clock;
use crate::base::world;
use crate::engine::leaf::Waiting;
use crate::engine::{late_strike, waiting};
use crate::scope::cancel::Cancel;
use crate::scope::queue::Queue;
use crate::tree::on_queue::OnQueue;
use crate::tree::process::Kind;

/// # Queues
///
/// Makes a queue of what is to run on a thread of your choice. That is one that has an event loop, or the only one
/// that may enter an interpreter or a library. `proc_on_queue` is the process that runs another one there;
/// `proc_queue_run` runs what is there, on the thread that calls it.
///
/// Ownership: the result is yours.
///
/// @return never NULL.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn proc_queue_new() -> *mut proc_queue {
    give(Queue::new())
}

/// Makes another reference to a queue.
///
/// @param queue  stays yours; may be NULL.
/// @return the same queue, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_queue_ref(queue: *mut proc_queue) -> *mut proc_queue {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(queue) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a queue. If it was the last one, nobody can run the queue any more: all that waits in it, and all
/// that will, fails with EPIPE. What runs in it goes on.
///
/// @param queue  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_queue_unref(queue: *mut proc_queue) {
    world::switch();
    // SAFETY: the caller gives up a reference.
    drop(unsafe { take(queue) });
}

/// Makes a process that runs another one in a queue. It waits until some thread calls `proc_queue_run`, which runs
/// `impl`, and completes as that does. Cancelled before `impl` began, it does not begin, and this fails with the
/// cause (`proc_cancel_error`). Once it has begun, this waits for it to stop, as everywhere.
///
/// `impl` is a part of the tree that this is a part of, wherever it runs: it has the handle, the tasks and the values that are
/// around this, its error goes to who waits, and none to who runs the queue.
///
/// On a thread that is inside of `proc_queue_run` of the same queue, `impl` runs at once, in place.
///
/// What runs in a queue holds up the thread that runs it. If it waits there for a child that another thread has begun, and that
/// child has something to run in the same queue, both would wait for ever. So the child's turn fails with EDEADLK, unless others run
/// the queue at that moment. This is why a nursery there cannot have children in its own queue, and neither can a group, where it is
/// not sure which thread begins a child. A job (`proc_start`) is no part of what has started it, and waits for its turn.
///
/// This is noticed for one queue, not for two: if what runs in one queue waits for its turn in another one, and what runs there waits
/// for its turn in the first one, both wait for ever. So wait in one direction only, and start what goes back as a job.
///
/// Example:
/// ```c
/// // On any thread. The window is drawn on the thread that calls proc_queue_run.
/// return proc_run(proc_on_queue(queue, proc_new(draw, window, NULL)), cancel);
/// ```
///
/// Threads: as one of several children that may run at the same time it takes no thread while it waits, as `proc_await`, nor while
/// `impl` runs in the queue.
///
/// Ownership: takes over one reference of `impl`. The queue is borrowed: the process is no reference to it, and may outlive all of
/// them.
///
/// @param queue  NULL is bad input.
/// @param impl   what to run; NULL is bad input.
/// @return as for `proc_sequence`.
/// Errors: the process fails with one of these.
/// - EPIPE: the last reference to the queue is gone.
/// - EDEADLK: nobody could run `impl` before this is over (above).
/// - EOWNERDEAD: in a child of `fork`, where nobody runs a queue of the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_queue(
    queue: *mut proc_queue,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    let function = "proc_on_queue";
    // SAFETY: the caller lends the queue and hands the process over.
    let (queue, child) = unsafe { (share(queue), take(r#impl)) };
    let queue = queue.ok_or_else(|| null(function, "queue"));
    around(function, queue, child, |queue: Queue, child| {
        Kind::OnQueue(OnQueue::new(queue.node().clone(), child))
    })
}

/// A descriptor that is readable while there is something to run in a queue. It is for poll, epoll and event loops
/// (POLLIN). When it is readable, call `proc_queue_run` with a timeout of 0.
///
/// It is made when first asked for, close-on-exec and non-blocking, the same at every call. Wait for it to be readable, and do
/// nothing else with it, as with that of `proc_cancel_fd`. It takes a second descriptor, which is the library's. But it is the end of a pipe,
/// and may be read from: loops that watch by reading, as that of Node.js, find one byte. What is left after the next
/// `proc_queue_run` makes it readable again.
///
/// Ownership: the descriptor is the queue's, and is closed when the last reference to that is released.
///
/// @param queue  NULL is bad input.
/// @return the descriptor. -1 with `errno`.
/// Errors:
/// - EINVAL: `queue` is NULL.
/// - EOWNERDEAD: in a child of `fork`, the queue is the parent's.
/// - EMFILE, ENFILE and so on: as for `pipe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_queue_fd(queue: *mut proc_queue) -> c_int {
    // SAFETY: the caller lends a valid pointer.
    let queue = unsafe { share(queue) };
    or_errno(queue.map_or_else(|| Err(bad_input()), |queue| queue.fd()))
}

/// Runs what is in a queue, on the calling thread. It runs one after the other, in the order in which it came. If
/// there is nothing, it blocks until there is. What comes while it runs is left for the next call, so that an event
/// loop gets its turn. Signals do not end it.
///
/// What runs holds up this thread: `proc_on_queue` says for what it must not wait.
///
/// Example:
/// ```c
/// while (!proc_cancelled(cancel)) // a thread that has nothing else to do; an event loop watches proc_queue_fd
///     proc_queue_run(queue, cancel, PROC_FOREVER);
/// ```
///
/// Threads: any thread, several at the same time, and also inside of what runs in the queue, as an event loop inside of another one.
///
/// @param queue       NULL returns 0 at once.
/// @param cancel      ends the wait when it is cancelled, and nothing else: what is there runs all the same, under handles of its own.
///                    NULL is never cancelled.
/// @param timeout_ns  how long to wait for the first, in nanoseconds, by the monotonic clock; 0 does not wait, negative is forever
///                    (PROC_FOREVER).
/// @return how many it has run; what was cancelled before it began does not count. 0: the time was up, the handle was cancelled, or
///         all that was there was cancelled; in a child of `fork`, the queue is the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_queue_run(
    queue: *mut proc_queue,
    cancel: *mut proc_cancel,
    timeout_ns: i64,
) -> usize {
    world::switch();
    // SAFETY: the caller lends valid pointers, and others may release what they have meanwhile.
    let (queue, cancel) = unsafe { (share(queue), share(cancel)) };
    queue.map_or(0, |queue| run(&queue, cancel.as_ref(), timeout_ns))
}

fn run(queue: &Queue, cancel: Option<&Cancel>, timeout_ns: i64) -> usize {
    let end = clock::deadline(timeout_ns);
    loop {
        let wait = || queue.await_first(cancel, timeout_ns != 0, end);
        let last = waiting::during(Waiting::QueueRun, wait);
        cancel.into_iter().for_each(late_strike::strike_if_over);
        let Some(last) = last else { return 0 };
        // Other runs may have come first to all that was there: then there is nothing, as before.
        if let Some(count) = queue.run(last) {
            return count;
        }
    }
}
