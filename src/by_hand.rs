//! Tasks that a program begins and ends itself: of work that no process does, like one request of many.

use std::ffi::CStr;

use crate::cancel::Cancel;
use crate::counts::{self, Counted};
use crate::error::Error;
use crate::process;
use crate::sync::Arc;
use crate::task_run::{Name, TaskRun};
use crate::trace;

/// A handle in a new task, below another one, if there is one.
pub(crate) fn begin(parent: Option<&Cancel>, task_type: &CStr) -> Cancel {
    let name = Arc::new(Name::new(task_type));
    let task = TaskRun::begin_by_hand(name, process::task_of(parent));
    counts::count_elsewhere(Counted::Tasks);
    match parent {
        Some(parent) => parent.child_in(task),
        None => Cancel::root(Some(task)),
    }
}

/// Ends the task that a handle is in, if it was begun by hand and has not ended.
pub(crate) fn end(handle: &Cancel, error: Option<&Error>) {
    let task = handle.task();
    match task.filter(|task| task.claim_end()) {
        Some(task) => {
            counts::count_elsewhere(Counted::TasksEnded);
            if error.is_some() {
                counts::count_elsewhere(Counted::TasksFailed);
            }
            trace::task_end(task, error, || handle.cause());
        }
        None => {
            let mistake =
                c"proc_task_end: this is not in a task of proc_task_begin that still runs";
            trace::log(task.map(|task| &**task), c"procession", mistake);
        }
    }
}
