//! A named unit of work: the name is in its errors and on the thread of the library that runs it.

use std::ffi::CStr;

use crate::counts::Counted;
use crate::error::{Error, Outcome};
use crate::frames::{Context, What};
use crate::process::{self, Process};
use crate::readiness::Service;
use crate::sync::Arc;
use crate::task_run::{Name, TaskRun};
use crate::trace;

pub(crate) struct Task {
    name: Arc<Name>,
    child: Process,
    /// Whether it says when it is up, which others wait for.
    is_service: bool,
}

/// Wraps the child's error in one that carries the task's name.
#[inline(never)]
pub(crate) fn run(task: &Task, context: &Context<'_>) -> Outcome {
    let service = if task.is_service {
        Service::of(context.part_of.tree)
    } else {
        None
    };
    let here = TaskRun::begin(task.name.clone(), context.task.cloned(), service);
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
    let cause = || scope.existing().and_then(|cancel| cancel.cause());
    trace::task_end(&here, outcome.as_ref().err(), cause);
    if outcome.is_ok() {
        here.service().map(Service::say);
    }
    outcome.map_err(|cause| {
        counts.count(Counted::TasksFailed);
        Error::task(task.task_type(), cause)
    })
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

    pub(crate) fn is_service(&self) -> bool {
        self.is_service
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
