//! Tasks that are begun and ended by hand, on any thread and in any order.

use std::ffi::CStr;
use std::sync::Arc;
use std::thread;

use crate::error::Error;
use crate::task_run::{Name, TaskRun};
use crate::trace;

/// No task.
pub(super) const NONE: Option<&TaskRun> = None;

pub(super) fn begin(name: &CStr, parent: Option<&Arc<TaskRun>>) -> Arc<TaskRun> {
    TaskRun::begin(Arc::new(Name::new(name)), parent.cloned(), None)
}

pub(super) fn end(task: &TaskRun) {
    trace::task_end(task, None, || None);
}

pub(super) fn fail(task: &TaskRun, code: i32, text: &str) {
    trace::task_end(task, Some(&Error::new(code, text)), || None);
}

/// Runs code on a thread of that name.
pub(super) fn named_thread<T: Send + 'static>(
    name: &str,
    code: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(code);
    thread.expect("a thread").join().expect("it ends")
}
