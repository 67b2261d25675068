//! A process that runs another at each arrival of a signal, until it is cancelled.

use libc::c_int;

use crate::cancel::Cancel;
use crate::clock::Instant;
use crate::crew::NoThread;
use crate::error::{Error, Outcome};
use crate::frames::{Context, PartOf, What};
use crate::process::{self, Process};
use crate::signal::{self, Ear, Set};
use crate::sync::{Arc, Mutex};

pub(crate) struct OnSignal {
    signal: c_int,
    child: Process,
}

/// Runs until it is cancelled, which is what it is there for: then its child's echo of that is no error.
#[inline(never)]
pub(crate) fn run(on_signal: &OnSignal, context: &Context<'_>) -> Outcome {
    let part_of = PartOf {
        tree: 0,
        ..context.part_of
    };
    let inside = Context {
        part_of,
        ..*context
    };
    inside.inside(What::OnSignal(on_signal.signal), || {
        let arrivals = Arc::new(Arrivals::default());
        let listening = signal::listen(arrivals.clone(), Set::of(on_signal.signal), None);
        let listening = listening.map_err(|NoThread| no_thread())?;
        let outcome = serve(&arrivals, on_signal, &inside);
        drop(listening);
        outcome.or_else(|error| error.without_echo(inside.scope.handle().cause()))
    })
}

fn serve(arrivals: &Arrivals, on_signal: &OnSignal, context: &Context<'_>) -> Outcome {
    let cancel = context.scope.handle();
    while arrivals.wait(cancel) {
        process::run(&on_signal.child, context)?;
    }
    Ok(())
}

fn no_thread() -> Error {
    let text = "proc_on_signal: no thread could be had to listen for signals";
    Error::new(libc::EAGAIN, text)
}

impl OnSignal {
    pub(crate) fn new(signal: c_int, child: Process) -> OnSignal {
        OnSignal { signal, child }
    }

    pub(crate) fn child(&self) -> &Process {
        &self.child
    }

    pub(crate) fn into_child(self) -> Process {
        self.child
    }
}

/// Whether the signal has arrived since its last arrival was taken: however often, it counts as once.
#[derive(Default)]
struct Arrivals(Mutex<State>);

#[derive(Default)]
struct State {
    has_arrived: bool,
    /// What wakes the one who waits: a handle below his own, so that his own cancellation wakes him too.
    waiter: Option<Cancel>,
}

impl Arrivals {
    /// Waits until it arrives (true) or the handle is cancelled (false). An arrival is taken once.
    fn wait(&self, cancel: &Cancel) -> bool {
        if let Some(woken) = self.await_by(cancel) {
            woken.wait(None);
        }
        let mut state = self.0.lock();
        state.waiter = None;
        std::mem::take(&mut state.has_arrived) && !cancel.cancelled()
    }

    /// What to wait for; `None`: it has arrived already.
    fn await_by(&self, cancel: &Cancel) -> Option<Cancel> {
        let mut state = self.0.lock();
        if state.has_arrived {
            return None;
        }
        let waiter = cancel.child();
        state.waiter = Some(waiter.clone());
        Some(waiter)
    }

    fn arrive(&self) {
        let waiter = {
            let mut state = self.0.lock();
            state.has_arrived = true;
            state.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.trigger(Error::new(libc::EINTR, "a signal has arrived"));
        }
    }
}

impl Ear for Arrivals {
    fn turn(&self, arrived: Set) -> Option<Instant> {
        if !arrived.is_empty() {
            self.arrive();
        }
        None
    }
}

#[cfg(all(test, loom))]
#[path = "models/on_signal.rs"]
mod models;
