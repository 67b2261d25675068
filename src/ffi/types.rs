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
/// Ownership: reference counted, and always borrowed by what it is passed to. The one that a callback
/// receives is valid until the callback returns; `proc_cancel_ref` keeps it longer.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_cancel {
    _opaque: (),
}

/// The code of a process. It blocks until its work is done, or until `cancel` asks it to stop.
///
/// It must return: leaving it by a C++ exception, `longjmp`, `pthread_exit` or a cancelled thread
/// ends the program. It may call every function of this library.
///
/// Threads: runs on the thread that runs the process, or on one of the library's. Those have the
/// default stack size of the system and all asynchronous signals blocked. If the same process
/// runs several times at once, so does its callback, with the same `user_data`.
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

/// Releases `user_data`, exactly once, after its last use, on the thread that ended that use.
pub type proc_destroy_fn = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;
