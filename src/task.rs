//! A named unit of work: the name is in its errors and on the thread of the library that runs it.

use std::ffi::CStr;

use crate::counts::Counted;
use crate::error::{Error, Outcome};
use crate::frames::{Context, What};
use crate::process::{self, Process};
use crate::sync::Arc;
use crate::task_run::{Name, TaskRun};

pub(crate) struct Task {
    name: Arc<Name>,
    child: Process,
}

/// Wraps the child's error in one that carries the task's name.
#[inline(never)]
pub(crate) fn run(task: &Task, context: &Context<'_>) -> Outcome {
    let here = TaskRun::begin(task.name.clone(), context.task.cloned());
    let scope = context.scope.view(&here);
    let inside = Context {
        scope: &scope,
        task: Some(&here),
        ..*context
    };
    let counts = &context.slot.counts;
    counts.count(Counted::Tasks);
    let outcome = inside.inside(What::Task(task.task_type()), || {
        process::run(&task.child, &inside)
    });
    counts.count(Counted::TasksEnded);
    outcome.map_err(|cause| {
        counts.count(Counted::TasksFailed);
        Error::task(task.task_type(), cause)
    })
}

impl Task {
    pub(crate) fn new(task_type: &CStr, child: Process) -> Task {
        let name = Arc::new(Name::new(task_type));
        Task { name, child }
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
