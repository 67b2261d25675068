//! One thing that waits without a thread: what it waits for, and the tasks, regions and timeouts around it that have begun with it and end with it.

use crate::base::clock::{self, Instant};
use crate::base::counts::{self, Counted};
use crate::base::error::{Error, Outcome};
use crate::base::events;
use crate::base::sync::{Arc, Weak};
use crate::engine::shown::{Around, Shown, Source};
use crate::engine::time_limit;
use crate::engine::timer::{self, Ticket};
use crate::scope::cancel::{Cancel, TimeLimit};
use crate::scope::listener::Listening;
use crate::scope::promise;
use crate::scope::readiness;
use crate::scope::task_run::TaskRun;

pub(crate) struct Operation {
    source: Source,
    /// Outermost first.
    around: Vec<Around>,
    /// When it began, as `clock::rough` tells it.
    since: u64,
    /// By which the timer knows it, if it is to tell.
    ticket: Option<Ticket>,
    /// The handles of the timeouts around, outermost first, if what it waits for can see them.
    seen: Option<Vec<Cancel>>,
}

impl Source {
    fn moment(&self) -> Option<Instant> {
        match self {
            Source::Promise(_) | Source::Turn(_) => None,
            Source::Moment(moment) => *moment,
        }
    }

    /// What is completed when it has come; a moment the timer tells of.
    fn promise(&self) -> Option<&promise::Node> {
        match self {
            Source::Promise(promise) => Some(promise),
            Source::Turn(turn) => Some(turn.done()),
            Source::Moment(_) => None,
        }
    }

    /// What it completes with under that handle, if it was given back: what it waited for counts, if a promise and a cancellation have come.
    fn outcome(&self, cancel: &Cancel) -> Outcome {
        match self.promise() {
            Some(promise) => promise.outcome().unwrap_or_else(|| cancel.echo()),
            None => delayed(cancel, self.moment()),
        }
    }

    /// From now on that one is told when it has come (true); or it has (false).
    fn listen(&self, listening: &Arc<Listening>) -> bool {
        self.promise()
            .is_none_or(|promise| promise.listen(listening))
    }

    fn unlisten(&self, listening: &Arc<Listening>) {
        self.promise()
            .into_iter()
            .for_each(|promise| promise.unlisten(listening));
    }
}

impl Operation {
    /// One that has begun within these, and waits for that.
    pub(crate) fn new(source: Source, around: Vec<Around>) -> Operation {
        Operation {
            source,
            around,
            since: clock::rough(),
            ticket: None,
            seen: None,
        }
    }

    /// The same, of which what it waits for can see the handles of the timeouts around.
    pub(crate) fn seen_as(self, timeouts: Vec<Cancel>) -> Operation {
        let seen = Some(timeouts);
        Operation { seen, ..self }
    }

    /// The same, within one thing more.
    pub(crate) fn within(mut self, around: Around) -> Operation {
        self.around.insert(0, around);
        self
    }

    pub(super) fn show(&self) -> Shown {
        Shown {
            source: self.source.clone(),
            around: self.around.clone(),
            since: self.since,
        }
    }

    /// The first moment at which it is over, if there is any.
    fn moment(&self) -> Option<Instant> {
        let limits = self.around.iter().map(|around| match around {
            Around::Timeout(limit) => limit.as_ref().map(TimeLimit::moment),
            Around::Task(_) | Around::Region(..) | Around::Others(_) => None,
        });
        limits.fold(self.source.moment(), clock::sooner)
    }

    /// From now on that one is told when what it waits for has come, or its moment; or it has come (`None`). Called under a lock.
    /// Tells whether the timer is to be sent a thread.
    pub(super) fn listen(&mut self, listening: &Arc<Listening>) -> Option<bool> {
        let moment = self.moment();
        let has_come = moment.is_some_and(clock::has_come);
        if has_come && self.gives_up() || !self.source.listen(listening) {
            return None;
        }
        let Some(moment) = moment.filter(|_| !has_come) else {
            return Some(false);
        };
        let whom: Weak<Listening> = Arc::downgrade(listening);
        let (ticket, wants_thread) = timer::add(moment, whom);
        self.ticket = Some(ticket);
        Some(wants_thread)
    }

    /// It is over, because of a cancellation or a moment. `false`: it has begun to run in a queue, and is over when that has ended.
    pub(super) fn gives_up(&self) -> bool {
        match &self.source {
            Source::Turn(turn) => turn.outcome().is_some() || turn.give_up(),
            Source::Promise(_) | Source::Moment(_) => true,
        }
    }

    /// The same, where it is told that something has come.
    pub(super) fn is_over(&self) -> bool {
        match &self.source {
            Source::Turn(turn) if turn.outcome().is_none() => {
                self.moment().is_some_and(clock::has_come) && turn.give_up()
            }
            _ => true,
        }
    }

    fn unlisten(&self, listening: &Arc<Listening>) {
        self.source.unlisten(listening);
        // What is due the timer takes itself, and finds nobody: many are due at once, and would contend for its lock.
        let is_ahead = |ticket: &Ticket| !clock::has_come(ticket.0);
        let ahead = self.ticket.filter(is_ahead);
        ahead.into_iter().for_each(timer::forget);
    }

    /// How it will end, if it was given back.
    pub(super) fn outcome(&self, cancel: &Cancel) -> Outcome {
        let mut handles = Handles::of(self, cancel);
        let mut outcome = self.source.outcome(handles.innermost());
        for around in self.around.iter().rev() {
            outcome = match around {
                Around::Task(run) => outcome.map_err(|error| Error::task(run.name(), error)),
                Around::Region(..) | Around::Others(_) => outcome,
                Around::Timeout(_) => {
                    let handle = handles.leave();
                    let above = || handles.innermost().causes();
                    outcome.or_else(|error| time_limit::told(error, &handle, above))
                }
            };
        }
        outcome
    }

    /// Ends it, and what is around it from the inside out, on the calling thread.
    pub(super) fn end(self, cancel: &Cancel, listening: &Arc<Listening>) -> Outcome {
        self.unlisten(listening);
        let mut handles = Handles::of(&self, cancel);
        let mut outcome = self.source.outcome(handles.innermost());
        if let Source::Turn(turn) = &self.source {
            turn.release();
        }
        for around in self.around.into_iter().rev() {
            match around {
                Around::Task(run) => {
                    let cause = || handles.innermost().cause();
                    outcome = end_task(&run, outcome, cause, counts::count_moving);
                }
                Around::Region(_, apart) => events::apart_end(apart),
                Around::Others(background) if outcome.is_ok() => background.note_success(),
                Around::Others(_) => {}
                Around::Timeout(_) => {
                    let handle = handles.leave();
                    let above = || handles.innermost().causes();
                    outcome = time_limit::end(outcome, &handle, above);
                }
            }
        }
        outcome
    }
}

/// The handles of the timeouts of an operation. Unless what it waits for can see them, nobody knows of them before it ends, so they
/// are made then.
struct Handles {
    /// What it runs under.
    outside: Cancel,
    /// Outermost first.
    inside: Vec<Cancel>,
}

impl Handles {
    fn of(operation: &Operation, cancel: &Cancel) -> Handles {
        let mut handles = Handles {
            outside: cancel.clone(),
            inside: operation.seen.clone().unwrap_or_default(),
        };
        if operation.seen.is_some() {
            return handles;
        }
        let mut task = cancel.task();
        for around in &operation.around {
            match around {
                Around::Task(run) => task = Some(run),
                Around::Region(..) | Around::Others(_) => {}
                Around::Timeout(limit) => {
                    let handle = handles.innermost().child_since(task.cloned(), *limit);
                    handles.inside.push(handle);
                }
            }
        }
        handles
    }

    fn innermost(&self) -> &Cancel {
        self.inside.last().unwrap_or(&self.outside)
    }

    /// Takes the innermost one of a timeout away.
    fn leave(&mut self) -> Cancel {
        self.inside.pop().expect("a timeout has one")
    }
}

/// How a wait has ended that was to end at that moment, if at any, or when that handle was cancelled: what came first counts.
pub(crate) fn delayed(cancel: &Cancel, end: Option<Instant>) -> Outcome {
    if end.is_some_and(|end| cancel.is_cancelled_after(end)) {
        return Ok(());
    }
    cancel.echo()
}

/// A run of a task has ended, with that outcome; the cause is why it was cancelled, if it was.
#[inline(always)]
pub(crate) fn end_task<'a>(
    run: &TaskRun,
    outcome: Outcome,
    cause: impl Fn() -> Option<&'a Error>,
    count: impl Fn(Counted),
) -> Outcome {
    count(Counted::TasksEnded);
    run.end(outcome.as_ref().err(), &cause);
    // One that was cancelled has ended because of that.
    if run.is_service() && outcome.is_ok() && cause().is_none() {
        readiness::say_for(run);
    }
    outcome.map_err(|cause| {
        count(Counted::TasksFailed);
        Error::task(run.name(), cause)
    })
}
