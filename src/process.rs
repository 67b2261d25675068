//! The process: an immutable tree of nodes, and `run`, the table of contents of the library.
//!
//! Invariants:
//! - **P1 valid below.** A combinator has valid children only; over an invalid one it is itself
//!   invalid, with that child's error. So nothing of a tree with a mistake in it is ever started.
//! - **P2 shallow.** No valid tree is deeper than `MAX_DEPTH`, so `run` may recurse. Releasing does
//!   not recurse at all, because it may happen on a thread with a small stack.

use std::ops::Deref;

use crate::callback::Callback;
use crate::cancel::{self, Cancel, Scope};
use crate::counts::Counted;
use crate::error::{Error, Outcome};
use crate::frames::{self, Context, PartOf, What};
use crate::on_signal::OnSignal;
use crate::readiness::Expected;
use crate::region::Region;
use crate::sync::Arc;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::task::Task;
use crate::task_run::TaskRun;
use crate::{concurrent, config, escape, group, on_signal, region, sequence, task, thread_name};

/// How many combinators may be nested around a leaf.
pub(crate) const MAX_DEPTH: u16 = 1000;

/// A shared process.
#[derive(Clone)]
pub(crate) struct Process(Arc<Node>);

pub(crate) struct Node {
    kind: Kind,
    depth: u16,
    /// How many services there are in it; of a size that makes the node no larger.
    services: u32,
    /// Whether the children needed a thread each when they last ran: a hint, which may be wrong.
    stalls: AtomicBool,
}

pub(crate) enum Kind {
    Leaf(Callback),
    Concurrent(Vec<Process>),
    Group(Vec<Process>),
    Sequence(Vec<Process>),
    Task(Task),
    TraceRegion(Region),
    OnSignal(OnSignal),
    Invalid(Error),
}

/// Runs a process because somebody asks for it, under that handle, if one is given.
///
/// The function of the API by which they ask is named in the dump.
pub(crate) fn start(function: &'static str, process: &Process, cancel: Option<Cancel>) -> Outcome {
    let task = task_of(cancel.as_ref());
    let job = frames::with_current(|asking| asking.map_or(0, |asking| asking.part_of.job));
    let expected = process.expect_services(cancel.as_ref());
    let tree = expected.tree();
    run_as(
        function,
        process,
        cancel,
        task.as_ref(),
        PartOf { job, tree },
    )
}

/// The task that is meant by who passes this handle: the one that it is in, else that of the callback
/// which passes it, if one does.
pub(crate) fn task_of(cancel: Option<&Cancel>) -> Option<Arc<TaskRun>> {
    in_task_of(cancel.map(|cancel| &**cancel), |task| task.cloned())
}

/// The same, for no longer than the code runs.
pub(crate) fn in_task_of<T>(
    cancel: Option<&cancel::Node>,
    code: impl FnOnce(Option<&Arc<TaskRun>>) -> T,
) -> T {
    match cancel.and_then(|cancel| cancel.task()) {
        Some(task) => code(Some(task)),
        None => frames::with_current(|asking| code(asking.and_then(|asking| asking.task))),
    }
}

/// Runs a process on the calling thread, as a part of that whole.
pub(crate) fn run_as(
    function: &'static str,
    process: &Process,
    cancel: Option<Cancel>,
    task: Option<&Arc<TaskRun>>,
    part_of: PartOf,
) -> Outcome {
    config::settle();
    let scope = Scope::of(cancel, task);
    frames::enter(What::Run(function), &scope, task, part_of, |context| {
        if context.slot.on_crew {
            thread_name::restored(|| run(process, &context))
        } else {
            run(process, &context)
        }
    })
}

/// Runs a process on the calling thread until it completes.
#[inline(always)]
pub(crate) fn run(process: &Process, context: &Context<'_>) -> Outcome {
    match &process.kind {
        Kind::Leaf(callback) => call(callback, context),
        Kind::Concurrent(_) => concurrent::run(process, context),
        Kind::Group(_) => group::run(process, context),
        Kind::Sequence(steps) => sequence::run(steps, context),
        Kind::Task(task) => task::run(task, context),
        Kind::TraceRegion(region) => region::run(region, context),
        Kind::OnSignal(on_signal) => on_signal::run(on_signal, context),
        Kind::Invalid(error) => Err(error.clone()),
    }
}

#[inline(never)]
fn call(callback: &Callback, context: &Context<'_>) -> Outcome {
    if context.slot.on_crew {
        thread_name::carry(context.task.map(|task| task.thread_name()));
    }
    let call = || callback.call(context.scope.handle());
    let outcome = context.during(callback.function as usize, || {
        escape::forbidden(context.task, call)
    });
    if outcome.is_err() {
        context.slot.counts.count(Counted::CallbacksFailed);
    }
    outcome
}

impl Process {
    pub(crate) fn leaf(callback: Callback) -> Process {
        Process::from_kind(Kind::Leaf(callback), 0)
    }

    /// A process that starts nothing and fails with this error.
    pub(crate) fn invalid(error: Error) -> Process {
        Process::from_kind(Kind::Invalid(error), 0)
    }

    /// A combinator, if its children allow one (P1, P2); else what `too_deep` says of the child that
    /// is.
    pub(crate) fn combine(kind: Kind, too_deep: impl FnOnce(usize) -> Error) -> Process {
        let children = kind.children();
        if let Some(error) = children.iter().find_map(|child| child.mistake()) {
            return Process::invalid(error.clone());
        }
        let is_too_deep = |child: &Process| child.depth == MAX_DEPTH;
        if let Some(index) = children.iter().position(is_too_deep) {
            return Process::invalid(too_deep(index));
        }
        let depth = children.iter().map(|child| child.depth + 1).max();
        Process::from_kind(kind, depth.unwrap_or(1))
    }

    fn from_kind(kind: Kind, depth: u16) -> Process {
        let services = kind.services();
        Process(Arc::new(Node {
            kind,
            depth,
            services,
            stalls: AtomicBool::new(false),
        }))
    }

    pub(crate) fn into_arc(self) -> Arc<Node> {
        self.0
    }

    pub(crate) fn from_arc(node: Arc<Node>) -> Process {
        Process(node)
    }
}

impl Deref for Process {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Node {
    pub(crate) fn children(&self) -> &[Process] {
        self.kind.children()
    }

    pub(crate) fn stalls(&self) -> bool {
        self.stalls.load(Ordering::Relaxed)
    }

    pub(crate) fn note_stalls(&self, stalls: bool) {
        if self.stalls() != stalls {
            self.stalls.store(stalls, Ordering::Relaxed);
        }
    }

    /// The error of a process that could not have run: for a task, with its name.
    pub(crate) fn not_started(&self, error: Error) -> Error {
        match &self.kind {
            Kind::Task(task) => Error::task(task.task_type(), error),
            _ => error,
        }
    }

    /// Expects the services in it, which is about to run under that handle, to say that they are up.
    pub(crate) fn expect_services(&self, cancel: Option<&Cancel>) -> Expected {
        Expected::of(cancel, self.services as usize)
    }

    fn mistake(&self) -> Option<&Error> {
        match &self.kind {
            Kind::Invalid(error) => Some(error),
            _ => None,
        }
    }

    fn take_children(&mut self) -> Vec<Process> {
        match std::mem::replace(&mut self.kind, Kind::Sequence(Vec::new())) {
            Kind::Leaf(_) | Kind::Invalid(_) => Vec::new(),
            Kind::Concurrent(children) | Kind::Group(children) | Kind::Sequence(children) => {
                children
            }
            Kind::Task(task) => vec![task.into_child()],
            Kind::TraceRegion(region) => vec![region.into_child()],
            Kind::OnSignal(on_signal) => vec![on_signal.into_child()],
        }
    }
}

impl Kind {
    fn children(&self) -> &[Process] {
        match self {
            Kind::Leaf(_) | Kind::Invalid(_) => &[],
            Kind::Concurrent(children) | Kind::Group(children) | Kind::Sequence(children) => {
                children
            }
            Kind::Task(task) => std::slice::from_ref(task.child()),
            Kind::TraceRegion(region) => std::slice::from_ref(region.child()),
            Kind::OnSignal(on_signal) => std::slice::from_ref(on_signal.child()),
        }
    }

    /// How many services there are in it, which run once each time that it runs. A process that is in a tree
    /// many times is run as often.
    fn services(&self) -> u32 {
        let own = match self {
            Kind::OnSignal(_) => return 0,
            Kind::Task(task) => u32::from(task.is_service()),
            _ => 0,
        };
        let below = self.children().iter().map(|child| child.services);
        below.fold(own, u32::saturating_add)
    }
}

impl Drop for Node {
    /// Releases the tree below without recursion (P2).
    fn drop(&mut self) {
        if self.children().is_empty() {
            return;
        }
        let mut orphans = self.take_children();
        while let Some(process) = orphans.pop() {
            if process.children().is_empty() {
                continue; // Nothing below: it is dropped as it is.
            }
            if let Some(mut node) = Arc::into_inner(process.0) {
                orphans.append(&mut node.take_children());
            }
        }
    }
}
