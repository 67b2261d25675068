//! A named unit of work: the name is in its errors and on the thread of the library that runs it.

use std::ffi::CStr;

use crate::base::common::Common;
use crate::base::counts::Counted;
use crate::base::error::Outcome;
use crate::base::sync::Arc;
use crate::engine::frames::{Context, What};
use crate::engine::operation;
use crate::scope::task_run::{Name, TaskRun, Tree};
use crate::tree::process::{self, Process};

pub(crate) struct Task {
    name: Arc<Name>,
    child: Process,
    /// Whether it says when it is up, which others wait for.
    is_service: bool,
}

/// Wraps the child's error in one that carries the task's name.
#[inline(never)]
pub(super) fn run(task: &Task, context: &Context<'_>) -> Outcome {
    let here = task.begin(context.task.cloned(), context.tree);
    let scope = context.scope.view(&here);
    let inside = Context {
        scope: &scope,
        task: Some(&here),
        ..*context
    };
    let counts = &context.slot.counts;
    counts.count(Counted::Tasks);
    let outcome = inside.inside(What::Task, || process::run(&task.child, &inside));
    let cause = || scope.existing().and_then(|cancel| cancel.cause());
    operation::end_task(&here, outcome, cause, |what| _ = counts.count(what))
}

impl Task {
    pub(crate) fn new(task_type: &CStr, child: Process) -> Task {
        let name = Arc::new(Name::new(task_type));
        Task {
            name,
            child,
            is_service: false,
        }
    }

    pub(crate) fn service(task_type: &CStr, child: Process) -> Task {
        Task {
            is_service: true,
            ..Task::new(task_type, child)
        }
    }

    /// Begins a run of it, in that task and that tree.
    #[inline(always)]
    pub(super) fn begin(&self, outer: Option<Common<TaskRun>>, tree: Tree) -> Common<TaskRun> {
        let expected_in = if self.is_service { tree } else { 0 };
        TaskRun::begin(self.name.clone(), outer, expected_in)
    }

    pub(super) fn is_service(&self) -> bool {
        self.is_service
    }

    pub(super) fn task_type(&self) -> &CStr {
        self.name.text()
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}
