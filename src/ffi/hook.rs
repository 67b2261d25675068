//! Hooks: code that a cancellation runs.

use std::ffi::c_void;

use super::errno::set_errno;
use super::handle::share;
use super::types::{proc_cancel, proc_hook};
use crate::callback::Notice;
use crate::frames::{self, Waiting};
use crate::observers::Hooked;

/// Has a function called when a handle is cancelled: for waits that only a function of their own can
/// interrupt. It is called exactly once, or never if the hook is removed before.
///
/// It is called on the thread that cancels, which may be one of the library's (`proc_fn`), after the
/// handle and all below it have been cancelled; the hooks of a handle come before those of the handles
/// below. If the handle is cancelled already, it is called at once, on the calling thread.
///
/// The thread that cancels waits for it, so it should be short. No lock of the library is held
/// meanwhile: it may call every function of this library, also to remove hooks (its own too), to cancel
/// and to release handles, and to run processes. It must return, as a callback must.
///
/// Until it is removed, a hook holds the handle as a reference does: it is called if a handle above is
/// cancelled, and, on that of a group, when the group ends.
///
/// Ownership: the hook is yours, until you remove it with `proc_hook_remove`, also after it was called.
/// `user_data` must be there until then.
///
/// @param cancel     NULL is bad input.
/// @param fn         NULL is bad input.
/// @param user_data  passed to the function as it is; may be NULL.
/// @return the hook, which `fn` may run before you have it. After bad input NULL, with `errno` EINVAL, and
///         `fn` is never called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_on_cancel(
    cancel: *mut proc_cancel,
    r#fn: Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> *mut proc_hook {
    // SAFETY: the caller lends a valid pointer.
    let (Some(cancel), Some(function)) = (unsafe { share(cancel) }, r#fn) else {
        set_errno(libc::EINVAL);
        return std::ptr::null_mut();
    };
    let data = user_data;
    let hooked = Hooked::on(cancel, Notice { function, data });
    Box::into_raw(Box::new(hooked)).cast()
}

/// Removes a hook and releases it. Once this has returned, its function is not running and never will.
/// If another thread runs it at this moment, this waits until that run is over.
///
/// Called from within the function itself, or from what that calls, it returns at once: the function
/// runs to its end, and is not called again. Two functions that run at the same time must not remove each
/// other's hooks, since each would wait for the other.
///
/// Ownership: takes the hook over.
///
/// @param hook  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_hook_remove(hook: *mut proc_hook) {
    if hook.is_null() {
        return;
    }
    // SAFETY: it came from `proc_on_cancel`, and the caller gives it up.
    let hooked = unsafe { Box::from_raw(hook.cast::<Hooked>()) };
    frames::while_waiting(Waiting::HookRemove, || hooked.stop());
}
