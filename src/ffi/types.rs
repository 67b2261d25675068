//! The types of the API.

use std::ffi::c_void;

/// A process: a description of something to run. It is a callback (`proc_new`), or a combinator made
/// of other processes. It never changes, and the same one may run many times and at the same time.
///
/// Ownership: reference counted. A function that takes a non-const `proc_impl *` takes over one
/// reference, which `proc_ref` makes.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_impl {
    _opaque: (),
}

/// An error: what a process that failed returns. NULL is success. It never changes.
///
/// Three kinds: a *failure* has a code and a message; a *task error* says in which task its cause
/// happened; a *multi error* lists the errors of processes that ran side by side.
///
/// Ownership: reference counted. A function that takes a non-const `proc_error *` takes over one
/// reference, which `proc_error_ref` makes. What accessors return as const is borrowed from the
/// error and lives as long as it.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_error {
    _opaque: (),
}

/// A cancel handle: the context that a process runs in. It says once, and for good, that the process
/// should stop, and why. Handles form a tree: cancelling one cancels all below it.
///
/// What runs in a `proc_task` is given a handle that knows this task. Otherwise it is the one around the
/// task: cancelling either cancels both.
///
/// Ownership: reference counted, and always borrowed by what it is passed to. The one that a callback
/// receives is valid until the callback returns; `proc_cancel_ref` keeps it longer.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_cancel {
    _opaque: (),
}

/// A hook on a cancel handle: a function to call when that is cancelled (`proc_on_cancel`).
///
/// Ownership: yours, until you remove it, once, with `proc_hook_remove`.
///
/// Threads: any thread may remove it.
pub struct proc_hook {
    _opaque: (),
}

/// A job: a process that runs without blocking who started it (`proc_start`).
///
/// Ownership: yours, until you join it, once, with `proc_job_join`.
///
/// Threads: any thread may ask, wait for and join it.
pub struct proc_job {
    _opaque: (),
}

/// A region of the trace that was begun by hand (`proc_region_begin`).
///
/// Ownership: yours, until you end it, once, with `proc_region_end`.
///
/// Threads: of the one on which it began.
pub struct proc_region {
    _opaque: (),
}

/// The code of a process. It blocks until its work is done, or until `cancel` asks it to stop.
///
/// It must return. Leaving it by a C++ exception, `pthread_exit` or a cancelled thread ends the program
/// with a message that names its tasks; leaving it by `longjmp` is undefined. It may call every
/// function of this library. It may fork; the child must not return from the callback (which
/// ends it with a message), but call `exec` or `_exit`. Before that it may run processes of its own, with
/// handles of its own.
///
/// Threads: runs on the thread that runs the process, or on one of the library's. Those have the
/// system's default stack, at least 2 MiB (or what `proc_configure` was told), and all signals blocked that
/// are not caused by what the thread itself computes: a write to a closed pipe fails with EPIPE there, where it
/// may raise SIGPIPE on a thread of yours (ignore SIGPIPE), and what a thread sends itself by `raise` waits for
/// ever (use `kill`). A child that is forked there lets all signals in, and so does what it executes. A program
/// that is started there by `posix_spawn` inherits the mask, unless it is given an empty one
/// (POSIX_SPAWN_SETSIGMASK); one that is started by `system`, `popen` or `vfork` inherits it.
/// They inherit the affinity and scheduling of the thread that needed them first. If the same
/// process runs several times at once, so does its callback, with the same `user_data`.
///
/// @param cancel     borrowed until the callback returns; never NULL.
/// @param user_data  what `proc_new` was given.
/// @return NULL on success, else an error, which the caller owns.
pub type proc_fn = Option<
    unsafe extern "C-unwind" fn(
        cancel: *mut proc_cancel,
        user_data: *mut c_void,
    ) -> *mut proc_error,
>;

/// Releases `user_data`, exactly once, after its last use, on the thread that ended that use. It must
/// return, as a callback must.
pub type proc_destroy_fn = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;
