//! A named unit of work: the name is in its errors and on the thread of the library that runs it.
//!
//! unsafe: a callback that runs another process is told its task through a pointer into the stack
//! below it, which is there for as long as the callback runs.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, CString};

use crate::error::{Error, Outcome};
use crate::process::{self, Context, Process};
use crate::sync::{Arc, per_thread};
use crate::thread_name::ThreadName;

pub(crate) struct Task {
    name: Arc<Name>,
    child: Process,
}

struct Name {
    task_type: CString,
    on_thread: ThreadName,
}

/// One run of a task, as what runs inside of it knows it; helpers on other threads share it.
pub(crate) struct TaskRun {
    name: Arc<Name>,
    outer: Option<Arc<TaskRun>>,
}

// The task of the callback that runs on this thread; NULL outside of callbacks and tasks.
per_thread!(CURRENT: Cell<*const Arc<TaskRun>> = Cell::new(std::ptr::null()));

/// Runs a callback inside of a task, or of none: then it is in none already, since what a callback
/// runs is inside of the callback's task.
pub(crate) fn inside<T>(task: Option<&Arc<TaskRun>>, callback: impl FnOnce() -> T) -> T {
    let Some(task) = task else {
        return callback();
    };
    let outer = CURRENT.with(|current| current.replace(task));
    let value = callback();
    CURRENT.with(|current| current.set(outer));
    value
}

/// The task of the callback from which this is called, if it is called from one in a task.
pub(crate) fn current() -> Option<Arc<TaskRun>> {
    // SAFETY: the pointer was set by `inside`, further down on this stack, from a reference that
    // outlives the callback. Nothing unwinds past it (`escape`).
    unsafe { CURRENT.with(Cell::get).as_ref() }.cloned()
}

/// Wraps the child's error in one that carries the task's name.
pub(crate) fn run(task: &Task, context: Context<'_>) -> Outcome {
    let here = Arc::new(TaskRun {
        name: task.name.clone(),
        outer: context.task.cloned(),
    });
    let inside = Context {
        task: Some(&here),
        ..context
    };
    process::run(&task.child, inside).map_err(|cause| Error::task(task.task_type(), cause))
}

impl Task {
    pub(crate) fn new(task_type: &CStr, child: Process) -> Task {
        let name = Name {
            task_type: task_type.to_owned(),
            on_thread: ThreadName::of(task_type),
        };
        Task {
            name: Arc::new(name),
            child,
        }
    }

    pub(crate) fn task_type(&self) -> &CStr {
        &self.name.task_type
    }

    pub(crate) fn child(&self) -> &Process {
        &self.child
    }

    pub(crate) fn into_child(self) -> Process {
        self.child
    }
}

impl TaskRun {
    pub(crate) fn thread_name(&self) -> &ThreadName {
        &self.name.on_thread
    }

    /// The names of the tasks around a place, outermost first, as a path.
    pub(crate) fn path(innermost: Option<&Arc<TaskRun>>) -> String {
        let around = std::iter::successors(innermost, |task| task.outer.as_ref());
        let mut names: Vec<_> = around
            .map(|task| task.name.task_type.to_string_lossy())
            .collect();
        names.reverse();
        names.join("/")
    }
}
