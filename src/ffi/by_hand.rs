//! Tasks, regions and logs by hand.

use std::ffi::c_char;

use super::bad_input::BadInput;
use super::errno::set_errno;
use super::handle::{borrow, give, look, share, string, take};
use super::types::{proc_cancel, proc_error, proc_region};
use crate::base::error::Error;
use crate::base::events::{self, Region};
use crate::base::world;
use crate::scope::cancel::Cancel;
use crate::tree::by_hand;

/// # Tasks, regions and logs by hand
///
/// Begins a task by hand, for work that is not a process of its own. For instance, one request of many. Processes,
/// tasks, regions and logs that use the returned handle, or a handle below it, are in this task.
///
/// Example:
/// ```c
/// proc_cancel *task = proc_task_begin(cancel, "GET /report");
/// proc_task_label(task, "/report?id=7");
/// proc_error *error = proc_run(proc_new(handle, request, NULL), task);
/// proc_task_end(task, error);
/// return error;
/// ```
///
/// Ownership: the name is copied. The handle is yours, until you end the task with `proc_task_end`.
///
/// @param parent     the handle above the new one; the new task is in the task of this handle or, if the handle is in
///                   no task, in the task of the calling callback. NULL: nothing above cancels it.
/// @param task_type  the name, the same for all tasks of a kind. NULL is bad input.
/// @return never NULL. After bad input, a handle that is cancelled already, and is in no task of its own.
/// Errors:
/// - EINVAL: `task_type` is NULL. It is the code of the handle's cause.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_task_begin(
    parent: *mut proc_cancel,
    task_type: *const c_char,
) -> *mut proc_cancel {
    world::switch();
    // SAFETY: the caller lends both.
    let (parent, task_type) = unsafe { (borrow(parent), string(task_type)) };
    give(match task_type {
        Some(task_type) => by_hand::begin(parent.as_deref(), task_type),
        None => refused(),
    })
}

fn refused() -> Cancel {
    let (function, argument) = ("proc_task_begin", "task_type");
    let cancel = Cancel::root(None);
    cancel.strike_alone(&BadInput::Null { function, argument }.into());
    cancel
}

/// Ends a task that was begun by hand, and releases its handle. The handle is not cancelled, and processes that were
/// started in the task may go on.
///
/// Ownership: takes the handle over; the error stays yours.
///
/// Threads: any may end it.
///
/// @param task   handed over: what `proc_task_begin` returned; may be NULL. If its task has ended, or was not begun by
///               hand, it is only released, and the trace, if one is on, has a log that says so.
/// @param error  why the task failed; NULL: it succeeded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_task_end(task: *mut proc_cancel, error: *const proc_error) {
    world::switch();
    // SAFETY: the caller hands over the handle and lends the error.
    let (task, error): (_, Option<Error>) = unsafe { (take(task), share(error.cast_mut())) };
    if let Some(task) = task {
        by_hand::end(&task, error.as_ref());
    }
}

/// Gives a task a label, which tells it from others of its kind. The task is the innermost one that the handle is in,
/// whether it is of `proc_task` or begun by hand. The dump shows the label behind the task's name and number, and the
/// trace shows it as the task's argument `label`. So in a dump there is, for instance, `task GET /report #4711
/// "/report?id=7"`.
///
/// Ownership: the label is copied. The last one counts.
///
/// @param cancel  a handle in the task. NULL, a handle in no task, or one whose task has ended: nothing happens.
/// @param label   any text; of a long one, the dump shows the first 4 KiB, and the trace 64. NULL: it has none any
///                more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_task_label(cancel: *mut proc_cancel, label: *const c_char) {
    // SAFETY: the caller lends both.
    let (cancel, label) = unsafe { (look(cancel), string(label)) };
    let task = cancel.and_then(|cancel| cancel.task());
    if let Some(task) = task.filter(|task| task.set_label(label)) {
        events::task_label(&**task);
    }
}

/// Begins a region on the calling thread: a named interval in the trace.
///
/// Ownership: the name is copied. The region is yours, until you end it with `proc_region_end`.
///
/// Threads: costs one atomic load while nobody wants to know (`proc_trace_enabled`).
///
/// @param cancel       says in which task the region is; NULL, or a handle in no task: in that of the calling
///                     callback.
/// @param region_type  the name, the same for all regions of a kind. NULL is bad input.
/// @return the region. NULL with `errno` after bad input only.
/// Errors:
/// - EINVAL: `region_type` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_region_begin(
    cancel: *mut proc_cancel,
    region_type: *const c_char,
) -> *mut proc_region {
    if region_type.is_null() {
        set_errno(libc::EINVAL);
        return std::ptr::null_mut();
    }
    // Before anything else, so that nothing else is made ready.
    let region = if events::wanted() {
        // SAFETY: the caller lends both.
        unsafe { begin_region(cancel, region_type) }
    } else {
        Region::UNSEEN
    };
    std::ptr::without_provenance_mut(region.0)
}

/// # Safety
/// As for `proc_region_begin`.
#[inline(never)]
unsafe fn begin_region(cancel: *mut proc_cancel, region_type: *const c_char) -> Region {
    // SAFETY: the caller lends both.
    let (cancel, region_type) = unsafe { (look(cancel), string(region_type)) };
    let region_type = region_type.unwrap_or_default();
    match cancel.and_then(|cancel| cancel.task()) {
        Some(task) => events::region_begin(Some(&**task), region_type),
        None => events::region_begin_here(region_type),
    }
}

/// Ends a region. Regions that were begun inside of it on the same thread, and have not ended, end with it.
///
/// Ownership: takes the region over.
///
/// Threads: to be called on the thread on which it began. On another one, or for a region that has ended, it
/// does nothing, and a region that nobody ends shows as unfinished.
///
/// @param region  handed over; may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn proc_region_end(region: *mut proc_region) {
    if !region.is_null() {
        events::region_end(Region(region.addr()));
    }
}

/// Writes a message to the trace, at this moment and on this thread.
///
/// Threads: costs one atomic load while nobody wants to know (`proc_trace_enabled`).
///
/// @param cancel    as for `proc_region_begin`: says in which task.
/// @param category  the kind of message, to search for; NULL: none.
/// @param message   any text; what is longer than 64 KiB is cut, and ends with "…". NULL is bad input: the
///                  trace then says that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_log(
    cancel: *mut proc_cancel,
    category: *const c_char,
    message: *const c_char,
) {
    if events::wanted() {
        // SAFETY: the caller lends all three.
        let (cancel, texts) =
            unsafe { (look(cancel), [category, message].map(|text| string(text))) };
        let [category, message] = texts;
        let message = message.unwrap_or(c"proc_trace_log: message is NULL");
        let category = category.unwrap_or_default();
        match cancel.and_then(|cancel| cancel.task()) {
            Some(task) => events::log(Some(&**task), category, message),
            None => events::log_here(category, message),
        }
    }
}

/// As `proc_trace_log`, with a message as `printf` would print it. The message is composed only while something records
/// it (`proc_trace_enabled`).
///
/// @param cancel    as for `proc_region_begin`.
/// @param category  as for `proc_trace_log`.
/// @param format    as for `printf`; NULL is bad input: the trace then says that.
///
/// cbindgen:postfix=PROC_PRINTF(3, 4)
#[unsafe(no_mangle)]
#[cfg(any())] // For the header only: stable Rust cannot define a function with variable arguments, so `printf.c` does.
pub unsafe extern "C" fn proc_trace_logf(
    cancel: *mut proc_cancel,
    category: *const c_char,
    format: *const c_char,
    _: ...
) {
}

/// The number of the task that a handle is in. The trace has the same number as `correlation_id` on all events of the
/// task. No other task of the program has it.
///
/// @param cancel  may be NULL.
/// @return the number; 0: the handle is in no task.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_task_id(cancel: *const proc_cancel) -> u64 {
    // SAFETY: the caller lends a valid pointer.
    let task = unsafe { look(cancel) }.and_then(|cancel| cancel.task());
    task.map_or(0, |task| task.id())
}
