//! The types of the API.

use std::ffi::{c_char, c_void};

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
/// Three kinds: a *failure* has a code and a message; a *task error* says in which task its cause happened; a *multi
/// error* lists the errors of processes that ran side by side. Each of them may be wrapped in a text
/// (`proc_error_wrap`): functions that search an error look inside of the wrapping, too.
///
/// Ownership: reference counted. A function that takes a non-const `proc_error *` takes over one
/// reference, which `proc_error_ref` makes. What accessors return as const is borrowed from the
/// error and lives as long as it.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_error {
    _opaque: (),
}

/// A cancel handle: the context that a process runs in. It says, once and for good, that the process should stop, and
/// why. Handles form a tree: cancelling a handle cancels all handles below it.
///
/// A process that runs in a `proc_task` is given a handle that knows this task. In all else it is the same as the
/// handle around the task: cancelling either cancels both.
///
/// Ownership: reference counted, and always borrowed by what it is passed to. The one that a callback
/// receives is valid until the callback returns; `proc_cancel_ref` keeps it longer.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_cancel {
    _opaque: (),
}

/// The key of a value (`proc_value`): `static const proc_key request = {"request"};`. The address of the struct is the key, so two structs with the
/// same name are two keys.
///
/// Ownership: yours, for instance static; it must be there until the program ends.
#[repr(C)]
pub struct proc_key {
    /// For people; may be NULL.
    pub name: *const c_char,
}

/// A hook on a cancel handle: a function to call when that is cancelled (`proc_on_cancel`).
///
/// Ownership: yours, until you remove it, once, with `proc_hook_remove`.
///
/// Threads: any thread may remove it.
pub struct proc_hook {
    _opaque: (),
}

/// A promise: something that is completed once, for those who await it (`proc_promise_new`).
///
/// Ownership: reference counted. With the last reference goes the possibility to complete it.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_promise {
    _opaque: (),
}

/// A queue of what is to run on a thread of the program's choice (`proc_queue_new`).
///
/// Ownership: reference counted; it is borrowed by all functions but `proc_queue_unref`. With the last reference goes the possibility to
/// run what is in it.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_queue {
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

/// A nursery: one run of a process whose children come while it runs (`proc_with_nursery`).
///
/// Ownership: reference counted, and always borrowed by what it is passed to. The one that a body receives is
/// valid until the nursery has completed; `proc_nursery_ref` keeps it longer.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_nursery {
    _opaque: (),
}

/// A channel: a bounded queue of items of one size, between threads (`proc_channel_new`).
///
/// Ownership: reference counted; it is borrowed by all functions but `proc_channel_unref`.
///
/// Threads: may be used from several threads at the same time.
pub struct proc_channel {
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
/// It must return. Leaving it by a C++ exception, `pthread_exit` or a cancelled thread ends the program with a message that names its tasks; leaving
/// it by `longjmp` is undefined. `proc_poll` is the only function of this library that is a cancellation point of `pthread_cancel`: in the other
/// functions a thread goes on waiting, and is cancelled later. A thread must not have asynchronous cancellation enabled in functions of this library.
/// It may call every function of this library. It may fork; the child must not return from the callback (which ends it with a message), but call
/// `exec` or `_exit`. Before that it may run processes of its own, with handles, channels and promises of its own. A thread of the parent may be
/// using an object of the parent at the moment of the `fork`, and does not exist in the child: so a call with such an object may block for ever.
///
/// Threads: runs on the thread that runs the process, or on one of the library's. Those have the
/// system's default stack, at least 2 MiB (or what `proc_configure` was told), and all signals blocked but
/// faults and `open_signals` (of `proc_config`: SIGPROF, unless you choose others). So a write to a closed pipe
/// fails with EPIPE there, where it may raise SIGPIPE on a thread of yours (ignore SIGPIPE), and what a thread
/// sends itself by `raise` waits for ever (use `kill`). What the library itself writes raises no signal on any
/// thread.
/// On one of the library's, too, it runs on the processors, and with the scheduling policy, the priority
/// and the nice value, of the thread that has it run: of the one that runs the concurrent process or the
/// group that it is in, or that started the job; as far as the system allows that, which may not let a
/// thread become more urgent again. If it changes them, it sets them back before it returns. The timer
/// slack is the one that the program was started with, unless the thread that started a job has another. If
/// the same process runs several times at once, so does its callback, with the same `user_data`.
///
/// Child programs: `proc_child` starts one with no signal blocked, and stops it, too. Without `proc_child`: a child that is forked on a thread of the
/// library has no signals blocked, and neither have the programs that it executes. A program that is started there by `posix_spawn`, `vfork`,
/// `system` or `popen` inherits the blocked signals: it does not receive SIGTERM. Give `posix_spawn` an empty mask (POSIX_SPAWN_SETSIGMASK), or
/// unblock all signals (`pthread_sigmask`) while you start the program. Signals that your program ignores stay ignored in a child, and many programs
/// rely on SIGPIPE to end: set it to SIG_DFL again in the child. And a thread without work ends (`idle_timeout_ns`): for a child with
/// PR_SET_PDEATHSIG this is the death of its parent.
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

/// The code of a child of `proc_each`: like `proc_fn`, with the index of the child.
///
/// @param cancel     borrowed until the callback returns; never NULL.
/// @param index      which child it is, from 0.
/// @param user_data  what `proc_each` was given.
/// @return NULL on success, else an error, which the caller owns.
pub type proc_index_fn = Option<
    unsafe extern "C-unwind" fn(
        cancel: *mut proc_cancel,
        index: usize,
        user_data: *mut c_void,
    ) -> *mut proc_error,
>;

/// Releases `user_data`, exactly once, after its last use, on the thread that ended that use. It must
/// return, as a callback must.
///
/// @param user_data  handed over; NULL, if that is what the library was given.
pub type proc_destroy_fn = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;
