//! A named interval in the trace, on one thread.

use std::ffi::{CStr, CString};

use crate::error::Outcome;
use crate::frames::{Context, What};
use crate::process::{self, Process};
use crate::trace;

pub(crate) struct Region {
    region_type: CString,
    child: Process,
}

/// Passes errors on as they are.
#[inline(never)]
pub(crate) fn run(region: &Region, context: &Context<'_>) -> Outcome {
    let task = context.task.map(|task| &**task);
    let begun = trace::region_begin(task, &region.region_type);
    let outcome = context.inside(What::Region(&region.region_type), || {
        process::run(&region.child, context)
    });
    trace::region_end(begun);
    outcome
}

impl Region {
    pub(crate) fn new(region_type: &CStr, child: Process) -> Region {
        let region_type = region_type.to_owned();
        Region { region_type, child }
    }

    pub(crate) fn child(&self) -> &Process {
        &self.child
    }

    pub(crate) fn into_child(self) -> Process {
        self.child
    }
}
