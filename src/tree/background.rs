//! A process that is there for the others: as a child of a group, nursery or stack it is cancelled when all others have ended.
//!
//! What it is a child of sees to that, and finds it through tasks; anywhere else it is run as if it were not there. All of a run is
//! in what that run has (`engine::background`), so one process may run many times at once.

use crate::base::error::{Error, Outcome};
use crate::base::sync::Arc;
use crate::engine::background::Background;
use crate::engine::children::Children;
use crate::engine::frames::Context;
use crate::engine::operation::Operation;
use crate::engine::rule::Rule;
use crate::engine::shown::Around;
use crate::tree::group;
use crate::tree::process::{self, Process};

/// Runs such a child.
#[inline(never)] // Its frame is not to be on the stack of every level.
pub(super) fn run(child: &Process, background: &Background, context: &Context<'_>) -> Outcome {
    let handle = background.handle().clone();
    background.absorb(context.under(&handle, |inside| process::run(child, inside)))
}

/// A group that has such children.
#[inline(never)]
pub(super) fn run_group(process: &Process, context: &Context<'_>, rule: Rule) -> Outcome {
    group::within(context, rule.name, |inside| {
        let others = process.children().iter().filter(|c| !c.is_background());
        let others = others.count();
        let background = Background::new(inside.scope.child(), others);
        if others == 0 {
            background.stop();
        }
        let process = process.clone();
        let children = Mixed {
            process,
            background,
        };
        group::run_within(&children, inside, context.scope, rule)
    })
}

/// The children of such a group, in one run of it.
#[derive(Clone)]
struct Mixed {
    process: Process,
    background: Arc<Background>,
}

impl Children for Mixed {
    fn count(&self) -> usize {
        self.process.count()
    }

    fn run_one(&self, index: usize, context: &Context<'_>) -> Outcome {
        let child = &self.process.children()[index];
        if child.is_background() {
            return run(child, &self.background, context);
        }
        process::run(child, context)?;
        self.background.note_success();
        Ok(())
    }

    fn can_any_wait(&self) -> bool {
        self.process.can_any_wait()
    }

    fn can_wait(&self, index: usize) -> bool {
        self.process.can_wait(index)
    }

    /// None of the background waits without a thread.
    fn begin(&self, index: usize, context: &Context<'_>) -> Option<Operation> {
        let operation = self.process.begin(index, context)?;
        Some(operation.within(Around::Others(self.background.clone())))
    }

    fn not_started(&self, index: usize, error: Error) -> Error {
        Children::not_started(&self.process, index, error)
    }

    fn stalled(&self) -> bool {
        self.process.stalled()
    }

    fn note_stalled(&self, stalled: bool) {
        self.process.note_stalled(stalled);
    }
}
