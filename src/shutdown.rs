//! How `proc_main` stops: the signal, the drain time, the cancellation, the grace period, the end.
//!
//! All of it happens on the listening thread, which nothing holds up: what may take its time is done aside.
//!
//! Invariants:
//! - **G7 in this order.** The handles are draining before they are cancelled; the drain time begins at the
//!   signal, the grace period at the cancellation.
//! - **G8 it ends.** When the grace period is over, the program ends, whatever does not return: a callback, a
//!   hook, or a write to standard error.
//! - **G9 over is over.** Once the process has completed, the program is neither cancelled nor ended any more.

use libc::c_int;

use crate::aside::Aside;
use crate::cancel::Cancel;
use crate::clock::{self, Duration, Instant};
use crate::error::Error;
use crate::notify::Manager;
use crate::signal::{self, Ear, Set};
use crate::sync::{Arc, Mutex};
use crate::{descriptor, drain, live, readiness};

/// How long what is done aside may hold up the end: standard error may take no more.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a program wants to be stopped.
pub(crate) struct Options {
    pub(crate) stops: Set,
    pub(crate) drain_ns: i64,
    pub(crate) grace_ns: i64,
    pub(crate) dump: Set,
    pub(crate) notify: bool,
}

pub(crate) struct Shutdown {
    root: Cancel,
    drain_ns: i64,
    grace_ns: i64,
    manager: Option<Arc<Manager>>,
    state: Mutex<State>,
    /// What cancels, and so runs hooks of the program.
    canceller: Arc<Aside>,
    /// What writes to standard error.
    printer: Arc<Aside>,
    /// What tells the manager.
    teller: Arc<Aside>,
}

struct State {
    phase: Phase,
    is_over: bool,
}

enum Phase {
    Running,
    Draining(Stop, Option<Instant>),
    Cancelled(Stop, Option<Instant>),
}

/// Which signal stops the program; the cause of the cancellation.
#[derive(Clone)]
pub(crate) struct Stop {
    pub(crate) signal: c_int,
    pub(crate) cause: Error,
}

impl Ear for Shutdown {
    fn turn(&self, arrived: Set) -> Option<Instant> {
        let mut state = self.state.lock();
        if state.is_over {
            return None; // G9
        }
        if !arrived.is_empty() {
            self.print(String::new());
        }
        while let Some(next) = self.next(&state.phase) {
            state.phase = next;
        }
        let stopping = state.phase.stop().is_some();
        let beat = self.tell_manager(stopping);
        [state.phase.end(), beat].into_iter().flatten().min()
    }
}

impl Shutdown {
    pub(crate) fn new(root: Cancel, options: &Options) -> Arc<Shutdown> {
        let manager = options.notify.then(Manager::of_environment).flatten();
        let manager = manager.map(Arc::new);
        Arc::new(Shutdown {
            root,
            drain_ns: options.drain_ns,
            grace_ns: options.grace_ns,
            manager,
            state: Mutex::new(State {
                phase: Phase::Running,
                is_over: false,
            }),
            canceller: Aside::new(),
            printer: Aside::new(),
            teller: Aside::new(),
        })
    }

    /// Goes on to the next phase, if it is time (G7).
    fn next(&self, phase: &Phase) -> Option<Phase> {
        match phase {
            Phase::Running => signal::first().map(|signal| self.drain(signal)),
            Phase::Draining(stop, end) => {
                let is_time = has_come(*end) || self.root.cancelled();
                is_time.then(|| self.cancel(stop))
            }
            Phase::Cancelled(stop, end) => has_come(*end).then(|| self.end(stop)),
        }
    }

    fn drain(&self, signal: c_int) -> Phase {
        let text = format!("stopped by {}", signal::name(signal));
        let cause = Error::new(libc::EINTR, &text);
        drain::begin(self.root.main());
        Phase::Draining(Stop { signal, cause }, clock::deadline(self.drain_ns))
    }

    fn cancel(&self, stop: &Stop) -> Phase {
        let (root, cause) = (self.root.clone(), stop.cause.clone());
        self.canceller.ask(Box::new(move || root.trigger(cause)));
        // That it is cancelled comes before all hooks, and the grace period after it (G7).
        self.root.wait(clock::now().checked_add(PATIENCE));
        Phase::Cancelled(stop.clone(), clock::deadline(self.grace_ns))
    }

    /// Ends the program, and says what did not end (G8).
    fn end(&self, stop: &Stop) -> ! {
        self.print(format!(
            "procession: {}, and the grace period of {:?} is over; this still runs:\n",
            stop.cause.message().to_string_lossy(),
            Duration::from_nanos(self.grace_ns.unsigned_abs()),
        ));
        self.printer.wait(clock::now().checked_add(PATIENCE));
        signal::end_program(stop.signal)
    }

    /// Writes what runs to standard error, after that headline.
    fn print(&self, headline: String) {
        self.printer.ask(Box::new(move || {
            descriptor::say(&(headline + &live::text(&live::look())));
        }));
    }

    /// Tells the manager what is new; returns when there will be something again at the latest.
    fn tell_manager(&self, is_stopping: bool) -> Option<Instant> {
        let manager = self.manager.as_ref()?;
        let next = manager.note(readiness::is_up(), is_stopping);
        if manager.has_news() {
            let manager = manager.clone();
            self.teller.ask(Box::new(move || manager.send()));
        }
        next
    }

    /// The process has completed (G9), and with it every hook that the cancellation runs. Tells what it was
    /// asked to stop by, if it was.
    pub(crate) fn over(&self) -> Option<Stop> {
        loop {
            self.canceller.wait(None);
            let mut state = self.state.lock();
            // Under the lock, so that no cancellation begins meanwhile.
            if !self.canceller.is_busy() {
                state.is_over = true;
                return state.phase.stop().cloned();
            }
        }
    }

    /// Tells the manager, and waits for what is still written, when it is over and nobody listens any more.
    pub(crate) fn close(&self) {
        self.tell_manager(true);
        for aside in [&self.printer, &self.teller] {
            aside.wait(clock::now().checked_add(PATIENCE));
        }
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

fn has_come(end: Option<Instant>) -> bool {
    end.is_some_and(clock::has_come)
}
