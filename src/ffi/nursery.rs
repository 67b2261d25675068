//! Nurseries.

use std::ffi::c_void;
use std::mem::{offset_of, transmute};

use super::bad_input::BadInput;
use super::errno::set_errno;
use super::handle::{give, give_outcome, lend, look, share, take};
use super::process::null;
use super::sized::{self, Growing};
use super::types::{proc_cancel, proc_destroy_fn, proc_error, proc_impl, proc_nursery};
use crate::base::clock;
use crate::base::error::{Error, Outcome};
use crate::base::user_data::UserData;
use crate::base::world;
use crate::engine::nursery::{IfFull, Refused, Rest};
use crate::tree::nursery::{Body, Nursery, OnFailure, Options, Pass};
use crate::tree::process::{MAX_DEPTH, Process};

/// The body of a nursery: the first of its children. It may spawn others (`proc_spawn`), and pass the nursery to other
/// code that spawns.
///
/// Like a `proc_fn`, it must return. After that, the nursery goes on until no child is left.
///
/// @param nursery    borrowed until the nursery has completed, and never NULL; `proc_nursery_ref` keeps it longer.
/// @param cancel     the handle that the children run under, too (`proc_nursery_cancel`); borrowed until the body returns; never NULL.
/// @param user_data  what `proc_with_nursery` was given.
/// @return NULL on success, else an error, which the caller owns.
pub type proc_nursery_fn = Option<
    unsafe extern "C-unwind" fn(
        nursery: *mut proc_nursery,
        cancel: *mut proc_cancel,
        user_data: *mut c_void,
    ) -> *mut proc_error,
>;

/// Decides what a child's failure means for its nursery: `on_failure` of `proc_nursery_options`.
///
/// @param error      handed over, and never NULL: return it, return another one that is made of it, or release it.
/// @param user_data  that of the options.
/// @return NULL: the nursery goes on; else the error that the nursery fails with.
pub type proc_failure_fn = Option<
    unsafe extern "C-unwind" fn(error: *mut proc_error, user_data: *mut c_void) -> *mut proc_error,
>;

/// How a nursery deals with its children: `proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_nursery_options {
    /// sizeof(proc_nursery_options), as PROC_NURSERY_OPTIONS_INIT sets it.
    pub size: usize,
    /// How many children the nursery may have at once: those that were accepted and have not ended. The body does not
    /// count. 0, the default: any number.
    pub limit: usize,
    /// Called when a child has failed. It takes over the error. If it returns an error, the nursery fails with that one, which is also the cause of
    /// the cancellation; if it returns NULL, the nursery and the other children go on. So a server can log the error of a connection and go on. It
    /// runs on the thread where the child ended, on several threads at the same time if several children end, and under no lock; it must return, as a
    /// callback must. Until then, the child counts for `limit`. It is not called for the body, nor for an error that only passes on why the nursery
    /// was cancelled (`proc_error_is_echo`). NULL, the default: errors are left as they are.
    pub on_failure: proc_failure_fn,
    /// Passed to `on_failure` as it is; may be NULL. It stays yours, and must be there until the process's last run
    /// and last reference have ended.
    pub user_data: *mut c_void,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are numbers and pointers.
unsafe impl Growing for proc_nursery_options {
    const INIT: Self = proc_nursery_options {
        size: size_of::<proc_nursery_options>(),
        limit: 0,
        on_failure: None,
        user_data: std::ptr::null_mut(),
    };
}

/// What the first version measures.
const FIRST_SIZE: usize = offset_of!(proc_nursery_options, user_data) + size_of::<*mut c_void>();

/// # Work that comes while it runs
///
/// Makes a group whose children come while it runs: connections, requests, files.
///
/// The body is the first child, and runs on the calling thread, even if the nursery is cancelled from the start. All
/// code that has the nursery may spawn other children (`proc_spawn`): the body, children, other threads. The nursery
/// completes when the body has returned and no child is left. After the body, the calling thread runs children that no
/// other thread has begun.
///
/// Failures are those of `proc_group`: the first failure, of the body or of a child, cancels all children, and is the
/// cause; errors are listed in order of completion, and the cause once instead of its echoes. All children run below a
/// cancel handle of its own (`proc_nursery_cancel`), and in the tasks around it, whoever spawns them.
///
/// Example:
/// ```c
/// static proc_error *accept_all(proc_nursery *nursery, proc_cancel *cancel, void *listener) {
///     proc_error *error = NULL;
///     int fd = 0;
///     while (!error && (fd = proc_accept(cancel, *(int *)listener, PROC_FOREVER)) >= 0)
///         error = proc_spawn(nursery, proc_new(converse, connection_new(fd), connection_free));
///     return error ? error : proc_cancelled(cancel) ? proc_cancel_error(cancel) : proc_errno("accept");
/// }
/// static proc_impl *server_on(int *listener) { return proc_with_nursery(accept_all, listener, NULL, NULL); }
/// ```
///
/// Ownership: the result is yours; `user_data` is the process's until `destroy` is called with it, which is after
/// the last run and the last reference have ended. The options are copied.
///
/// @param body       NULL is bad input.
/// @param user_data  passed to the body as it is; may be NULL.
/// @param destroy    releases `user_data`, exactly once, also if the call fails; may be NULL.
/// @param options    NULL: the defaults.
/// @return never NULL. After bad input, a process that starts nothing and fails.
/// Errors: the process fails with one of these.
/// - EINVAL: `body` is NULL, or the options are not valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_with_nursery(
    body: proc_nursery_fn,
    user_data: *mut c_void,
    destroy: proc_destroy_fn,
    options: *const proc_nursery_options,
) -> *mut proc_impl {
    let user = UserData {
        data: user_data,
        destroy,
    };
    // SAFETY: the caller lends the options.
    let made = unsafe { read(options) }.map(|options| {
        body.map(|body| {
            // SAFETY: the two types differ in what C calls the nodes that handles point to.
            let body = unsafe { transmute::<CBody, Body>(body) };
            Process::nursery(Nursery::new(body, user, options))
        })
    });
    give(match made {
        Ok(Some(process)) => process,
        Ok(None) => Process::invalid(null("proc_with_nursery", "body")),
        Err(mistake) => Process::invalid(mistake.into()),
    })
}

/// Spawns a child: hands a process over to a nursery, which runs it. It returns when the nursery has accepted the
/// child. While the nursery has as many children as its limit allows, this waits for a place; waiting callers get
/// places in order.
///
/// Once accepted, the child will run, unless the nursery is cancelled before it begins. It really runs at the same time as all others, whatever the
/// spawning thread does: it begins at once if a thread of the library is parked and the spawning thread goes on to wait in a function of the library,
/// and within some milliseconds in any case. A spawning thread that spawns more, or computes, makes no system call for it. Children that no other
/// thread has begun when the body has returned run on the thread of the body. If no thread can be had, the child fails with EAGAIN, as in a group;
/// but a child that only waits (`proc_await`, `proc_delay`) needs none.
///
/// A nursery that is cancelled starts nothing more: children that have not begun are released, without an error.
///
/// If `proc_spawn` fails, the child is released without being run, and nothing else fails because of it. It detects a
/// deadlock: if a child calls it, and all children would wait for each other's places, in this function or in
/// `proc_nursery_wait`, the call that would complete the deadlock fails with EDEADLK, and the others go on waiting.
///
/// Example:
/// ```c
/// proc_error *refused = proc_spawn(nursery, proc_task("request", proc_new(handle, request, free)));
/// if (refused)
///     return refused; // the nursery is cancelled, or has completed; `request` is freed
/// ```
///
/// Ownership: takes over one reference of `impl`, in any case; the nursery stays what it was; the error is yours.
///
/// @param nursery  NULL is bad input.
/// @param impl     NULL is bad input; so is a process that is nested as deep as PROC_MAX_DEPTH (ELOOP).
/// @return NULL: accepted. Else why it was not, the first of these that holds.
/// Errors:
/// - EINVAL, ELOOP: bad input. If the child was made of bad input, its own error.
/// - EOWNERDEAD: in a child of `fork`, the nursery is the parent's.
/// - EPIPE: the nursery has completed.
/// - The cause, whatever its code: the nursery is cancelled, or becomes so while this waits; or the callback that
///   waits (`proc_current`) is cancelled.
/// - EDEADLK: all children would wait for each other's places.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_spawn(
    nursery: *mut proc_nursery,
    r#impl: *mut proc_impl,
) -> *mut proc_error {
    world::switch();
    // SAFETY: the caller lends the nursery, and hands over the process.
    give_outcome(unsafe { spawn("proc_spawn", nursery, r#impl, IfFull::Wait) })
}

/// As `proc_spawn`, but does not wait for a place. While the nursery is full, or others wait for a place, it fails
/// with EAGAIN.
///
/// Example:
/// ```c
/// proc_error *refused = proc_try_spawn(nursery, proc_new(handle, request, NULL));
/// if (proc_error_is(refused, EAGAIN))
///     say_busy(request);
/// proc_error_unref(refused);
/// ```
///
/// Ownership: as for `proc_spawn`.
///
/// @param nursery  NULL is bad input.
/// @param impl     as for `proc_spawn`.
/// @return NULL: accepted. Else why it was not.
/// Errors:
/// - EAGAIN: it is full. (If no thread can be had, that is the child's own failure.)
/// - Any other as for `proc_spawn`.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn proc_try_spawn(
    nursery: *mut proc_nursery,
    r#impl: *mut proc_impl,
) -> *mut proc_error {
    world::switch();
    // SAFETY: the caller lends the nursery, and hands over the process.
    give_outcome(unsafe { spawn("proc_try_spawn", nursery, r#impl, IfFull::Refuse) })
}

/// Blocks until no child of a nursery is left, or the time is up. The calling child does not count, and neither does
/// the body. The wait also ends when the nursery or the calling callback (`proc_current`) is cancelled. Signals do not
/// end it. Children that wait here count as ended: if all children that are left wait here, all these waits end.
///
/// @param nursery     NULL returns false at once.
/// @param timeout_ns  nanoseconds, by the monotonic clock; negative is forever (PROC_FOREVER).
/// @return true: no child was left, whether or not the nursery is cancelled. false: the time is up, or the wait was
///         cancelled, or it failed with one of these as `errno`.
/// Errors:
/// - EDEADLK: the wait would be forever, since the other children wait for the end or the place of the calling child
///   (`proc_spawn`).
/// - EOWNERDEAD: in a child of `fork`, the nursery is the parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_wait(nursery: *mut proc_nursery, timeout_ns: i64) -> bool {
    world::switch();
    // SAFETY: the caller lends the nursery, which may be released while this one waits.
    let Some(nursery) = (unsafe { share(nursery) }) else {
        return false;
    };
    match nursery.rest(clock::deadline(timeout_ns)) {
        Some(Rest::Left) => return true,
        Some(Rest::Given) => {}
        Some(Rest::Deadlock) => set_errno(libc::EDEADLK),
        None => set_errno(libc::EOWNERDEAD),
    }
    false
}

/// How many children of a nursery have not ended. It counts children that have begun, and those that have not. The body
/// does not count.
///
/// @param nursery  NULL has no children; neither has a nursery that has completed.
/// @return 0 for NULL, and if it has completed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_count(nursery: *const proc_nursery) -> usize {
    // SAFETY: the caller lends a valid pointer.
    unsafe { look(nursery) }.map_or(0, |nursery| nursery.count())
}

/// The handle that the children of a nursery run under. Triggering it (`proc_cancel_trigger`) cancels the nursery.
///
/// @param nursery  may be NULL.
/// @return borrowed from the nursery; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_cancel(nursery: *const proc_nursery) -> *mut proc_cancel {
    // SAFETY: the caller lends a valid pointer.
    let cancel = unsafe { look(nursery) }.and_then(|nursery| nursery.cancel());
    lend::<proc_cancel>(cancel.map(|cancel| &**cancel)).cast_mut()
}

/// Makes another reference to a nursery, to keep it for longer than it runs.
///
/// @param nursery  stays what it was; may be NULL.
/// @return the same nursery, as a reference of its own; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_ref(nursery: *mut proc_nursery) -> *mut proc_nursery {
    // SAFETY: the caller lends a valid pointer.
    unsafe { share(nursery) }.map_or(std::ptr::null_mut(), give)
}

/// Releases one reference to a nursery. The nursery goes on all the same.
///
/// @param nursery  may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_nursery_unref(nursery: *mut proc_nursery) {
    world::switch();
    // SAFETY: the caller hands over one reference.
    drop(unsafe { take(nursery) });
}

/// What `proc_nursery_fn` is, but for NULL.
type CBody = unsafe extern "C-unwind" fn(
    *mut proc_nursery,
    *mut proc_cancel,
    *mut c_void,
) -> *mut proc_error;

/// What `proc_failure_fn` is, but for NULL.
type CPass = unsafe extern "C-unwind" fn(*mut proc_error, *mut c_void) -> *mut proc_error;

/// # Safety
/// `options` is NULL, or valid.
unsafe fn read(options: *const proc_nursery_options) -> Result<Options, BadInput> {
    if options.is_null() {
        return Ok(Options::default());
    }
    // SAFETY: as promised by the caller.
    let asked = unsafe { sized::read(["proc_with_nursery", "options"], options, FIRST_SIZE)? };
    let on_failure = asked.on_failure.map(|function| OnFailure {
        // SAFETY: the two types differ in what C calls the nodes that handles point to.
        function: unsafe { transmute::<CPass, Pass>(function) },
        data: asked.user_data,
    });
    Ok(Options {
        limit: asked.limit,
        on_failure,
    })
}

/// # Safety
/// `nursery` is NULL or valid during this call, and `child` is handed over.
unsafe fn spawn(
    function: &'static str,
    nursery: *mut proc_nursery,
    child: *mut proc_impl,
    if_full: IfFull,
) -> Outcome {
    // SAFETY: as promised by the caller. The child is taken first, so that it is released in any case.
    let (child, nursery) = unsafe { (take(child), look(nursery)) };
    let nursery = nursery.ok_or_else(|| null(function, "nursery"))?;
    let child = child.ok_or_else(|| null(function, "impl"))?;
    if let Some(mistake) = child.mistake() {
        return Err(mistake.clone());
    }
    if child.depth() == MAX_DEPTH {
        let argument = "impl".to_owned();
        return Err(BadInput::Depth { function, argument }.into());
    }
    match nursery.spawn(child, if_full) {
        Some(answer) => answer.map_err(|refused| why(function, refused)),
        None => Err(inherited(function)),
    }
}

#[cold]
fn why(function: &'static str, refused: Refused) -> Error {
    let (code, text) = match refused {
        Refused::Cancelled(cause) => return cause,
        Refused::Over => (libc::EPIPE, "the nursery has completed"),
        Refused::Full => (libc::EAGAIN, "the nursery is full"),
        Refused::Deadlock => (
            libc::EDEADLK,
            "all children of the nursery would wait for a place in it",
        ),
    };
    Error::new(code, &format!("{function}: {text}"))
}

#[cold]
fn inherited(function: &'static str) -> Error {
    let text = "the nursery runs in the parent of this process, which was made by fork";
    Error::new(libc::EOWNERDEAD, &format!("{function}: {text}"))
}
