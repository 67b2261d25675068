//! A child that can wait without a thread: a process that only waits, and the tasks, regions, values and timeouts around it.
//!
//! What is in a value cannot see it, for it runs nothing of the program's: the value has nothing to do then but to be there. So it
//! needs no handle, and neither does a task or a timeout: all that an operation has to hear of is the cancellation of what is around it, and its
//! moment. What waits for its turn in a queue will run: around that, each has its handle from the beginning.

use crate::base::common::Common;
use crate::base::counts::{self, Counted};
use crate::engine::frames::Context;
use crate::engine::operation::Operation;
use crate::engine::part::Part;
use crate::engine::shown::{Around, Source};
use crate::scope::cancel::Cancel;
use crate::scope::task_run::{TaskRun, Tree};
use crate::tree::on_queue::{self, OnQueue};
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
    let around = on_queue::Around {
        cancel: context.scope.handle(),
        task: context.task,
        tree: context.tree,
    };
    Some(begin_to_wait(process, &around, Part::here))
}

/// The same within that, also if there is nothing to wait for: then it is ready at once. What runs in a queue is that part wherever it
/// does.
#[cold]
pub(super) fn begin_to_wait(
    process: &Process,
    outside: &on_queue::Around<'_>,
    part: impl FnOnce() -> Part,
) -> Operation {
    if let Some(on_queue) = queued(process) {
        return begin_turn(process, on_queue, outside, part());
    }
    let mut task = outside.task.cloned();
    let mut around = Vec::new();
    for process in within(process) {
        around.extend(enter(process, &mut task, outside.tree));
    }
    let source = within(process).find_map(source);
    Operation::new(source.expect("it only waits"), around)
}

/// The same for what is to run in a queue.
fn begin_turn(
    process: &Process,
    on_queue: &OnQueue,
    outside: &on_queue::Around<'_>,
    part: Part,
) -> Operation {
    let mut task = outside.task.cloned();
    let mut innermost = outside.cancel.clone();
    let (mut around, mut timeouts) = (Vec::new(), Vec::new());
    for process in within(process) {
        let entered = enter(process, &mut task, outside.tree);
        innermost = handle_in(process, entered.as_ref(), innermost);
        if let Some(Around::Timeout(_)) = entered {
            timeouts.push(innermost.clone());
        }
        around.extend(entered);
    }
    let inside = on_queue::Around {
        cancel: &innermost,
        task: task.as_ref(),
        tree: outside.tree,
    };
    let turn = on_queue.enter(&inside, part);
    Operation::new(Source::Turn(turn), around).seen_as(timeouts)
}

/// The handle that what is in such a process runs under.
fn handle_in(process: &Process, entered: Option<&Around>, outside: Cancel) -> Cancel {
    match (process.kind(), entered) {
        (_, Some(Around::Task(run))) => outside.view_in(run.clone()),
        (_, Some(Around::Timeout(limit))) => outside.child_within(*limit),
        (Kind::WithValue(with_value), _) => outside.child_with(with_value.entry()),
        _ => outside,
    }
}

/// Whether the calling thread is the one to run it, at once: it is inside of a run of the queue that it is for.
pub(super) fn runs_here(process: &Process) -> bool {
    queued(process).is_some_and(OnQueue::is_run_here)
}

/// What such a process has run in a queue, if that is what it waits for.
fn queued(process: &Process) -> Option<&OnQueue> {
    match within(process).last()?.kind() {
        Kind::OnQueue(on_queue) => Some(on_queue),
        _ => None,
    }
}

/// Whether what it waits for has come already.
fn is_over_at_once(process: &Process) -> bool {
    match process.kind() {
        Kind::Await(awaits) => awaits.promise().outcome().is_some(),
        Kind::Delay(delay) => delay.is_over_at_once(),
        Kind::OnQueue(on_queue) => on_queue.is_run_here(),
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
    std::iter::successors(Some(process), |process| match process.kind() {
        Kind::OnQueue(_) => None,
        _ => process.children().first(),
    })
}

/// Begins what one of these is around the wait.
fn enter(process: &Process, task: &mut Option<Common<TaskRun>>, tree: Tree) -> Option<Around> {
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
