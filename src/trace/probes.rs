//! Static probes (USDT), at which debuggers and tracers of the system stop or look: gdb, perf, bpftrace, SystemTap.
//!
//! A probe is an instruction that does nothing, and a note in the library that says where it is and where its
//! arguments are. Who attaches to one adds 1 to a *semaphore*. Here all probes have the same one, and it is a part of
//! the word that says whether anybody wants to know (`base/events`): so they cost nothing while nobody does. (With one of
//! its own each, as `probe_lazy!` of the crate has it, an event would cost one more load and branch.)
//!
//! unsafe: a probe is written in assembly language.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::ptr::null;

use crate::base::error::Error;
use crate::base::events::WANTED;
use crate::scope::task_run::TaskRun;

macro_rules! probe {
    ($name:ident $(, $argument:expr)*) => {
        probe::sdt!([sym "{}" WANTED], procession, $name, $($argument,)*)
    };
}

/// Its number, its name, and the number of the task around it.
pub(super) fn task_begin(task: &TaskRun) {
    probe!(
        task_begin,
        task.id(),
        task.name().as_ptr(),
        id(task.outer())
    );
}

/// Its number, its name, what it has failed with, and why it was cancelled; NULL: neither.
pub(super) fn task_end(task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
    let [error, cause] = [error, cause].map(text);
    probe!(task_end, task.id(), task.name().as_ptr(), error, cause);
}

/// The number of the task that it is in, its own, and its name.
pub(super) fn region_begin(task: Option<&TaskRun>, region: u64, name: &CStr) {
    probe!(region_begin, id(task), region, name.as_ptr());
}

/// Its number.
pub(super) fn region_end(region: u64) {
    probe!(region_end, region);
}

/// The number of the task that it is in, the category and the message.
pub(super) fn log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    probe!(log, id(task), category.as_ptr(), message.as_ptr());
}

/// The handle, and why.
pub(super) fn cancel(handle: *const c_void, cause: &Error) {
    probe!(cancel, handle, text(Some(cause)));
}

fn id(task: Option<&TaskRun>) -> u64 {
    task.map_or(0, TaskRun::id)
}

fn text(error: Option<&Error>) -> *const libc::c_char {
    error.map_or(null(), |error| error.message().as_ptr())
}
