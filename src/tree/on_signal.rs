//! A process that runs another at each arrival of a signal, until it is cancelled.

use libc::c_int;

use crate::base::clock::Instant;
use crate::base::error::{Error, Outcome};
use crate::base::sync::{Arc, Mutex};
use crate::engine::crew::NoThread;
use crate::engine::frames::{Context, What};
use crate::scope::cancel::Cancel;
use crate::scope::reloading::{Reload, Reloads};
use crate::signal::{self, Ear, Set};
use crate::tree::process::{self, Process};

pub(crate) struct OnSignal {
    signal: c_int,
    child: Process,
}

/// Runs until it is cancelled, which is what it is there for: then its child's echo of that is no error.
#[inline(never)]
pub(super) fn run(on_signal: &OnSignal, context: &Context<'_>) -> Outcome {
    let inside = Context {
        tree: 0,
        ..*context
    };
    inside.inside(What::OnSignal(on_signal.signal), || {
        let arrivals = Arc::new(Arrivals::of(on_signal.signal, inside.scope.handle()));
        let listening = signal::listen(arrivals.clone(), Set::of(on_signal.signal), None);
        inside.slot.time_passed(); // Also if no thread could be had: that is tried for a while.
        let listening = listening.map_err(|NoThread| no_thread())?;
        let outcome = serve(&arrivals, on_signal, &inside);
        drop(listening);
        outcome.or_else(|error| error.without_echo(inside.scope.handle().cause()))
    })
}

fn serve(arrivals: &Arrivals, on_signal: &OnSignal, context: &Context<'_>) -> Outcome {
    while let Some(reload) = wait(arrivals, context) {
        let outcome = process::run(&on_signal.child, context);
        drop(reload);
        outcome?;
    }
    Ok(())
}

/// Waits as `Arrivals` does. What runs then began after that, be it the child or what comes after this.
fn wait(arrivals: &Arrivals, context: &Context<'_>) -> Option<Reload> {
    let arrived = arrivals.wait(context.scope.handle());
    context.slot.time_passed();
    arrived
}

fn no_thread() -> Error {
    let text = "proc_on_signal: no thread could be had to listen for signals";
    Error::new(libc::EAGAIN, text)
}

impl OnSignal {
    pub(crate) fn new(signal: c_int, child: Process) -> OnSignal {
        OnSignal { signal, child }
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}

/// Whether the signal has arrived since its last arrival was taken: however often, it counts as once.
struct Arrivals {
    state: Mutex<State>,
    /// Where the configuration is loaded again when it arrives.
    reloads: Reloads,
}

#[derive(Default)]
struct State {
    arrived: Option<Reload>,
    /// What wakes the one who waits: a handle below his own, so that his own cancellation wakes him too.
    waiter: Option<Cancel>,
}

impl Arrivals {
    fn of(signal: c_int, handle: &Cancel) -> Arrivals {
        Arrivals {
            state: Mutex::new(State::default()),
            reloads: if signal == libc::SIGHUP {
                Reloads::under(handle)
            } else {
                Reloads::NONE
            },
        }
    }

    /// Waits until it arrives or the handle is cancelled (`None`). An arrival is taken once.
    fn wait(&self, cancel: &Cancel) -> Option<Reload> {
        if let Some(woken) = self.await_by(cancel) {
            woken.wait(None);
        }
        let mut state = self.state.lock();
        state.waiter = None;
        let arrived = state.arrived.take();
        drop(state);
        arrived.filter(|_| !cancel.cancelled())
    }

    /// What to wait for; `None`: it has arrived already.
    fn await_by(&self, cancel: &Cancel) -> Option<Cancel> {
        let mut state = self.state.lock();
        if state.arrived.is_some() {
            return None;
        }
        let waiter = cancel.child();
        state.waiter = Some(waiter.clone());
        Some(waiter)
    }

    fn arrive(&self) {
        let waiter = {
            let mut state = self.state.lock();
            let begin = || Reload::begin(self.reloads);
            state.arrived.get_or_insert_with(begin);
            state.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.strike_alone(&Error::new(libc::EINTR, "a signal has arrived"));
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
