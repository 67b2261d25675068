//! A named interval in the trace, on one thread.

use std::ffi::CStr;

use crate::base::common::Common;
use crate::base::error::Outcome;
use crate::base::events;
use crate::base::sync::Arc;
use crate::engine::frames::{Context, What};
use crate::engine::shown::Around;
use crate::scope::task_run::TaskRun;
use crate::tree::process::{self, Process};

pub(crate) struct Region {
    region_type: Arc<CStr>,
    child: Process,
}

/// Passes errors on as they are.
#[inline(never)]
pub(super) fn run(region: &Region, context: &Context<'_>) -> Outcome {
    let task = context.task.map(|task| &**task);
    let begun = events::region_begin(task, &region.region_type);
    let outcome = context.inside(What::Region(&region.region_type), || {
        process::run(&region.child, context)
    });
    events::region_end(begun);
    outcome
}

impl Region {
    pub(crate) fn new(region_type: &CStr, child: Process) -> Region {
        let region_type = region_type.into();
        Region { region_type, child }
    }

    /// Begins it around what waits without a thread.
    pub(super) fn begin_to_wait(&self, task: Option<&Common<TaskRun>>) -> Around {
        let apart = events::apart_begin(task.map(|task| &**task), &self.region_type);
        Around::Region(self.region_type.clone(), apart)
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}
