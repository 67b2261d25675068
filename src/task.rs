//! A named unit of work: the name is in its errors and on the thread of the library that runs it.

use std::ffi::{CStr, CString};

use crate::error::{Error, Outcome};
use crate::process::{self, Context, Process};
use crate::sync::Arc;
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
