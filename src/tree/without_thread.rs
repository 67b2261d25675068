//! A child that can wait without a thread: a process that only waits, and the tasks, regions, values and timeouts around it.
//!
//! What is in a value cannot see it, for it runs nothing of the program's: the value has nothing to do then but to be there. So it
//! needs no handle, and neither does a task or a timeout: all that an operation has to hear of is the cancellation of what is around it, and its
//! moment.

use crate::base::counts::{self, Counted};
use crate::base::sync::Arc;
use crate::engine::frames::Context;
use crate::engine::operation::Operation;
use crate::engine::shown::{Around, Source};
use crate::scope::task_run::{TaskRun, Tree};
use crate::tree::process::{Kind, Process};

/// Begins such a child. `None`: it has nothing to wait for, and is to be run.
#[inline(always)]
pub(super) fn begin(process: &Process, context: &Context<'_>) -> Option<Operation> {
    if process.can_pend() {
        begin_unless_over(process, context)
    } else {
        None
    }
}

#[cold]
fn begin_unless_over(process: &Process, context: &Context<'_>) -> Option<Operation> {
    if is_over_at_once(within(process).last()?) {
        return None;
    }
    Some(begin_to_wait(process, context.task, context.tree))
}

/// The same in that task, also if there is nothing to wait for: then it is ready at once.
#[cold]
pub(super) fn begin_to_wait(
    process: &Process,
    task: Option<&Arc<TaskRun>>,
    tree: Tree,
) -> Operation {
    let mut task = task.cloned();
    let mut around = Vec::new();
    for process in within(process) {
        around.extend(enter(process, &mut task, tree));
    }
    let source = within(process).find_map(source);
    Operation::new(source.expect("it only waits"), around)
}

/// Whether what it waits for has come already.
fn is_over_at_once(process: &Process) -> bool {
    match process.kind() {
        Kind::Await(awaits) => awaits.promise().outcome().is_some(),
        Kind::Delay(delay) => delay.is_over_at_once(),
        _ => true,
    }
}

/// What such a process waits for, which begins now.
fn source(process: &Process) -> Option<Source> {
    match process.kind() {
        Kind::Await(awaits) => Some(Source::Promise(awaits.promise().clone())),
        Kind::Delay(delay) => Some(Source::Moment(delay.end())),
        _ => None,
    }
}

/// Such a process and those in it, the outermost first.
fn within(process: &Process) -> impl Iterator<Item = &Process> {
    std::iter::successors(Some(process), |process| process.children().first())
}

/// Begins what one of these is around the wait.
fn enter(process: &Process, task: &mut Option<Arc<TaskRun>>, tree: Tree) -> Option<Around> {
    match process.kind() {
        Kind::Task(inner) => {
            let run = inner.begin(task.take(), tree);
            counts::count_moving(Counted::Tasks);
            *task = Some(run.clone());
            Some(Around::Task(run))
        }
        Kind::TraceRegion(region) => Some(region.begin_to_wait(task.as_ref())),
        Kind::Timeout(timeout) => Some(Around::Timeout(timeout.limit())),
        _ => None,
    }
}
