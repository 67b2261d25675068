//! A process that runs another again when it fails, until that is enough.
//!
//! A run that ends when it is cancelled, for whatever reason, is the last one, and so is one whose delay ends by a
//! cancellation.
//!
//! unsafe: the library calls a function that it knows only by its address. What makes that sound is the API: the program
//! gives function and data together, and says so by giving them.
#![allow(unsafe_code)]

mod policy;

use std::ffi::{CString, c_void};

use crate::base::clock::{self, Duration, Instant};
use crate::base::counts::Counted;
use crate::base::error::{self, Error, Outcome};
use crate::base::events;
use crate::base::guard;
use crate::base::random::Random;
use crate::base::time_text;
use crate::base::user_data::Code;
use crate::base::world;
use crate::engine::frames::{Context, Supervision, What};
use crate::engine::{late_strike, waiting};
use crate::scope::task_run::TaskRun;
use crate::tree::process::{self, Process};
use policy::{History, Verdict};

pub(crate) use policy::Policy;

/// Says whether to run it again after that error, which it is lent.
pub(crate) type Judge = unsafe extern "C-unwind" fn(*const error::Node, *mut c_void) -> bool;

pub(crate) struct Supervise {
    options: Options,
    child: Process,
}

#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) policy: Policy,
    pub(crate) restart_on_success: bool,
    /// `None`: after any error.
    pub(crate) restart: Option<Restart>,
}

/// What says whether to run it again, and what that works on.
pub(crate) type Restart = Code<Judge>;

/// One run of it.
struct Life<'a> {
    options: &'a Options,
    began: Instant,
    history: History,
    random: Random,
}

#[inline(never)]
pub(super) fn run(supervise: &Supervise, context: &Context<'_>) -> Outcome {
    let mut life = Box::new(Life::of(&supervise.options)); // It is not to be on the stack of every level.
    let supervision = Supervision::default();
    context.inside(What::Supervise(&supervision), || {
        loop {
            let expected = supervise.child.expect_part(context.tree);
            let inside = Context {
                tree: expected.tree(),
                ..*context
            };
            let began = clock::now();
            let outcome = run_once(&supervise.child, &inside);
            let has_failed = outcome.is_err();
            let delay = life.delay_after(outcome, began, context)?;
            let Some(delay) = delay else { return Ok(()) };
            expected.again();
            supervision.while_it_waits(delay, || wait(delay, context))?;
            supervision.note_restart();
            if has_failed {
                context.slot.counts.count(Counted::Restarts);
            }
        }
    })
}

/// Each run shows in a trace.
fn run_once(child: &Process, context: &Context<'_>) -> Outcome {
    let task = context.task.map(|task| &**task);
    let begun = events::region_begin(task, c"supervised");
    let outcome = process::run(child, context);
    events::region_end(begun);
    context.slot.time_passed();
    outcome
}

/// Waits for so long, or fails with the cause of a cancellation, which may have come already.
#[inline(never)] // Its frame is not to be on the stack of every level.
fn wait(delay: Duration, context: &Context<'_>) -> Outcome {
    let handle = context.scope.handle();
    if !delay.is_zero() {
        waiting::hand_over_added();
        let _shown = events::delay(context.task.map(|task| &**task));
        handle.wait(clock::now().checked_add(delay));
        context.slot.time_passed();
    }
    late_strike::strike_if_over(handle);
    handle.echo()
}

impl<'a> Life<'a> {
    fn of(options: &'a Options) -> Life<'a> {
        Life {
            options,
            began: clock::now(),
            history: History::of(options.policy),
            random: Random::new(),
        }
    }

    /// After how long it runs again, after a run that began at that moment and has ended like this. `None`, and an error: it does
    /// not.
    #[inline(never)]
    fn delay_after(
        &mut self,
        outcome: Outcome,
        began: Instant,
        context: &Context<'_>,
    ) -> Result<Option<Duration>, Error> {
        if context.scope.cancelled() {
            return outcome.map(|()| None);
        }
        let delay = match outcome {
            Ok(()) if !self.options.restart_on_success => return Ok(None),
            Ok(()) => self.history.succeeded(),
            Err(error) => self.delay_after_failure(error, began, context)?,
        };
        Ok(Some(self.options.policy.draw(delay, &mut self.random)))
    }

    fn delay_after_failure(
        &mut self,
        error: Error,
        began: Instant,
        context: &Context<'_>,
    ) -> Result<Duration, Error> {
        let now = clock::now();
        let is_last = |restart: &Restart| !restart.is_wanted_after(&error, context);
        if self.options.restart.as_ref().is_some_and(is_last) {
            return Err(error);
        }
        let since = |moment| now.saturating_duration_since(moment);
        match self.history.failed(since(self.began), since(began)) {
            Verdict::Again(delay) => {
                tell(&error, context);
                Ok(delay)
            }
            Verdict::Enough(failures, time) => Err(give_up(failures, time, error, context)),
        }
    }
}

/// To who wants to know what happens: nobody else will hear of it.
fn tell(error: &Error, context: &Context<'_>) {
    if events::wanted() {
        let task = context.task.map(|task| &**task);
        events::log(task, c"proc_supervise", error.message());
    }
}

fn give_up(failures: usize, time: Duration, error: Error, context: &Context<'_>) -> Error {
    let plural = if failures == 1 { "" } else { "s" };
    let time = time_text::of(time);
    let text = format!("gave up after {failures} failure{plural} in {time}");
    let error = Error::wrap(&CString::new(text).unwrap_or_default(), error);
    events::gave_up(context.task.map(|task| &**task), error.message());
    error
}

impl Restart {
    fn is_wanted_after(&self, error: &Error, context: &Context<'_>) -> bool {
        let lent = std::ptr::from_ref::<error::Node>(error);
        let path = || TaskRun::path(context.task);
        let _switches = world::around_callback();
        // SAFETY: function and data belong together, and the error outlives the call.
        let is_wanted = guard::must_return(path, || unsafe { (self.function)(lent, self.data) });
        context.slot.time_passed();
        is_wanted
    }
}

impl Supervise {
    pub(crate) fn new(options: Options, child: Process) -> Supervise {
        Supervise { options, child }
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}

#[cfg(all(test, loom))]
#[path = "models/supervise.rs"]
mod models;
