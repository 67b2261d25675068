//! Tasks that are begun and ended by hand, on any thread and in any order.

use std::ffi::CStr;
use std::sync::Arc;
use std::thread;

use crate::base::common::Common;
use crate::base::error::Error;
use crate::scope::task_run::{Name, TaskRun};

/// No task.
pub(super) const NONE: Option<&TaskRun> = None;

pub(super) fn begin(name: &CStr, parent: Option<&Common<TaskRun>>) -> Common<TaskRun> {
    TaskRun::begin(Arc::new(Name::new(name)), parent.cloned(), 0)
}

pub(super) fn end(task: &TaskRun) {
    task.end(None, || None);
}

pub(super) fn fail(task: &TaskRun, code: i32, text: &str) {
    task.end(Some(&Error::new(code, text)), || None);
}

/// Runs code on a thread of that name.
pub(super) fn named_thread<T: Send + 'static>(
    name: &str,
    code: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(code);
    thread.expect("a thread").join().expect("it ends")
}
