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
//! - **F2 exactly once.** Each child is claimed once, run once, reported once.
//! - **F3 no thread, no silence.** If no helper can be had for a stalled fan-out, that is tried
//!   again for a bounded time; then its unclaimed children fail with `EAGAIN`.
//! - **F4 the last one out.** The caller returns only when every child has been reported. A helper
//!   that comes later finds nothing to claim and touches nothing but the counter, which the helper's
//!   own reference keeps alive.
//! - **F5 first means first.** The order of errors is the order of completion; a failure is recorded
//!   before the others are cancelled because of it.

use crate::bug;
use crate::cancel::Cancel;
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
        context.cancel.trigger(error.clone());
    }
    vec![error]
}

fn run_several(process: &Process, context: Context<'_>, policy: OnFailure) -> Vec<Error> {
    let fan_out = Arc::new(FanOut::new(process, context, policy));
    let published = frames::publish(fan_out.clone());
    match sentinel::watch() {
        Ok(()) => fan_out.work(),
        Err(NoThread) => fan_out.work_alone(),
    }
    drop(published);
    fan_out.join()
}

/// One run of several children.
struct FanOut {
    parent: Process,
    cancel: Cancel,
    task: Option<Arc<TaskRun>>,
    policy: OnFailure,
    /// The next child to claim; at or past the number of children, all are claimed.
    next: AtomicUsize,
    report: Mutex<Report>,
    complete: Condvar,
    watch: Watch,
}

struct Report {
    reported: usize,
    errors: Vec<Error>,
}

impl FanOut {
    fn new(process: &Process, context: Context<'_>, policy: OnFailure) -> FanOut {
        FanOut {
            parent: process.clone(),
            cancel: context.cancel.clone(),
            task: context.task.cloned(),
            policy,
            next: AtomicUsize::new(0),
            report: Mutex::new(Report {
                reported: 0,
                errors: Vec::new(),
            }),
            complete: Condvar::new(),
            watch: Watch::default(),
        }
    }

    fn children(&self) -> &[Process] {
        self.parent.children()
    }

    /// Claims one child (F2).
    fn claim(&self) -> Option<&Process> {
        // Relaxed: the children are immutable, and what they leave behind is passed on by `report`.
        self.children()
            .get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Claims and runs children until there are none.
    fn work(&self) {
        let mut ran = 0;
        while let Some(child) = self.claim() {
            self.run_child(child);
            ran += 1;
        }
        self.count(ran);
    }

    /// Runs one child. Nobody could step in if it waited for a sibling, so they fail at once (F3).
    fn work_alone(&self) {
        let first = self.claim();
        self.give_up();
        if let Some(child) = first {
            self.run_child(child);
            self.count(1);
        }
    }

    fn run_child(&self, child: &Process) {
        let context = Context {
            cancel: &self.cancel,
            task: self.task.as_ref(),
        };
        if let Err(error) = bug::contained(|| process::run(child, context)) {
            self.fail(error);
        }
    }

    /// Records a failure, and then cancels the others because of the first one recorded (F5).
    fn fail(&self, error: Error) {
        let first = {
            let mut report = self.report.lock();
            report.errors.push(error);
            report.errors[0].clone()
        };
        if self.policy == OnFailure::CancelOthers && !self.cancel.cancelled() {
            self.cancel.trigger(first);
        }
    }

    /// Reports children as done (F2). Whoever reports the last wakes the caller.
    fn count(&self, ran: usize) {
        let mut report = self.report.lock();
        report.reported += ran;
        if report.reported == self.children().len() {
            self.complete.notify_one();
        }
    }

    /// Waits until every child has been reported (F4). All are claimed by then, so each one runs on
    /// some thread, and the report is on its way.
    fn join(&self) -> Vec<Error> {
        let mut report = self.report.lock();
        while report.reported < self.children().len() {
            self.complete.wait(&mut report);
        }
        std::mem::take(&mut report.errors)
    }
}

impl Backlog for FanOut {
    fn unclaimed(&self) -> usize {
        let claimed = self.next.load(Ordering::Relaxed);
        self.children().len().saturating_sub(claimed)
    }

    fn help(&self) {
        self.work();
    }

    fn give_up(&self) {
        let all = self.children().len();
        let claimed = self.next.swap(all, Ordering::Relaxed).min(all);
        for child in &self.children()[claimed..] {
            let error = Error::new(libc::EAGAIN, "no thread could be had to run it");
            self.fail(child.not_started(error));
        }
        self.count(all - claimed);
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }
}

#[cfg(all(test, loom))]
#[path = "models/fan_out.rs"]
mod models;
