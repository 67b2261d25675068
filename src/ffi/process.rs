//! Processes and combinators.

use std::ffi::{CStr, c_char, c_void};
use std::mem::transmute;

use super::bad_input::BadInput;
use super::handle::{elements, give, share, string, take};
use super::types::{proc_cancel, proc_destroy_fn, proc_error, proc_fn, proc_impl};
use crate::base::error::Error;
use crate::base::user_data::UserData;
use crate::base::world;
use crate::tree::callback::{Callback, Function};
use crate::tree::family::Family;
use crate::tree::process::{Kind, Process};
use crate::tree::region::Region;
use crate::tree::task::Task;

/// # Processes
///
/// Makes a process of a callback.
///
/// Example:
/// ```c
/// static proc_error *save_often(proc_cancel *cancel, void *database) {
///     while (!proc_wait(cancel, PROC_SECONDS(10)))
///         save(database);
///     return proc_cancel_error(cancel); // stopped, as asked
/// }
/// static proc_impl *saving(struct database *database) { return proc_new(save_often, database, NULL); }
/// ```
///
/// Ownership: the result is yours. `user_data` is the process's until `destroy` is called with it,
/// which is after the last run and the last reference have ended.
///
/// @param fn         the callback; NULL is bad input.
/// @param user_data  passed to the callback as it is; may be NULL.
/// @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
/// @return never NULL. After bad input, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: `fn` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_new(
    r#fn: proc_fn,
    user_data: *mut c_void,
    destroy: proc_destroy_fn,
) -> *mut proc_impl {
    let user = UserData {
        data: user_data,
        destroy,
    };
    give(match r#fn {
        Some(function) => {
            // SAFETY: the two types differ in what C calls the nodes that handles point to.
            let function = unsafe { transmute::<CFunction, Function>(function) };
            Process::leaf(Callback { function, user })
        }
        None => Process::invalid(null("proc_new", "fn")),
    })
}

/// Makes another reference to a process.
///
/// @param impl  stays yours; may be NULL.
/// @return the same process, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_ref(r#impl: *mut proc_impl) -> *mut proc_impl {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(r#impl) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a process. With the last one go its children and its `user_data`.
///
/// @param impl  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_unref(r#impl: *mut proc_impl) {
    world::switch();
    // SAFETY: the caller hands over one reference.
    drop(unsafe { take(r#impl) });
}

/// Runs all children at the same time, and returns all their errors.
///
/// They really run at the same time: a child may wait for any other child. The process completes when all children have
/// completed. The errors are in order of completion; errors that only pass on why the children were cancelled
/// (`proc_error_is_echo`) come after the failures.
///
/// The calling thread runs children itself, and threads of the library join in as they are needed, so that children
/// that end within microseconds cost no thread, and one child alone never does. Children that block get a thread each,
/// at once. Children that compute share as many threads as there are processors; another thread joins in only when
/// there was no progress for 10 ms or longer, so that even a child that spins until another child has begun will end.
///
/// If no more threads can be had, the existing threads run one child after the other. After 100 ms without progress,
/// the children that are left are not started, and fail with EAGAIN. Progress means that a thread was obtained, that a
/// child was started, or that a callback began on one of these threads; while these threads compute, the limit is 10 s
/// or longer. If there is not even a thread that could watch over this, all children but one fail, after 100 ms of
/// requests for threads, or sooner if such requests failed within the last second.
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return never NULL. After bad input, also in a child, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: bad input, also in a child.
/// - ELOOP: the process is nested deeper than PROC_MAX_DEPTH.
/// - EAGAIN: no thread could be had for a child, which was not started.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_concurrent(
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_concurrent", Kind::Concurrent, impls, count) }
}

/// Runs all children at the same time; the first failure cancels the others.
///
/// It is like `proc_concurrent`, but the first child to fail cancels the others. The group waits for all children.
/// Those not yet started are started too, and see the cancelled handle.
///
/// The children run below a cancel handle of the group's own, whose cause is the first failing child's error. This
/// handle is cancelled before the group returns, on success too.
///
/// If children return this cause (`proc_cancel_error`) because they were asked to stop, their errors are echoes: the
/// group lists the cause once, not once for each child. All other errors are listed. The first failure comes first; if
/// the group was cancelled by anything else, the cause comes last.
///
/// Example:
/// ```c
/// // If the server fails, the statistics are cancelled, and the other way round.
/// return proc_run(PROC_GROUP(proc_new(serve, server, NULL), proc_new(statistics, server, NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_group(impls: *const *mut proc_impl, count: usize) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_group", Kind::Group, impls, count) }
}

/// Runs one child after the other, on the calling thread. The first error ends the sequence: the children after the
/// failed child are not started.
///
/// Cancellation does not skip a child: the child is started and sees the cancelled handle, so children that clean up
/// still run. But an error ends the sequence: after a child that returns `proc_cancel_error`, no child is started. So
/// if later children clean up after a child, that child must return NULL when it has stopped as asked. For cleanup that
/// must also run after a failure, use `proc_finally`.
///
/// Example:
/// ```c
/// return proc_run(PROC_SEQUENCE(proc_new(load, server, NULL), proc_new(serve, server, NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return never NULL. After bad input, also in a child, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: bad input, also in a child.
/// - ELOOP: the process is nested deeper than PROC_MAX_DEPTH.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_sequence(
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_sequence", Kind::Sequence, impls, count) }
}

/// Makes a process a task: a named unit of work. If it fails, it fails with a task error, whose text
/// begins with the name.
///
/// A thread of the library carries the name of the innermost task that it runs: 15 bytes of it, the
/// tail (`proc_configure` can put something before it). Your own threads are never renamed.
///
/// Ownership: takes over one reference of `impl`; the name is copied.
///
/// @param task_type  the name, the same for all tasks of a kind; NULL is bad input.
/// @param impl       what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_task(
    task_type: *const c_char,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    let make = |name: &CStr, child| Kind::Task(Task::new(name, child));
    // SAFETY: the caller lends the name and hands over the process.
    unsafe { named(["proc_task", "task_type"], make, task_type, r#impl) }
}

/// Makes a process a named interval in the trace, on one thread. Its errors are passed on as they are.
///
/// Ownership: takes over one reference of `impl`; the name is copied.
///
/// @param region_type  the name, the same for all regions of a kind; NULL is bad input.
/// @param impl         what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_region(
    region_type: *const c_char,
    r#impl: *mut proc_impl,
) -> *mut proc_impl {
    let make = |name: &CStr, child| Kind::TraceRegion(Region::new(name, child));
    // SAFETY: the caller lends the name and hands over the process.
    unsafe {
        named(
            ["proc_trace_region", "region_type"],
            make,
            region_type,
            r#impl,
        )
    }
}

/// What `proc_fn` is, but for NULL.
type CFunction = unsafe extern "C-unwind" fn(*mut proc_cancel, *mut c_void) -> *mut proc_error;

pub(super) fn null(function: &'static str, argument: &'static str) -> Error {
    BadInput::Null { function, argument }.into()
}

/// A combinator of several children.
///
/// # Safety
/// `impls` is NULL or points to `count` elements, which are handed over.
pub(super) unsafe fn several(
    function: &'static str,
    kind: impl FnOnce(Family) -> Kind,
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    // SAFETY: as promised by the caller.
    let children = unsafe { take_all(function, impls, count) };
    give(match children {
        Ok(children) => combine(function, kind(children), |index| format!("impls[{index}]")),
        Err(mistake) => Process::invalid(mistake.into()),
    })
}

/// A combinator with a name and one child.
///
/// # Safety
/// `name` is NULL or a string, and `child` is handed over.
pub(super) unsafe fn named(
    [function, argument]: [&'static str; 2],
    make: fn(&CStr, Process) -> Kind,
    name: *const c_char,
    child: *mut proc_impl,
) -> *mut proc_impl {
    // SAFETY: as promised by the caller. The child is taken first, so that it is released in any case.
    let (child, name) = unsafe { (take(child), string(name)) };
    let name = name.ok_or_else(|| null(function, argument));
    around(function, name, child, make)
}

/// A combinator of one child and of something else that was given, or else the mistake in that.
pub(super) fn around<T>(
    function: &'static str,
    given: Result<T, Error>,
    child: Option<Process>,
    make: impl FnOnce(T, Process) -> Kind,
) -> *mut proc_impl {
    give(match (given, child) {
        (Err(mistake), _) => Process::invalid(mistake),
        (_, None) => Process::invalid(null(function, "impl")),
        (Ok(given), Some(child)) => combine(function, make(given, child), |_| "impl".to_owned()),
    })
}

pub(super) fn combine(
    function: &'static str,
    kind: Kind,
    argument: fn(usize) -> String,
) -> Process {
    Process::combine(kind, |index| {
        let argument = argument(index);
        BadInput::Depth { function, argument }.into()
    })
}

/// Takes all elements over, whether or not one of them is wrong.
///
/// # Safety
/// As for `several`.
unsafe fn take_all(
    function: &'static str,
    impls: *const *mut proc_impl,
    count: usize,
) -> Result<Family, BadInput> {
    // SAFETY: the caller promises that many elements, and gives them up.
    let elements = unsafe { elements([function, "impls"], impls, count) }?;
    // SAFETY: as above.
    let taken = |element: &*mut proc_impl| unsafe { take(*element) };
    let children = match elements {
        [only] => taken(only).map(Family::from),
        [first, second] => match (taken(first), taken(second)) {
            (Some(first), Some(second)) => Some(Family::two(first, second)),
            _ => None,
        },
        _ => {
            let mut children = Vec::with_capacity(count);
            children.extend(elements.iter().filter_map(taken));
            (children.len() == count).then(|| Family::from(children))
        }
    };
    children.ok_or_else(|| BadInput::NullElement {
        function,
        argument: "impls",
        index: elements
            .iter()
            .position(|element| element.is_null())
            .unwrap_or(0),
    })
}
