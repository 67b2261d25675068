//! How `proc_main` stops: the signal, the drain time, the cancellation, the grace period, the end.
//!
//! All of it happens on the listening thread, which nothing holds up: what may take its time is deferred.
//!
//! Invariants:
//! - **G7 in this order.** The handles are draining before they are cancelled; the drain time begins at the
//!   signal, the grace period at the cancellation.
//! - **G8 it ends.** When the grace period is over, the program ends, whatever does not return: a callback, a
//!   hook, a write to standard error, or what the program does before that (A3).
//! - **G9 over is over.** Once the process has completed, the program is neither cancelled nor ended any more.

use libc::c_int;

use crate::base::clock::{self, Duration, Instant};
use crate::base::descriptor::{self, PATIENCE};
use crate::base::ending::Ending;
use crate::base::error::Error;
use crate::base::sync::{Arc, Mutex};
use crate::base::user_data::Notice;
use crate::base::world;
use crate::daemon::deferred::Deferred;
use crate::daemon::last_chance::{LastChance, Prepared};
use crate::daemon::notify::Manager;
use crate::engine::crew::{self, Due};
use crate::live;
use crate::scope::activity::{self, Activities};
use crate::scope::cancel::{Cancel, Struck};
use crate::scope::failing::{self, Failed};
use crate::scope::listener::{Listener, Listening};
use crate::scope::{drain_handle, progress, readiness, reloading};
use crate::signal::{self, Ear, Set, Stops};
use crate::tree::child;

/// How long a manager that does not read may, and how often it is tried.
const LAST_PATIENCE: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_millis(20);

/// How long systemd waits for a program that stops, unless it is told otherwise.
const USUAL_PATIENCE: Duration = Duration::from_secs(90);

/// The exit status of a program that has failed.
const FAILED: c_int = 1;

/// How a program wants to be stopped.
pub(crate) struct Options {
    pub(crate) stops: Stops,
    pub(crate) drain_ns: i64,
    pub(crate) grace_ns: i64,
    pub(crate) dump: Set,
    pub(crate) notify: bool,
    /// 0 or negative: for ever.
    pub(crate) failure_grace_ns: i64,
    pub(crate) on_abandon: Option<Notice>,
    pub(crate) reap: bool,
}

pub(super) struct Shutdown {
    root: Cancel,
    drain_ns: i64,
    grace_ns: i64,
    failure_grace_ns: i64,
    last_chance: Option<Arc<LastChance>>,
    manager: Option<Arc<Manager>>,
    state: Mutex<State>,
    /// What the run of `proc_main` is a part of, which waits for the hooks of its cancellation.
    activities: Activities,
    /// What writes to standard error.
    printer: Arc<Deferred>,
    /// What tells the manager.
    teller: Arc<Deferred>,
}

struct State {
    phase: Phase,
    /// What the drain and the cancellation have left to do: the hooks.
    due: Vec<Due>,
    is_over: bool,
}

/// How the program is ended by force.
enum End {
    BySignal(c_int),
    Failed,
}

enum Phase {
    Running,
    Draining(Stop, Option<Instant>),
    Cancelled(Stop, Option<Instant>),
}

/// Which signal stops the program; the cause of the cancellation.
#[derive(Clone)]
pub(super) struct Stop {
    pub(super) signal: c_int,
    pub(super) cause: Error,
}

impl Ear for Shutdown {
    fn turn(&self, arrived: Set) -> Option<Instant> {
        self.end_if_forced();
        let mut state = self.state.lock();
        if state.is_over {
            return None; // G9
        }
        if !arrived.is_empty() {
            self.print(String::new());
        }
        // Before the signal is looked for: who is up only because he was cancelled is not to be told of (M2).
        self.note_up();
        while let Some(next) = self.next(&mut state) {
            state.phase = next;
        }
        let failure_end = self.end_if_failed();
        let news = self.tell_manager();
        let ends = [state.phase.end(), failure_end, news];
        ends.into_iter().flatten().min()
    }
}

impl Shutdown {
    pub(super) fn new(
        root: Cancel,
        options: &Options,
        last_chance: Option<&Prepared>,
    ) -> Arc<Shutdown> {
        let is_told = options.notify && !world::is_here();
        let manager = is_told.then(Manager::of_environment).flatten();
        let manager = manager.map(Arc::new);
        Arc::new(Shutdown {
            root,
            drain_ns: options.drain_ns,
            grace_ns: options.grace_ns,
            failure_grace_ns: options.failure_grace_ns,
            last_chance: last_chance.map(|prepared| prepared.0.clone()),
            manager,
            state: Mutex::new(State {
                phase: Phase::Running,
                due: Vec::new(),
                is_over: false,
            }),
            activities: activity::current(),
            printer: Deferred::new(),
            teller: Deferred::new(),
        })
    }

    /// Goes on to the next phase, if it is time (G7).
    fn next(&self, state: &mut State) -> Option<Phase> {
        match &state.phase {
            Phase::Running => {
                let (due, phase) = signal::first().map(|signal| self.drain(signal))?;
                state.due.extend(due);
                Some(phase)
            }
            Phase::Draining(stop, end) => {
                let is_time = has_come(*end) || self.root.cancelled();
                let (due, phase) = is_time.then(|| self.cancel(stop))?;
                state.due.extend(due);
                Some(phase)
            }
            Phase::Cancelled(stop, end) => has_come(*end).then(|| self.end(stop)),
        }
    }

    fn drain(&self, signal: c_int) -> (Option<Due>, Phase) {
        let text = format!("stopped by {}", signal::name(signal));
        let cause = Error::new(libc::EINTR, &text);
        let due = self.hand_over(|| drain_handle::begin(self.root.main(), &cause));
        let end = clock::deadline(self.drain_ns);
        if let Some(manager) = &self.manager {
            manager.note_stopping(end.and_then(|end| self.last_end(end)));
        }
        // A process that cancels itself has drained. If it has done so already, that is seen next.
        self.root.listen(&Listening::of(Arc::new(Wakes)));
        (due, Phase::Draining(Stop { signal, cause }, end))
    }

    fn cancel(&self, stop: &Stop) -> (Option<Due>, Phase) {
        let due = self.hand_over(|| Some(self.root.strike_all(&stop.cause)));
        let end = clock::deadline(self.grace_ns); // It begins at the cancellation, not after the hooks (G7).
        if let (Some(manager), Some(end), true) = (&self.manager, end, self.drain_ns != 0) {
            manager.note_end(end);
        }
        (due, Phase::Cancelled(stop.clone(), end))
    }

    /// When the program will have ended, at the latest, if the drain ends then. Without a bound of its own for the rest, it is given as long
    /// as a manager gives a program that says nothing; if there is no drain either, that need not be said.
    fn last_end(&self, drained: Instant) -> Option<Instant> {
        match (self.drain_ns, self.grace_ns) {
            (_, 0..) => drained.checked_add(grace(self.grace_ns)),
            (0, _) => None,
            _ => drained.checked_add(USUAL_PATIENCE),
        }
    }

    /// Cancels something, and hands over what that has left to do of the program's.
    fn hand_over(&self, strike: impl FnOnce() -> Option<Struck>) -> Option<Due> {
        activity::within(self.activities.clone(), || {
            strike().and_then(Struck::rest).map(crew::hand_over)
        })
    }

    /// Ends the program, and says what did not end (G8).
    fn end(&self, stop: &Stop) -> ! {
        let cause = stop.cause.message().to_string_lossy();
        let headline = over(&cause, self.grace_ns);
        self.force(headline, Vec::new(), End::BySignal(stop.signal))
    }

    /// After a failure of its own, the program ends when the time for that is over (G8); tells when that will be.
    fn end_if_failed(&self) -> Option<Instant> {
        let Failed { at, error } = failing::failed()?;
        let end = at.checked_add(grace(self.failure_grace_ns))?;
        if let Some(manager) = &self.manager {
            manager.note_stopping(Some(end));
        }
        if !clock::has_come(end) {
            return Some(end);
        }
        let headline = over("failed", self.failure_grace_ns);
        let failure = descriptor::complaint(error.message());
        self.force(headline, failure, End::Failed)
    }

    /// A further signal has come: the program ends when what a trace knows of it is written, and it has had its last chance.
    fn end_if_forced(&self) {
        let Some(signal) = signal::forced() else {
            return;
        };
        if self.last_chance.is_some() {
            let headline = format!(
                "procession: {} again; this still runs:\n",
                signal::name(signal)
            );
            self.force(headline, Vec::new(), End::BySignal(signal));
        }
        Ending::begin().wait();
        child::kill_all();
        signal::end_program(signal)
    }

    /// Ends the program by force: says what still runs, and gives it a last chance.
    fn force(&self, headline: String, failure: Vec<u8>, end: End) -> ! {
        let ending = Ending::begin();
        self.print_and(headline, failure);
        self.printer.wait(clock::now().checked_add(PATIENCE));
        if let Some(last_chance) = &self.last_chance {
            last_chance.give();
        }
        child::kill_all();
        ending.wait();
        match end {
            End::BySignal(signal) => signal::end_program(signal),
            End::Failed => signal::exit_program(FAILED),
        }
    }

    /// Writes what runs to standard error, after that headline.
    fn print(&self, headline: String) {
        self.print_and(headline, Vec::new());
    }

    /// The same, and that after it.
    fn print_and(&self, headline: String, last: Vec<u8>) {
        self.printer.ask(Box::new(move || {
            let text = headline + &live::text(&live::look());
            descriptor::say([text.into_bytes(), last].concat());
        }));
    }

    fn note_up(&self) {
        if let Some(manager) = self.manager.as_ref().filter(|_| readiness::is_up()) {
            manager.note_up();
        }
    }

    /// Tells the manager what is new; returns when there will be something again at the latest.
    fn tell_manager(&self) -> Option<Instant> {
        let manager = self.manager.as_ref()?;
        if progress::take_change() {
            manager.note_step(progress::is_moving());
        }
        manager.note_reload(&reloading::take_news());
        manager.note_longer();
        manager.note_beat();
        if manager.begins_to_send() {
            self.send_news(manager);
        }
        manager.next()
    }

    fn send_news(&self, manager: &Arc<Manager>) {
        let manager = manager.clone();
        self.teller.ask(Box::new(move || manager.send()));
    }

    /// The process has completed (G9), and with it every hook that the cancellation runs. Tells what it was
    /// asked to stop by, if it was.
    pub(super) fn over(&self) -> Option<Stop> {
        loop {
            let mut state = self.state.lock();
            let Some(due) = state.due.pop() else {
                state.is_over = true;
                return state.phase.stop().cloned();
            };
            drop(state);
            due.settle(); // While the grace period goes on (G8).
        }
    }

    /// Tells the manager, and waits for what is still written, when it is over and nobody listens any more.
    pub(super) fn close(&self) {
        self.end_if_forced(); // Where nobody listened any more.
        if let Some(manager) = &self.manager {
            self.note_up();
            manager.note_stopping(None);
            self.send_last_news(manager);
        }
        self.printer.wait(clock::now().checked_add(PATIENCE));
    }

    /// To a manager that is busy it is worth the while to say it again, for a while.
    fn send_last_news(&self, manager: &Arc<Manager>) {
        let end = clock::now() + LAST_PATIENCE;
        loop {
            self.send_news(manager);
            self.teller.wait(Some(end));
            if !manager.is_busy() || clock::has_come(end) {
                break;
            }
            clock::pause(LAST_RETRY);
        }
        manager.give_up();
    }
}

/// Has whoever stops the program look at what has become of it.
struct Wakes;

impl Listener for Wakes {
    fn tell(&self) {
        signal::wake();
    }
}

impl Phase {
    fn stop(&self) -> Option<&Stop> {
        match self {
            Phase::Running => None,
            Phase::Draining(stop, _) | Phase::Cancelled(stop, _) => Some(stop),
        }
    }

    /// When it ends, if it does so by itself.
    fn end(&self) -> Option<Instant> {
        match self {
            Phase::Running => None,
            Phase::Draining(_, end) | Phase::Cancelled(_, end) => *end,
        }
    }
}

fn over(why: &str, grace_ns: i64) -> String {
    let grace = grace(grace_ns);
    format!("procession: {why}, and the grace period of {grace:?} is over; this still runs:\n")
}

fn grace(grace_ns: i64) -> Duration {
    Duration::from_nanos(grace_ns.unsigned_abs())
}

fn has_come(end: Option<Instant>) -> bool {
    end.is_some_and(clock::has_come)
}
