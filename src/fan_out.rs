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

use crate::bug;
use crate::cancel::{Cancel, Scope};
use crate::crew::NoThread;
use crate::error::Error;
use crate::frames::{self, Backlog, Watch};
use crate::process::{self, Context, Process};
use crate::sentinel;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, Condvar, Mutex};
use crate::task::TaskRun;

/// What the first failure means for the other children.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    GoOn,
    CancelOthers,
}

/// Runs all children of a process and returns their errors in order of completion (F5).
pub(crate) fn run(process: &Process, context: Context<'_>, policy: OnFailure) -> Vec<Error> {
    match process.children() {
        [] => Vec::new(),
        [only] => run_only(only, context, policy),
        _ => run_several(process, context, policy),
    }
}

/// Without siblings there is nobody to wait for, and nothing to share.
fn run_only(child: &Process, context: Context<'_>, policy: OnFailure) -> Vec<Error> {
    let Err(error) = process::run(child, context) else {
        return Vec::new();
    };
    if policy == OnFailure::CancelOthers {
        context.scope.handle().trigger(error.clone());
    }
    vec![error]
}

fn run_several(process: &Process, context: Context<'_>, policy: OnFailure) -> Vec<Error> {
    let fan_out = Arc::new(FanOut::new(process, context, policy));
    let published = frames::publish(fan_out.clone());
    match sentinel::watch() {
        Ok(()) => fan_out.work(process, context),
        Err(NoThread) => fan_out.work_alone(process, context),
    }
    drop(published);
    fan_out.join()
}

/// One run of several children.
struct FanOut {
    count: usize,
    policy: OnFailure,
    /// The next child to claim; at or past `count`, all are claimed.
    next: AtomicUsize,
    state: Mutex<State>,
    complete: Condvar,
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
}

impl FanOut {
    fn new(process: &Process, context: Context<'_>, policy: OnFailure) -> FanOut {
        let work = Work {
            parent: process.clone(),
            cancel: context.scope.handle().clone(),
            task: context.task.cloned(),
        };
        FanOut {
            count: process.children().len(),
            policy,
            next: AtomicUsize::new(0),
            state: Mutex::new(State {
                open: Some(work),
                inside: 0,
                errors: Vec::new(),
            }),
            complete: Condvar::new(),
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
    fn work(&self, parent: &Process, context: Context<'_>) {
        while let Some(child) = self.claim(parent) {
            self.run_child(child, context);
        }
    }

    /// Runs one child. Nobody could step in if it waited for a sibling, so they fail at once (F3).
    fn work_alone(&self, parent: &Process, context: Context<'_>) {
        let first = self.claim(parent);
        self.give_up();
        if let Some(child) = first {
            self.run_child(child, context);
        }
    }

    fn run_child(&self, child: &Process, context: Context<'_>) {
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
            self.complete.notify_one();
        }
    }

    /// Closes the fan-out, whose children are all claimed, and waits until it is over (F4).
    fn join(&self) -> Vec<Error> {
        let mut state = self.state.lock();
        let closed = state.open.take();
        // Whoever claimed a child that has not ended yet is in.
        let mut state = self.complete.wait_while(state, |state| state.inside > 0);
        let errors = std::mem::take(&mut state.errors);
        drop(state);
        drop(closed);
        errors
    }
}

impl Backlog for FanOut {
    fn unclaimed(&self) -> usize {
        self.count.saturating_sub(self.next.load(Ordering::Relaxed))
    }

    fn help(&self) {
        let Some(work) = self.enter() else { return };
        let scope = Scope::from(work.cancel);
        let context = Context {
            scope: &scope,
            task: work.task.as_ref(),
        };
        self.work(&work.parent, context);
        drop((work.parent, work.task, scope));
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
