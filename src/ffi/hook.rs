//! Hooks: code that a cancellation runs.

use std::ffi::c_void;

use super::errno::set_errno;
use super::handle::{borrow, share};
use super::types::{proc_cancel, proc_hook};
use crate::base::user_data::{Notice, Notify};
use crate::base::world;
use crate::base::world::given::{self, Kind};
use crate::engine::frames;
use crate::engine::late_strike;
use crate::engine::leaf::Waiting;
use crate::engine::waiting;
use crate::scope::hooked::Hooked;

/// Has a function called when a handle is cancelled.
///
/// It is for blocking calls that can be interrupted only by a special function. The function is called exactly once, or
/// never if the hook is removed before.
///
/// When it is called, the handle and all handles below it are cancelled, including those that another thread was just
/// cancelling. One cancellation calls the hooks of a handle before the hooks of the handles below it. If the handle is
/// cancelled already, the function is called on the calling thread, before `proc_on_cancel` returns.
///
/// The function is called on the thread that cancels: a thread that calls `proc_cancel_trigger`, or one that runs processes, which may be a thread of
/// the library (`proc_fn`). If a signal or a deadline cancels, or if a group is cancelled because no thread can be had for its children, it is called
/// on a thread of the library. If no such thread can be had, the handles are cancelled without delay, and the function is called on the first thread
/// that can be had; at the latest on the thread that runs the group or `proc_main`, before the group or `proc_main` has ended.
///
/// The thread that calls the function waits for it, so the function should be short. No lock of the library is held
/// meanwhile: the function may call every function of this library, also to remove hooks (its own hook too), to cancel
/// and to release handles, and to run processes. It must return, as a callback must. Beware of deadlocks with mutexes
/// of the program: a mutex that the function takes must not be held while the handle is cancelled, nor during
/// `proc_hook_remove`, which waits for the function.
///
/// Until it is removed, a hook keeps the handle as a reference does. So its function is also called if a handle above
/// is cancelled; and a hook on the handle of a group is called when the group ends.
///
/// Example:
/// ```c
/// static void interrupt(void *database) { stop_query(database); }
/// static proc_error *clean(proc_cancel *cancel, void *database) {
///     proc_hook *hook = proc_on_cancel(cancel, interrupt, database);
///     const int status = run_query(database, "VACUUM"); // ends early when stop_query is called
///     proc_hook_remove(hook);
///     return status ? proc_errorf(status, "VACUUM has failed") : NULL;
/// }
/// ```
///
/// Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
///
/// @param cancel     NULL is bad input.
/// @param fn         NULL is bad input.
/// @param user_data  passed to the function as it is; may be NULL. It stays yours, and must be there until `proc_hook_remove` has
///                   returned.
/// @return the hook, which `fn` may run before you have it. NULL with `errno` after bad input; then `fn` is never
///         called.
/// Errors:
/// - EINVAL: `cancel` or `fn` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_cancel(
    cancel: *mut proc_cancel,
    r#fn: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> *mut proc_hook {
    world::switch();
    // SAFETY: the caller lends a valid pointer.
    hook(
        unsafe { share(cancel) },
        r#fn,
        user_data,
        |cancel, notice| {
            late_strike::watch(&cancel);
            Hooked::on(cancel, notice)
        },
    )
}

/// Has a function called when a handle is cancelled, without keeping the handle.
///
/// It does what `proc_on_cancel` does, at a lower cost, but the hook does not keep the handle. Use it in a callback that sets a hook on the handle
/// that it was given, and removes the hook before it returns; or wherever else the handle is kept until the hook is removed. Otherwise use
/// `proc_on_cancel`. In a callback it allocates no memory, except for the first hook on a thread.
///
/// Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
///
/// @param cancel     it stays yours, and must be there until `proc_hook_remove` has returned. NULL is bad input.
/// @param fn         as for `proc_on_cancel`.
/// @param user_data  as for `proc_on_cancel`.
/// @return the hook, which `fn` may run before you have it. NULL with `errno` after bad input; then `fn` is never
///         called.
/// Errors:
/// - EINVAL: `cancel` or `fn` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_cancel_lent(
    cancel: *mut proc_cancel,
    r#fn: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> *mut proc_hook {
    world::switch();
    // SAFETY: the caller lends a valid pointer.
    hook(
        unsafe { borrow(cancel) },
        r#fn,
        user_data,
        |cancel, notice| {
            late_strike::watch(&cancel);
            // SAFETY: the caller lends the handle until the hook is removed. The place is that of the slot that the thread is in, in which no other is.
            unsafe { Hooked::on_lent(cancel, notice, frames::spare_hook()) }
        },
    )
}

#[inline(always)]
fn hook<C>(
    cancel: Option<C>,
    function: Option<Notify>,
    data: *mut c_void,
    on: impl FnOnce(C, Notice) -> Hooked,
) -> *mut proc_hook {
    let (Some(cancel), Some(function)) = (cancel, function) else {
        set_errno(libc::EINVAL);
        return std::ptr::null_mut();
    };
    let hook = on(cancel, Notice { function, data }).into_raw();
    given::note_given(Kind::Hook, hook);
    hook.cast_mut().cast()
}

/// Removes a hook and releases it. Once this call has returned, the hook's function is not running and will never run.
/// If another thread runs the function at this moment, this call waits until it has returned; so the caller must not
/// hold a mutex that the function takes.
///
/// Called from within the function itself, it returns at once: the function runs to its end, and is not called again.
/// "From within" includes all that is a part of the function's run, on whatever thread: what the function calls, what
/// it runs by `proc_run`, and a job that it has started and joins. Two functions that run at the same time must not
/// remove each other's hooks, since each would wait for the other.
///
/// In a child of `fork`, this call does not wait for a function that another thread of the parent runs: that thread
/// does not exist in the child.
///
/// Ownership: takes the hook over.
///
/// @param hook  handed over; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_hook_remove(hook: *mut proc_hook) {
    world::switch();
    if hook.is_null() {
        return;
    }
    given::note_given_back(Kind::Hook, hook);
    // SAFETY: it came from one of the functions above, and the caller gives it up.
    let hooked = unsafe { Hooked::from_raw(hook.cast_const().cast()) };
    let wait = |stop: &dyn Fn()| waiting::during(Waiting::HookRemove, stop);
    // SAFETY: as for a handle that is lent.
    unsafe { hooked.remove(wait, frames::spare_hook) };
}
