//! What the program does before a forced end: it saves what it has acknowledged.
//!
//! Invariant:
//! - **A3 there beforehand.** Its thread is there before the process begins, and parked: when the program ends there may be none to be
//!   had. Nothing of the program runs on the thread that listens to signals.

use crate::base::clock::{self, Duration};
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::base::user_data::Notice;
use crate::engine::crew::{self, NoThread};
use crate::signal::{self, Delay};

/// How long it may take.
const LONGEST: Duration = Duration::from_secs(2);

pub(super) struct LastChance {
    code: Notice,
    state: Mutex<State>,
    /// Rung when that has changed.
    bell: Condvar,
}

/// That there is one; dropping it says that nobody ends the program any more.
pub(super) struct Prepared(pub(super) Arc<LastChance>);

#[derive(PartialEq, Eq)]
enum State {
    Parked,
    Taken,
    Over,
    /// The process has completed: there is none any more.
    Closed,
}

impl LastChance {
    pub(super) fn prepare(code: Notice) -> Result<Prepared, NoThread> {
        let this = Arc::new(LastChance {
            code,
            state: Mutex::new(State::Parked),
            bell: Condvar::new(),
        });
        crew::patiently(|| {
            let this = this.clone();
            crew::lend(Box::new(move || this.await_it()))
        })?;
        signal::delay_end(Delay::LastChance, true);
        Ok(Prepared(this))
    }

    /// What its thread does.
    fn await_it(&self) {
        let parked = |state: &mut State| *state == State::Parked;
        let state = self.bell.wait_while(self.state.lock(), parked);
        if *state == State::Closed {
            return;
        }
        drop(state);
        self.code.give();
        self.change(State::Over);
    }

    /// Returns when the program has had it, or has not come to an end with it in time.
    pub(super) fn give(&self) {
        let end = clock::now().checked_add(LONGEST);
        self.change(State::Taken);
        let goes_on = |state: &mut State| *state == State::Taken;
        drop((self.bell).wait_while_until(self.state.lock(), end, goes_on));
    }

    fn change(&self, state: State) {
        *self.state.lock() = state;
        self.bell.notify_all();
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        signal::delay_end(Delay::LastChance, false);
        self.0.change(State::Closed);
    }
}

/// In a child of `fork`: there is no thread for it.
pub(super) fn after_fork() {
    signal::delay_end(Delay::LastChance, false);
}
