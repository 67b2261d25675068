//! Several children at once: one engine, a policy a combinator.
//!
//! The caller publishes the fan-out and then runs children itself, one after the other. For most
//! fan-outs that is all that happens. If a child does not let it go on, the sentinel sends helpers,
//! who do as the caller does.
//!
//! Invariants:
//! - **F1 progress.** While a fan-out has unclaimed children and none was claimed for a tick, a
//!   helper is on its way to it (`sentinel`). So a child that waits for its sibling never waits for
//!   ever.
//! - **F2 exactly once.** Each child is claimed once, and run once by who claimed it.
//! - **F3 no thread, no silence.** If no helper can be had for a stalled fan-out, that is tried
//!   again for a bounded time; then its unclaimed children fail with `EAGAIN`.
//! - **F4 the last one out.** The caller returns only when every child has been claimed and every
//!   helper that came in has left, and has let go of all that it held of the program's. One that
//!   comes later is turned away; what it keeps alive is the counter and the lock, which are ours.
//! - **F5 first means first.** The order of errors is the order of completion; a failure is recorded
//!   before the others are cancelled because of it.

use crate::backlog::{Backlog, Published, Watch};
use crate::bug;
use crate::cancel::{Cancel, Scope};
use crate::counts::Counted;
use crate::error::Error;
use crate::frames::{self, Context, PartOf, What};
use crate::process::{self, Process};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, Condvar, Mutex};
use crate::task_run::TaskRun;
use crate::trace::{self, Origin};
use crate::{sentinel, slots};

/// What the first failure means for the other children.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    GoOn,
    CancelOthers,
}

impl OnFailure {
    /// What the combinator is called that has this policy.
    fn name(self) -> &'static str {
        match self {
            OnFailure::GoOn => "concurrent",
            OnFailure::CancelOthers => "group",
        }
    }
}

/// Runs all children of a process and returns their errors in order of completion (F5).
pub(crate) fn run(process: &Process, context: &Context<'_>, policy: OnFailure) -> Vec<Error> {
    match process.children() {
        [] => Vec::new(),
        [only] => run_only(only, context, policy),
        _ => run_several(process, context, policy),
    }
}

/// Without siblings there is nobody to wait for, and nothing to share.
fn run_only(child: &Process, context: &Context<'_>, policy: OnFailure) -> Vec<Error> {
    let run = || process::run(child, context);
    let Err(error) = context.inside(What::Children(policy.name(), None), run) else {
        return Vec::new();
    };
    if policy == OnFailure::CancelOthers {
        context.scope.handle().trigger(error.clone());
    }
    vec![error]
}

#[inline(never)] // Its frame is not to be on the stack of every level that has an only child.
fn run_several(process: &Process, context: &Context<'_>, policy: OnFailure) -> Vec<Error> {
    let fan_out = Arc::new(FanOut::new(process, context, policy));
    let helpers = process.children().len() - 1;
    // With a helper for each other child on its way, nobody needs to watch (F1).
    let covered = process.stalls() && sentinel::send_helpers(&fan_out, helpers).is_ok();
    context.slot.counts.count(Counted::FanOuts);
    slots::watch(context.slot);
    let what = What::Children(policy.name(), Some(&fan_out));
    let errors = context.inside(what, || {
        if covered || sentinel::watch().is_ok() {
            fan_out.work(process, context);
        } else {
            fan_out.work_alone(process, context);
        }
        let errors = fan_out.join();
        context.slot.time_passed();
        errors
    });
    process.note_stalls(fan_out.stalled());
    errors
}

/// One run of several children.
struct FanOut {
    count: usize,
    policy: OnFailure,
    /// The next child to claim; at or past `count`, all are claimed.
    next: AtomicUsize,
    /// How many helpers have found something to do.
    useful: AtomicUsize,
    state: Mutex<State>,
    /// Rung when nobody is in any more.
    empty: Condvar,
    watch: Watch,
}

struct State {
    /// What helpers need; taken away when there is nothing left to help with.
    open: Option<Work>,
    /// How many helpers are in.
    inside: usize,
    errors: Vec<Error>,
}

/// What a helper holds of the program's while it is in.
#[derive(Clone)]
struct Work {
    parent: Process,
    cancel: Cancel,
    task: Option<Arc<TaskRun>>,
    part_of: PartOf,
    /// Where it was started.
    origin: Origin,
}

impl FanOut {
    fn new(process: &Process, context: &Context<'_>, policy: OnFailure) -> FanOut {
        let work = Work {
            parent: process.clone(),
            cancel: context.scope.handle().clone(),
            task: context.task.cloned(),
            part_of: context.part_of,
            origin: trace::origin(context.task.map(|task| &**task)),
        };
        FanOut {
            count: process.children().len(),
            policy,
            next: AtomicUsize::new(0),
            useful: AtomicUsize::new(0),
            state: Mutex::new(State {
                open: Some(work),
                inside: 0,
                errors: Vec::new(),
            }),
            empty: Condvar::new(),
            watch: Watch::default(),
        }
    }

    /// Claims one child (F2).
    fn claim<'a>(&self, parent: &'a Process) -> Option<&'a Process> {
        // Relaxed: the children are immutable, and what they leave behind is passed on by `state`.
        parent
            .children()
            .get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Claims and runs children until there are none.
    fn work(&self, parent: &Process, context: &Context<'_>) {
        while let Some(child) = self.claim(parent) {
            self.run_child(child, context);
        }
    }

    /// Runs one child. Nobody could step in if it waited for a sibling, so they fail at once (F3).
    fn work_alone(&self, parent: &Process, context: &Context<'_>) {
        let first = self.claim(parent);
        self.give_up();
        if let Some(child) = first {
            self.run_child(child, context);
        }
    }

    fn run_child(&self, child: &Process, context: &Context<'_>) {
        if let Err(error) = bug::contained(|| process::run(child, context)) {
            self.fail(error, context.scope.handle());
        }
    }

    /// Records a failure, and then cancels the others because of the first one recorded (F5).
    fn fail(&self, error: Error, cancel: &Cancel) {
        let first = {
            let mut state = self.state.lock();
            state.errors.push(error);
            state.errors[0].clone()
        };
        if self.policy == OnFailure::CancelOthers && !cancel.cancelled() {
            cancel.trigger(first);
        }
    }

    /// Lets a helper in, if there may be something left to help with (F4).
    fn enter(&self) -> Option<Work> {
        let mut state = self.state.lock();
        let work = state.open.clone()?;
        state.inside += 1;
        Some(work)
    }

    /// Lets a helper out, who has let go of all that it held.
    fn leave(&self) {
        let mut state = self.state.lock();
        state.inside -= 1;
        if state.inside == 0 {
            self.empty.notify_one();
        }
    }

    /// Closes the fan-out, whose children are all claimed, and waits until it is over (F4).
    fn join(&self) -> Vec<Error> {
        let mut state = self.state.lock();
        let closed = state.open.take();
        // Whoever claimed a child that has not ended yet is in.
        let occupied = |state: &mut State| state.inside > 0;
        let mut state = self.empty.wait_while(state, occupied);
        let errors = std::mem::take(&mut state.errors);
        drop(state);
        drop(closed);
        errors
    }

    /// Works on the calling thread, which is not the one that published this.
    fn help_with(&self, work: &Work) {
        let task = work.task.as_ref();
        let scope = Scope::of(Some(work.cancel.clone()), task);
        let useful = frames::enter(What::Help(self), &scope, task, work.part_of, |context| {
            context.slot.counts.count(Counted::Helpers);
            self.help_on(work, &context)
        });
        if useful {
            self.useful.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// As `work` does, and says of each child that it was started elsewhere.
    fn help_on(&self, work: &Work, context: &Context<'_>) -> bool {
        let mut useful = false;
        while let Some(child) = self.claim(&work.parent) {
            trace::arrive(work.origin, work.task.as_deref());
            self.run_child(child, context);
            useful = true;
        }
        useful
    }

    /// Whether most children needed a thread of their own.
    fn stalled(&self) -> bool {
        self.useful.load(Ordering::Relaxed) * 2 >= self.count
    }
}

impl Published for Arc<FanOut> {
    fn backlog(&self) -> &dyn Backlog {
        &**self
    }

    fn share(&self) -> Arc<dyn Backlog> {
        self.clone()
    }
}

impl Backlog for FanOut {
    fn name(&self) -> &'static str {
        self.policy.name()
    }

    fn unclaimed(&self) -> usize {
        self.count.saturating_sub(self.next.load(Ordering::Relaxed))
    }

    fn help(&self) {
        let Some(work) = self.enter() else { return };
        self.help_with(&work);
        drop(work);
        self.leave();
    }

    fn give_up(&self) {
        let Some(work) = self.enter() else { return };
        let claimed = self
            .next
            .swap(self.count, Ordering::Relaxed)
            .min(self.count);
        for child in &work.parent.children()[claimed..] {
            let error = Error::new(libc::EAGAIN, "no thread could be had to run it");
            self.fail(child.not_started(error), &work.cancel);
        }
        drop(work);
        self.leave();
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }
}

#[cfg(all(test, loom))]
#[path = "models/fan_out.rs"]
mod models;

#[cfg(all(test, loom))]
#[path = "models/engine.rs"]
mod engine_models;
