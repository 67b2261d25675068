//! The process: an immutable tree of nodes, and `run`, the table of contents of the library.
//!
//! Invariants:
//! - **P1 valid below.** A combinator has valid children only; over an invalid one it is itself
//!   invalid, with that child's error. So nothing of a tree with a mistake in it is ever started.
//! - **P2 shallow.** No valid tree is deeper than `MAX_DEPTH`, so `run` may recurse. Releasing does
//!   not recurse at all, because it may happen on a thread with a small stack.

use std::ops::Deref;

use crate::base::common::Common;
use crate::base::common::Room;
use crate::base::counts::Counted;
use crate::base::error::{Error, Outcome};
use crate::base::guard;
use crate::base::holder::Holder;
use crate::base::race_detector;
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::thread_name;
use crate::base::world;
use crate::engine::children::Children;
use crate::engine::config;
use crate::engine::frames::{self, Context, What};
use crate::engine::operation::Operation;
use crate::engine::timer;
use crate::scope::cancel::{self, Cancel, Chain, Scope};
use crate::scope::listener::Listener;
use crate::scope::readiness::Expected;
use crate::scope::task_run::{TaskRun, Tree};
use crate::tree::await_promise::{self, Await};
use crate::tree::callback::Callback;
use crate::tree::child::Child;
use crate::tree::delay::{self, Delay};
use crate::tree::family::Family;
pub(crate) use crate::tree::kind::Kind;
use crate::tree::kind::Pends;
use crate::tree::nursery::{self, Nursery};
use crate::tree::{
    any, child, concurrent, each, every, finally, group, limit, on_queue, on_signal, race, region,
    sequence, shield, stack, supervise, task, timeout, value, without_thread,
};

/// How many combinators may be nested around a leaf.
pub(crate) const MAX_DEPTH: u16 = 1000;

/// A shared process.
#[derive(Clone)]
pub(crate) struct Process(Holder<Node>);

pub(crate) struct Node {
    kind: Kind,
    depth: u16,
    /// How many services there are in it; of a size that makes the node no larger.
    services: u32,
    /// Whether the children needed a thread each when they last ran: a hint, which may be wrong.
    stalls: AtomicBool,
    pends: Pends,
}

/// Runs a process because somebody asks for it, under that handle, if one is given.
///
/// The function of the API by which they ask is named in the dump.
pub(crate) fn start(function: &'static str, process: &Process, cancel: Option<&Cancel>) -> Outcome {
    timer::come_by();
    let expected = process.expect_services(cancel);
    let tree = expected.tree();
    let (task, own) = meant_by(cancel);
    let cancel = cancel.or(own.as_ref());
    run_as(What::Run(function), process, cancel, task.as_ref(), tree)
}

/// The task that is meant by who passes this handle, or none: the one that it is in, else that of the callback
/// which passes it, if one does. And who passes none means a handle of his own, with the values of the callback that asks: if it has any,
/// that is made at once (V2).
pub(crate) fn meant_by(cancel: Option<&Cancel>) -> (Option<Common<TaskRun>>, Option<Cancel>) {
    frames::with_current(|asking| {
        let task = task_of(cancel.map(|cancel| &**cancel), asking).cloned();
        let alone = |values| Cancel::alone(task.clone(), 0, Some(values));
        let own = cancel
            .is_none()
            .then(|| values_of(asking))
            .flatten()
            .map(alone);
        (task, own)
    })
}

/// The task that is meant by who passes this handle, if he does.
pub(crate) fn task_of<'a>(
    cancel: Option<&'a cancel::Node>,
    asking: Option<&'a Context<'_>>,
) -> Option<&'a Common<TaskRun>> {
    let own = cancel.and_then(|cancel| cancel.task());
    own.or_else(|| asking?.task)
}

/// The values of the callback that asks.
pub(crate) fn values_of(asking: Option<&Context<'_>>) -> Chain {
    asking?.scope.existing()?.values()
}

/// Runs a process on the calling thread, whose services are those of that tree; `what` says who asks for it.
pub(super) fn run_as(
    what: What<'_>,
    process: &Process,
    cancel: Option<&Cancel>,
    task: Option<&Common<TaskRun>>,
    tree: Tree,
) -> Outcome {
    config::settle();
    let scope = Scope::of(cancel, task);
    frames::enter(what, &scope, task, tree, |context| {
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
        Kind::Leaf(callback) => call_leaf(callback, context),
        Kind::Concurrent(_) => concurrent::run(process, context, concurrent::RULE),
        Kind::Group(_) => group::run(process, context, group::RULE),
        Kind::Limit(limit) => limit::run(limit, process, context),
        Kind::Each(each) => each::run(each, context),
        Kind::Race(_) => race::run(process, context),
        Kind::Any(_) => any::run(process, context),
        Kind::Sequence(steps) => sequence::run(steps, context),
        Kind::Finally(finally) => finally::run(finally, context),
        Kind::Task(task) => task::run(task, context),
        Kind::TraceRegion(region) => region::run(region, context),
        Kind::OnSignal(on_signal) => on_signal::run(on_signal, context),
        Kind::WithValue(with_value) => value::run(with_value, context),
        Kind::Background(child) => run(child, context),
        Kind::Shield(shield) => shield::run(shield, context),
        Kind::Stack(layers) => stack::run(layers, context),
        Kind::Timeout(timeout) => timeout::run(timeout, context),
        Kind::Every(every) => every::run(every, context),
        Kind::Delay(delay) => delay::run(delay, context),
        Kind::Supervise(supervise) => supervise::run(supervise, context),
        Kind::Await(awaits) => await_promise::run(awaits, context),
        Kind::OnQueue(on_queue) => on_queue::run(on_queue, context),
        Kind::Program(program) => child::run(program, context),
        Kind::Nursery(nursery) => nursery::run(nursery, context),
        Kind::Invalid(error) => Err(error.clone()),
    }
}

#[inline(never)]
fn call_leaf(callback: &Callback, context: &Context<'_>) -> Outcome {
    let call = || callback.call(context.scope.handle());
    self::call(callback.function as usize, context, call)
}

/// Calls code of the program, which is at that address.
#[inline(always)]
pub(super) fn call(
    function: usize,
    context: &Context<'_>,
    call: impl FnOnce() -> Outcome,
) -> Outcome {
    if context.slot.on_crew {
        thread_name::carry(context.task.map(|task| task.thread_name()));
        world::switch_at_child(); // All threads of a simulation are the library's.
    }
    let outcome = context.during(function, || {
        guard::must_return(|| TaskRun::path(context.task), call)
    });
    if context.slot.on_crew {
        world::switch_at_child();
    }
    if outcome.is_err() {
        context.slot.counts.count(Counted::CallbacksFailed);
    }
    outcome
}

impl Process {
    /// A combinator whose children come while it runs.
    pub(crate) fn nursery(nursery: Nursery) -> Process {
        Process::from_kind(Kind::Nursery(Box::new(nursery)), 1)
    }

    pub(crate) fn leaf(callback: Callback) -> Process {
        Process::of(move || Kind::Leaf(callback), 0, 0, Pends::Nothing)
    }

    pub(crate) fn delay(delay: Delay) -> Process {
        Process::from_kind(Kind::Delay(delay), 0)
    }

    pub(crate) fn awaiting(awaits: Await) -> Process {
        Process::from_kind(Kind::Await(awaits), 0)
    }

    /// One that runs a program.
    pub(crate) fn program(program: Child) -> Process {
        Process::from_kind(Kind::Program(Box::new(program)), 0)
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
        Process::from_kind(kind.settled(), depth.unwrap_or(1))
    }

    fn from_kind(kind: Kind, depth: u16) -> Process {
        let (services, pends) = (kind.services(), kind.pends());
        Process::of(move || kind, depth, services, pends)
    }

    #[inline(always)] // So that a leaf is made in place.
    fn of(kind: impl FnOnce() -> Kind, depth: u16, services: u32, pends: Pends) -> Process {
        Process(Holder::new(move || Node {
            kind: kind(),
            depth,
            services,
            stalls: AtomicBool::new(false),
            pends,
        }))
    }

    /// It goes from the calling thread to another one, which may run it or release it: what was done so far comes before that.
    #[inline(always)]
    pub(super) fn hand_over(&self) {
        race_detector::release(&raw const **self);
    }

    /// It is taken over by that one.
    #[inline(always)]
    pub(super) fn take_over(&self) {
        race_detector::acquire(&raw const **self);
    }

    pub(crate) fn into_raw(self) -> *const Node {
        self.0.into_raw()
    }

    /// Releases it, and leaves its room, if nobody else holds it.
    #[inline(always)]
    pub(super) fn into_room(self) -> Option<Room<Node>> {
        self.0.into_room()
    }

    pub(crate) fn from_holder(node: Holder<Node>) -> Process {
        Process(node)
    }
}

impl Deref for Process {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

/// Its own, if it is a combinator.
impl Children for Process {
    fn count(&self) -> usize {
        self.children().len()
    }

    #[inline(always)]
    fn run_one(&self, index: usize, context: &Context<'_>) -> Outcome {
        run(&self.children()[index], context)
    }

    fn can_any_wait(&self) -> bool {
        self.pends == Pends::Children
    }

    fn can_wait(&self, index: usize) -> bool {
        self.children()[index].can_pend()
    }

    fn begin(&self, index: usize, context: &Context<'_>) -> Option<Operation> {
        without_thread::begin(&self.children()[index], context)
    }

    fn not_started(&self, index: usize, error: Error) -> Error {
        Node::not_started(&self.children()[index], error)
    }

    fn stalled(&self) -> bool {
        self.stalls.load(Ordering::Relaxed)
    }

    fn note_stalled(&self, stalled: bool) {
        if self.stalled() != stalled {
            self.stalls.store(stalled, Ordering::Relaxed);
        }
    }
}

impl Node {
    /// Whether all of it is something that a failure cancels, with nothing but such things around as leave it at that.
    pub(crate) fn fails_as_a_whole(&self) -> bool {
        match (&self.kind, self.children()) {
            (Kind::Task(_) | Kind::TraceRegion(_) | Kind::Shield(_), [child])
            | (Kind::Background(_), [child]) => child.fails_as_a_whole(),
            (Kind::Limit(limit), _) => limit.is_group(),
            (Kind::Group(_) | Kind::Each(_) | Kind::Race(_), _) => true,
            (Kind::Stack(_) | Kind::Nursery(_), _) => true,
            _ => false,
        }
    }

    pub(crate) fn children(&self) -> &[Process] {
        self.kind.children()
    }

    /// The error of a process that could not have run: for a task, with its name.
    pub(crate) fn not_started(&self, error: Error) -> Error {
        match &self.kind {
            Kind::Task(task) => Error::task(task.task_type(), error),
            _ => error,
        }
    }

    /// Whether it can wait without a thread, as a child.
    #[inline(always)]
    pub(super) fn can_pend(&self) -> bool {
        self.pends == Pends::Itself
    }

    /// Whether it is of the background, as a child of what asks for that.
    #[inline(always)]
    pub(super) fn is_background(&self) -> bool {
        self.pends == Pends::Background
    }

    /// Whether a nursery is to be told more of it than that it is there.
    #[inline(always)]
    pub(super) fn needs_place(&self) -> bool {
        matches!(self.pends, Pends::Itself | Pends::Background)
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// How many services there are in it.
    pub(super) fn services(&self) -> u32 {
        self.services
    }

    /// Expects the services in it, which is about to run under that handle, to say that they are up.
    #[inline]
    pub(crate) fn expect_services(&self, cancel: Option<&Cancel>) -> Expected {
        Expected::of(cancel, self.services as usize)
    }

    /// Expects those that are in it once more each time that it runs, as a part of the tree that has them.
    pub(super) fn expect_part(&self, of: Tree) -> Expected {
        Expected::part_of(of, self.services as usize)
    }

    /// The same, of what is to be a layer of a stack.
    pub(super) fn expect_layer(
        &self,
        of: Tree,
        around: &Cancel,
        whom: Arc<dyn Listener>,
    ) -> Expected {
        Expected::layer(of, self.services as usize, around, whom)
    }

    /// How many combinators are nested in it.
    pub(crate) fn depth(&self) -> u16 {
        self.depth
    }

    /// Why it is invalid, if it is.
    pub(crate) fn mistake(&self) -> Option<&Error> {
        match &self.kind {
            Kind::Invalid(error) => Some(error),
            _ => None,
        }
    }

    /// Whether there is nothing below its children, where that is seen at once.
    fn is_low(&self) -> bool {
        let has_none = |child: &Process| child.children().is_empty();
        self.kind.has_few_children() && self.children().iter().all(has_none)
    }

    /// Puts its children behind others.
    fn move_children(&mut self, others: &mut Vec<Process>) {
        let kind = std::mem::replace(&mut self.kind, Kind::Sequence(Family::NONE));
        kind.into_children().move_to(others);
    }
}

impl Drop for Node {
    /// Releases the tree below without recursion (P2).
    fn drop(&mut self) {
        race_detector::acquire(&raw const *self);
        // Most are leaves, or have few children that are.
        if matches!(self.kind, Kind::Leaf(_)) || self.children().is_empty() || self.is_low() {
            return;
        }
        let mut orphans = Vec::new();
        self.move_children(&mut orphans);
        while let Some(process) = orphans.pop() {
            if process.children().is_empty() {
                continue; // Nothing below: it is dropped as it is.
            }
            if let Some(mut node) = process.0.into_inner() {
                node.move_children(&mut orphans);
            }
        }
    }
}
