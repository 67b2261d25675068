//! Combinators of many children: with a limit, of indices, those that the first decides; and children that are there for the others.

use std::ffi::c_void;
use std::mem::transmute;

use super::bad_input::BadInput;
use super::handle::{give, take};
use super::process::{around, combine, null, several};
use super::types::{proc_cancel, proc_destroy_fn, proc_error, proc_impl, proc_index_fn};
use crate::base::sync::Arc;
use crate::base::user_data::UserData;
use crate::tree::callback::{IndexCallback, IndexFunction};
use crate::tree::each::Each;
use crate::tree::family::Family;
use crate::tree::limit::Limit;
use crate::tree::process::{Kind, Process};

/// Like `proc_concurrent`, with at most `limit` children at the same time. They begin in order: whenever fewer than `limit` children run, the next
/// one begins. So a child may wait only for children before it, and for children that have begun. With a limit of 1 all run on the calling thread.
///
/// Once the handle around it is cancelled, no further child begins; then the cause is among the errors, once. If no
/// thread can be had for a child that should begin, the children that are left fail with EAGAIN, as in
/// `proc_concurrent`.
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param limit  how many at the same time at most; 0: any number.
/// @param impls  the children. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_concurrent_limit(
    limit: usize,
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    let kind = |children| Kind::Limit(Box::new(Limit::concurrent(limit, children)));
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_concurrent_limit", kind, impls, count) }
}

/// Like `proc_group`, with at most `limit` children at the same time. They begin as those of `proc_concurrent_limit`.
/// After a failure or a cancellation, no further child begins. After a cancellation from above, its cause is among the
/// errors, once, since not all children have run. If a child cancels the group's own handle and succeeds, the group
/// succeeds, unless another child fails.
///
/// If no thread can be had for a child that should begin, the child fails with EAGAIN, and so cancels the others.
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param limit  how many at the same time at most; 0: any number.
/// @param impls  the children. NULL in it, or NULL with a count, is bad input.
/// @param count  how many; 0 makes a process that succeeds at once.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_group_limit(
    limit: usize,
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    let kind = |children| Kind::Limit(Box::new(Limit::group(limit, children)));
    // SAFETY: the caller hands over the elements.
    unsafe { several("proc_group_limit", kind, impls, count) }
}

/// What `proc_index_fn` is, but for NULL.
type CIndexFunction =
    unsafe extern "C-unwind" fn(*mut proc_cancel, usize, *mut c_void) -> *mut proc_error;

/// Like `proc_group_limit`, for one callback that is called with each index from 0.
///
/// It takes the same memory however large `count` is. The error of a failed child names the index: it is wrapped
/// (`proc_error_wrap`), "[17]: TEXT", also as the cause of the group's cancellation.
///
/// Example:
/// ```c
/// static proc_error *resize(proc_cancel *cancel, size_t index, void *images) {
///     return shrink(cancel, ((struct image **)images)[index]);
/// }
/// static proc_impl *resize_all(struct image **images, size_t count) {
///     return proc_each(count, 4, resize, images, NULL); // four at a time
/// }
/// ```
///
/// Ownership: the result is yours. `user_data` is the process's until `destroy` is called with it,
/// which is after the last run and the last reference have ended.
///
/// @param count      how many; 0 makes a process that succeeds at once.
/// @param limit      how many at the same time at most; 0: any number.
/// @param fn         the callback; NULL is bad input.
/// @param user_data  passed to the callback as it is; may be NULL.
/// @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
/// @return never NULL. After bad input, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: `fn` is NULL.
/// - EAGAIN: no thread could be had for a child.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_each(
    count: usize,
    limit: usize,
    r#fn: proc_index_fn,
    user_data: *mut c_void,
    destroy: proc_destroy_fn,
) -> *mut proc_impl {
    let user = UserData {
        data: user_data,
        destroy,
    };
    let Some(function) = r#fn else {
        return give(Process::invalid(null("proc_each", "fn")));
    };
    // SAFETY: the two types differ in what C calls the nodes that handles point to.
    let function = unsafe { transmute::<CIndexFunction, IndexFunction>(function) };
    let each = Each::new(count, limit, IndexCallback { function, user });
    give(combine("proc_each", Kind::Each(Arc::new(each)), |_| {
        String::new()
    }))
}

/// Runs all children at the same time; the first to complete decides the result.
///
/// The first child decides by its success or by its failure. Then the others are cancelled, with a cause of the code
/// ECANCELED, "another one was first". Children that have not begun never begin; the race waits for the rest.
///
/// If the first child has succeeded, so does the race: errors of other children are only written to the trace, as logs of the category `proc_race`.
/// If the first child has failed, its error comes first, and errors of others after it. In either case, errors that only pass on the cause of the
/// race are left out (`proc_error_is_echo`). A cancellation from above reaches all children; if they pass on its cause, this cause is listed once,
/// last.
///
/// The children run below a cancel handle of the race's own, as those of `proc_group` do. A child for which no thread can be had fails with EAGAIN,
/// and does not decide, since another child runs.
///
/// Example:
/// ```c
/// // Until the caches are warm, but no longer than 5 s: both are a success.
/// return proc_run(PROC_RACE(proc_new(warm_up, server, NULL), proc_delay(PROC_SECONDS(5))), cancel);
/// ```
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children. NULL, or NULL in it, is bad input.
/// @param count  how many; 0 is bad input, since no child could be the first.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_race(impls: *const *mut proc_impl, count: usize) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { contest("proc_race", Kind::Race, impls, count) }
}

/// Like `proc_race`, but the first child to *succeed* decides. If none does, all errors are returned, in order of
/// completion, as those of `proc_group`. After a success, errors of others are written to the trace as logs of the
/// category `proc_any`.
///
/// Example:
/// ```c
/// // From the mirror that answers first. The other one is cancelled.
/// return proc_run(PROC_ANY(proc_new(fetch, "mirror-1", NULL), proc_new(fetch, "mirror-2", NULL)), cancel);
/// ```
///
/// Ownership: takes over one reference of each child; the array stays yours.
///
/// @param impls  the children. NULL, or NULL in it, is bad input.
/// @param count  how many; 0 is bad input, since no child could succeed.
/// @return as for `proc_concurrent`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_any(impls: *const *mut proc_impl, count: usize) -> *mut proc_impl {
    // SAFETY: the caller hands over the elements.
    unsafe { contest("proc_any", Kind::Any, impls, count) }
}

/// Makes a child that serves the other children: it is cancelled when they have ended.
///
/// It is for statistics, snapshots or a reload. Its own success ends nothing; its failure counts like that of any
/// child.
///
/// It has this meaning as a child of a group (`proc_group`, `proc_group_limit`), of a nursery (`proc_spawn`) and of a
/// stack (`proc_stack`), also inside of tasks and services there (`proc_task`, `proc_service`). Anywhere else
/// `proc_background` has no effect: it only runs `impl`.
///
/// There, it is a *background child*. When all other children have ended, the background children are cancelled, with a
/// cause of the code ECANCELED, "all others have ended"; if there are no others, at once. If a background child only
/// passes on that cause (`proc_error_is_echo`), its error does not count. A failure of another child, or a cancellation
/// from above, cancels the background children like all others, with its own cause.
///
/// - In a group or a nursery, they run below one cancel handle that they share.
/// - In a nursery, the body is one of the other children. A background child that is spawned after the background
///   children were cancelled is cancelled, too. `proc_nursery_count` counts background children, and
///   `proc_nursery_wait` waits for them; so to end them, the body returns instead of waiting.
/// - In a stack they are cancelled from the last to the first, each when the children after it have completed. Once all others have ended, no
///   background child begins any more.
/// - Each counts for the limit as long as it runs. If background children fill the limit of a group, no other child of
///   the group begins.
///
/// It takes a thread, also if it only waits (`proc_delay`, `proc_await`).
///
/// Example:
/// ```c
/// proc_impl *reports = proc_every(PROC_SECONDS(10), proc_new(statistics, server, NULL));
/// // When the import is done, the reports are cancelled.
/// return proc_run(PROC_GROUP(proc_new(import, file, NULL), proc_background(reports)), cancel);
/// ```
///
/// Ownership: takes over one reference of `impl`.
///
/// @param impl  what to run; NULL is bad input.
/// @return as for `proc_sequence`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_background(r#impl: *mut proc_impl) -> *mut proc_impl {
    // SAFETY: the caller hands the process over.
    let child = unsafe { take(r#impl) };
    around("proc_background", Ok(()), child, |(), child| {
        Kind::Background(Box::new(child))
    })
}

/// A combinator that one child decides, so that there must be one.
///
/// # Safety
/// As for `several`.
unsafe fn contest(
    function: &'static str,
    kind: fn(Family) -> Kind,
    impls: *const *mut proc_impl,
    count: usize,
) -> *mut proc_impl {
    if count == 0 {
        return give(Process::invalid(BadInput::NoChildren { function }.into()));
    }
    // SAFETY: as promised by the caller.
    unsafe { several(function, kind, impls, count) }
}
