//! Hooks: code of the program that is told what happens.

use std::ffi::{CStr, c_char, c_void};

use super::handle::{give_outcome, lend};
use super::sized::{self, Growing};
use super::types::proc_error;
use crate::base::error::Error;
use crate::base::guard;
use crate::trace::hooks::{self, Callbacks, Told, Word, WouldWaitForItself};

/// A task, as it is passed to hooks.
///
/// Ownership: borrowed, until the hook returns.
#[repr(C)]
pub struct proc_trace_task {
    /// Its number (`proc_trace_task_id`).
    pub id: u64,
    /// Its name; never NULL.
    pub task_type: *const c_char,
    /// What `task_begin` has returned for it; NULL if it began before these hooks were set, and after
    /// its `task_end`.
    pub word: *mut c_void,
}

/// Hooks: functions that the library calls when something happens. PROC_TRACE_HOOKS_INIT sets the size, and NULL for
/// all else: each may be NULL.
///
/// `task` is the task in which something happens, NULL outside of tasks. All that is passed is borrowed until the
/// hook returns.
///
/// A hook is called on the thread on which the event happens, and this thread waits for it, so the hook should be
/// short. No lock of the library is held. It may call every function of this library but `proc_trace_set_hooks`; what
/// the hook does itself, and what it runs on other threads, calls no hooks. It must return, as a callback must.
///
/// Threads: hooks are called on many threads at the same time.
///
/// Ownership: the struct is copied, but for `user_data`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct proc_trace_hooks {
    /// sizeof(proc_trace_hooks): programs of older headers go on working.
    pub size: usize,
    /// A task begins. The hook returns the task's `word`: anything of yours, which must be there until its `task_end`. `parent` is the innermost task
    /// around it.
    pub task_begin: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            parent: *const proc_trace_task,
            user_data: *mut c_void,
        ) -> *mut c_void,
    >,
    /// A task ends. `error` is what it has failed with; NULL: it has not, or only passes on why it was cancelled.
    /// `cause` is why it was cancelled; NULL: it was not. The `word` of the task is not passed after that; but at this
    /// moment another thread, which has kept a handle of the task, may be in another hook with it.
    pub task_end: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            error: *const proc_error,
            cause: *const proc_error,
            user_data: *mut c_void,
        ),
    >,
    /// A region begins. On one thread, no two regions have the same number. For hooks, a region around a wait without a thread (`proc_await`) ends
    /// when the wait begins.
    pub region_begin: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            region: u64,
            region_type: *const c_char,
            user_data: *mut c_void,
        ),
    >,
    /// The region with this number ends. It has begun on this thread, perhaps before these hooks were set. The hook is
    /// called once for each region; first for regions inside of it that have not ended.
    pub region_end: Option<unsafe extern "C-unwind" fn(region: u64, user_data: *mut c_void)>,
    /// A message is logged (`proc_trace_log`). The category is "" if there is none.
    pub log: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            category: *const c_char,
            message: *const c_char,
            user_data: *mut c_void,
        ),
    >,
    /// This thread starts something that other threads may run: several children of a combinator, a job, or a child
    /// that is spawned. (For a child that is refused, `arrive` is never called.)
    pub spawn: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            spawn: u64,
            user_data: *mut c_void,
        ),
    >,
    /// A child of that spawn, or the job, runs on this thread, which is another one; a child that was spawned, on
    /// whatever thread.
    pub arrive: Option<
        unsafe extern "C-unwind" fn(
            task: *const proc_trace_task,
            spawn: u64,
            user_data: *mut c_void,
        ),
    >,
    /// Passed to all of them as it is; may be NULL. It stays yours, and must be there until other hooks have been set.
    pub user_data: *mut c_void,
}

// SAFETY: it is `repr(C)`, its size comes first, and all else are pointers.
unsafe impl Growing for proc_trace_hooks {
    const INIT: Self = proc_trace_hooks {
        size: size_of::<proc_trace_hooks>(),
        task_begin: None,
        task_end: None,
        region_begin: None,
        region_end: None,
        log: None,
        spawn: None,
        arrive: None,
        user_data: std::ptr::null_mut(),
    };
}
// SAFETY: the library only passes the pointer on; the API says on which threads the hooks are called.
unsafe impl Send for proc_trace_hooks {}
// SAFETY: as above.
unsafe impl Sync for proc_trace_hooks {}

/// What the first version measured.
const FIRST_SIZE: usize = size_of::<proc_trace_hooks>();

/// Sets hooks, and replaces the former ones. When this returns, no former hook is running, and none will be called any
/// more: it waits for those that run. The words that former hooks have returned are not passed to the new hooks.
///
/// Hooks are called whether or not a trace is on, and make `proc_trace_enabled` true. A child of `fork` has the hooks
/// of its parent.
///
/// @param hooks  NULL: no hooks.
/// @return NULL on success. Else an error, and nothing has changed.
/// Errors:
/// - EDEADLK: it is called from within a hook, so it would wait for itself.
/// - EINVAL: a size that was not set, or anything that is set beyond what this version of the library knows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_set_hooks(hooks: *const proc_trace_hooks) -> *mut proc_error {
    let function = "proc_trace_set_hooks";
    let callbacks: Option<Box<dyn Callbacks>> = if hooks.is_null() {
        None
    } else {
        // SAFETY: the caller lends it.
        match unsafe { sized::read([function, "hooks"], hooks, FIRST_SIZE) } {
            Ok(hooks) => Some(Box::new(hooks)),
            Err(mistake) => return give_outcome(Err(mistake.into())),
        }
    };
    give_outcome(hooks::set(callbacks).map_err(|WouldWaitForItself| {
        let text = format!("{function}: a hook cannot wait for itself to return");
        Error::new(libc::EDEADLK, &text)
    }))
}

fn c_task(task: &Told<'_>) -> proc_trace_task {
    proc_trace_task {
        id: task.id,
        task_type: task.name.as_ptr(),
        word: task.word,
    }
}

/// Calls code with a task as C has it; NULL outside of tasks.
fn with_task<T>(task: Option<&Told<'_>>, code: impl FnOnce(*const proc_trace_task) -> T) -> T {
    let task = task.map(c_task);
    let pointer = task.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    guard::must_return(String::new, || code(pointer))
}

impl Callbacks for proc_trace_hooks {
    fn task_begin(&self, task: &Told<'_>, parent: Option<&Told<'_>>) -> Word {
        let Some(hook) = self.task_begin else {
            return std::ptr::null_mut();
        };
        let task = c_task(task);
        // SAFETY: the hooks and their data belong together, and all that is lent outlives the call.
        with_task(parent, |parent| unsafe {
            hook(&task, parent, self.user_data)
        })
    }

    fn task_end(&self, task: &Told<'_>, error: Option<&Error>, cause: Option<&Error>) {
        if let Some(hook) = self.task_end {
            let [error, cause] = [error, cause].map(|error| lend(error.map(|error| &**error)));
            // SAFETY: as above.
            with_task(Some(task), |task| unsafe {
                hook(task, error, cause, self.user_data)
            });
        }
    }

    fn region_begin(&self, task: Option<&Told<'_>>, region: u64, name: &CStr) {
        if let Some(hook) = self.region_begin {
            // SAFETY: as above.
            with_task(task, |task| unsafe {
                hook(task, region, name.as_ptr(), self.user_data)
            });
        }
    }

    fn region_end(&self, region: u64) {
        if let Some(hook) = self.region_end {
            // SAFETY: as above.
            guard::must_return(String::new, || unsafe { hook(region, self.user_data) });
        }
    }

    fn log(&self, task: Option<&Told<'_>>, category: &CStr, message: &CStr) {
        if let Some(hook) = self.log {
            let [category, message] = [category, message].map(CStr::as_ptr);
            // SAFETY: as above.
            with_task(task, |task| unsafe {
                hook(task, category, message, self.user_data)
            });
        }
    }

    fn spawn(&self, task: Option<&Told<'_>>, spawn: u64) {
        if let Some(hook) = self.spawn {
            // SAFETY: as above.
            with_task(task, |task| unsafe { hook(task, spawn, self.user_data) });
        }
    }

    fn arrive(&self, task: Option<&Told<'_>>, spawn: u64) {
        if let Some(hook) = self.arrive {
            // SAFETY: as above.
            with_task(task, |task| unsafe { hook(task, spawn, self.user_data) });
        }
    }
}
