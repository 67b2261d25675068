//! A process that runs another one in a queue: on whatever thread runs that.

use crate::base::common::Common;
use crate::base::error::Outcome;
use crate::base::events;
use crate::base::sync::Arc;
use crate::engine::frames::{self, Context, What};
use crate::engine::part::Part;
use crate::engine::{late_strike, waiting};
use crate::scope::cancel::Cancel;
use crate::scope::queue::{self, Turn};
use crate::scope::task_run::{TaskRun, Tree};
use crate::tree::await_promise;
use crate::tree::process::{self, Process};

/// It has no reference to the queue: it may outlive all of them.
pub(crate) struct OnQueue {
    queue: Arc<queue::Node>,
    child: Process,
}

/// What a turn runs in.
pub(super) struct Around<'a> {
    pub(super) cancel: &'a Cancel,
    pub(super) task: Option<&'a Common<TaskRun>>,
    pub(super) tree: Tree,
}

#[inline(never)]
pub(super) fn run(on_queue: &OnQueue, context: &Context<'_>) -> Outcome {
    let cancel = context.scope.handle();
    if cancel.cancelled() {
        late_strike::strike_if_over(cancel);
        return cancel.echo();
    }
    if on_queue.is_run_here() {
        return context.inside(What::Queue, || process::run(&on_queue.child, context));
    }
    let around = Around {
        cancel,
        task: context.task,
        tree: context.tree,
    };
    waiting::hand_over_added();
    let outcome = context.inside(What::Queue, || {
        wait(&on_queue.enter(&around, Part::here()), cancel)
    });
    context.slot.time_passed();
    outcome
}

/// Blocks until the turn is over, or until the handle is cancelled, unless it has begun by then.
fn wait(turn: &Turn, cancel: &Cancel) -> Outcome {
    await_promise::block(turn.done(), Some(cancel));
    if turn.outcome().is_none() && !turn.give_up() {
        await_promise::block(turn.done(), None);
    }
    turn.release();
    late_strike::strike_if_over(cancel);
    turn.outcome().unwrap_or_else(|| cancel.echo())
}

impl OnQueue {
    pub(crate) fn new(queue: Arc<queue::Node>, child: Process) -> OnQueue {
        OnQueue { queue, child }
    }

    /// Whether the calling thread is inside of a run of the queue, and so runs it in place.
    pub(super) fn is_run_here(&self) -> bool {
        self.queue.is_run_here()
    }

    /// Enters a turn for the child, which is a part of what is around it wherever it runs.
    pub(super) fn enter(&self, around: &Around<'_>, part: Part) -> Arc<Turn> {
        let (child, cancel) = (self.child.clone(), around.cancel.clone());
        let (task, tree) = (around.task.cloned(), around.tree);
        let origin = events::origin(task.as_deref());
        let site = frames::start_site(around.cancel);
        let run = move || {
            events::arrive(origin, task.as_deref());
            let what = What::Turn(&site);
            process::run_as(what, &child, Some(&cancel), task.as_ref(), tree)
        };
        let part_of = part.activities().clone();
        let work = Box::new(move || part.inside(run));
        self.queue.enter(around.cancel, &part_of, work)
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}

#[cfg(all(test, loom))]
#[path = "models/on_queue.rs"]
mod models;
