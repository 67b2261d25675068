//! Handles that are cancelled when others begin to drain, and the event in each run of `proc_main` that has them so.

use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::sync::{Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::cancel::{self, Cancel, Struck};
use crate::scope::drain::{self, Main};

per_world!(PRESENT: Mutex<Present> = Mutex::new(Present::NONE));

/// The present run of `proc_main`.
pub(crate) struct Present {
    main: Main,
    /// Cancelled when it begins to drain; made when somebody first asks for the drain handle of one below it.
    event: Option<Cancel>,
    /// Why it drains.
    cause: Option<Error>,
}

impl Present {
    const NONE: Present = Present {
        main: 0,
        event: None,
        cause: None,
    };
}

/// That a run of `proc_main` is the present one; dropping this ends that.
pub(crate) struct Begun;

/// Begins a run, of which there is one at a time.
pub(crate) fn main_begins(main: Main) -> Begun {
    PRESENT.lock().main = main;
    Begun
}

impl Drop for Begun {
    fn drop(&mut self) {
        let over = std::mem::replace(&mut *PRESENT.lock(), Present::NONE);
        drop(over); // Under no lock.
    }
}

/// All handles of the present run begin to drain, for that reason. What there is to do of the program's is left to the caller.
pub(crate) fn begin(main: Main, cause: &Error) -> Option<Struck> {
    drain::begin(main);
    let event = {
        let mut present = PRESENT.lock();
        present.cause = Some(cause.clone());
        present.event.clone()
    };
    event.map(|event| event.strike_all(cause))
}

/// The drain handle of that one.
pub(crate) fn of(cancel: &Cancel) -> Common<cancel::Node> {
    cancel.drain_handle(|| event_of(cancel.main()))
}

fn event_of(main: Main) -> Option<Cancel> {
    let mut present = PRESENT.lock();
    if main == 0 || present.main != main {
        return None;
    }
    let cause = present.cause.clone();
    let event = present.event.get_or_insert_with(|| {
        let event = Cancel::root(None);
        cause.iter().for_each(|cause| event.strike_alone(cause));
        event
    });
    Some(event.clone())
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Present>;

pub(crate) fn hold() -> Held {
    PRESENT.lock()
}
