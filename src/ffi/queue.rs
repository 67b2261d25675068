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
/// Makes a queue of processes to run on a thread of your choice. For instance, a thread that has an event loop, or the
/// only thread that may call an interpreter or a library. `proc_on_queue` makes a process that runs another one in the
/// queue; `proc_queue_run` runs the processes in the queue on the calling thread.
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

/// Releases one reference to a queue. After the last reference is released, no thread can run the queue any more: all processes that wait in it, now
/// or later, fail with EPIPE. A process that runs in the queue goes on.
///
/// @param queue  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_queue_unref(queue: *mut proc_queue) {
    world::switch();
    // SAFETY: the caller gives up a reference.
    drop(unsafe { take(queue) });
}

/// Makes a process that runs another one in a queue. It waits until some thread calls `proc_queue_run`, which runs
/// `impl`, and completes when `impl` has completed, with its result. If it is cancelled before `impl` has begun, `impl`
/// does not run, and the process fails with the cause (`proc_cancel_error`). Once `impl` has begun, the process waits
/// for it to stop, as everywhere.
///
/// Wherever `impl` runs, it stays a part of the tree that `proc_on_queue` is in: it has the cancel handle, the tasks and the values of that place.
/// Its error goes to the process that waits, not to the caller of `proc_queue_run`.
///
/// On a thread that is inside of `proc_queue_run` of the same queue, `impl` runs at once, in place.
///
/// A process that runs in a queue blocks the thread that runs the queue. If the process waits there for a child that another thread has begun, and
/// the child has something to run in the same queue, both would wait for ever. So the `proc_on_queue` of the child fails with EDEADLK, unless other
/// threads run the queue at that moment. For this reason a nursery in a queue cannot have children in the same queue, and neither can a group, since
/// it is not certain which thread begins a child. A job (`proc_start`) is not a part of the process that has started it, and waits for its turn.
///
/// The library detects this deadlock in one queue, not between two queues: if a process in queue A waits for its turn in queue B, and a process in
/// queue B waits for its turn in queue A, both wait for ever. So wait in one direction only, and start the work for the other direction as a job.
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
/// Ownership: takes over one reference of `impl`. The queue is borrowed: the process holds no reference to the queue, and may outlive all references.
///
/// @param queue  NULL is bad input.
/// @param impl   what to run; NULL is bad input.
/// @return as for `proc_sequence`.
/// Errors: the process fails with one of these.
/// - EPIPE: the last reference to the queue is gone.
/// - EDEADLK: it would wait for ever (above).
/// - EOWNERDEAD: in a child of `fork`, where no thread runs a queue of the parent.
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
/// It is made when first asked for, close-on-exec and non-blocking, the same at every call. Wait for it to be readable, and do nothing else with it,
/// as with that of `proc_cancel_fd`. The library keeps a second descriptor for it, for itself. Unlike that of `proc_cancel_fd`, it is the end of a
/// pipe, and may be read from: event loops that watch by reading, as that of Node.js, read one byte. If anything is left in the queue after the next
/// `proc_queue_run`, the descriptor is readable again.
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

/// Runs the processes in a queue, on the calling thread. It runs one after the other, in the order in which they came.
/// If the queue is empty, it blocks until there is a process. Processes that come meanwhile are left for the next call,
/// so that an event loop gets its turn. Signals do not end the wait.
///
/// A process that runs here blocks this thread: `proc_on_queue` says for what it must not wait.
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
/// @param cancel      ends only the wait when it is cancelled: processes in the queue run all the same, under their own handles. NULL is never
///                    cancelled.
/// @param timeout_ns  how long to wait for the first process, in nanoseconds, by the monotonic clock; 0 does not wait, negative is forever
///                    (PROC_FOREVER).
/// @return how many processes it has run; those that were cancelled before they began do not count. 0: the time is up, the handle is cancelled, or
///         all processes in the queue were cancelled; or, in a child of `fork`, the queue is the parent's.
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
