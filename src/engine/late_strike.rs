//! A cancellation that comes at a moment: a deadline's, or one from above that comes late.
//!
//! It is struck by a thread that has other things to do as well, so what there is to do of the program's is handed over.
//!
//! Invariant:
//! - **Z2 over is over.** After its end it is not struck any more, and if it was, its hooks have run.

use crate::base::clock::Instant;
use crate::base::sync::{Arc, Condvar, Mutex, Weak};
use crate::engine::crew::{self, Due};
use crate::engine::timer::{self, Ticket};
use crate::scope::activity::{self, Activities};
use crate::scope::cancel::{Cancel, Node, Striker, Struck};
use crate::scope::listener::Listener;

pub(crate) struct LateStrike {
    /// What waits for its hooks is a part of these.
    activities: Activities,
    state: Mutex<State>,
    /// Rung when it has been struck.
    bell: Condvar,
}

struct State {
    /// How it is struck; `None`: it was, or it is over.
    strike: Option<Strike>,
    /// When that is to be done, if it is.
    ticket: Option<Ticket>,
    is_striking: bool,
    /// What it has left to do: the hooks.
    due: Option<Due>,
}

type Strike = Box<dyn FnOnce() -> Option<Struck> + Send>;

/// The moment has come.
impl Listener for LateStrike {
    fn tell(&self) {
        self.strike();
    }
}

impl LateStrike {
    pub(crate) fn new(
        activities: Activities,
        strike: impl FnOnce() -> Option<Struck> + Send + 'static,
    ) -> Arc<LateStrike> {
        Arc::new(LateStrike {
            activities,
            state: Mutex::new(State {
                strike: Some(Box::new(strike)),
                ticket: None,
                is_striking: false,
                due: None,
            }),
            bell: Condvar::new(),
        })
    }

    fn begin(&self) -> Option<Strike> {
        let mut state = self.state.lock();
        let strike = state.strike.take();
        state.is_striking |= strike.is_some();
        strike
    }
}

impl Striker for LateStrike {
    fn strike_at(self: Arc<Self>, moment: Instant) {
        let mut state = self.state.lock();
        if state.strike.is_some() && state.ticket.is_none() {
            let told: Weak<LateStrike> = Arc::downgrade(&self);
            state.ticket = Some(timer::tell_at(moment, told));
        }
    }

    fn strike(&self) {
        let Some(strike) = self.begin() else {
            return;
        };
        // Under no lock: it tells others in turn.
        let due = activity::within(self.activities.clone(), || {
            strike().and_then(Struck::rest).map(crew::hand_over)
        });
        let mut state = self.state.lock();
        state.is_striking = false;
        state.due = due;
        self.bell.notify_all();
    }

    fn end(&self) {
        let mut state = self.state.lock();
        let strike = state.strike.take();
        let striking = |state: &mut State| state.is_striking;
        state = self.bell.wait_while(state, striking);
        let (ticket, due) = (state.ticket.take(), state.due.take());
        drop(state);
        drop(strike);
        ticket.into_iter().for_each(timer::forget);
        due.into_iter().for_each(Due::settle);
    }
}

impl Drop for LateStrike {
    fn drop(&mut self) {
        let ticket = self.state.lock().ticket.take();
        ticket.into_iter().for_each(timer::forget);
    }
}

/// Has the deadline of a handle strike at its moment, if there is one. To be called before somebody else is to hear of it than who asks
/// or waits: a hook, a descriptor, who listens.
#[inline]
pub(crate) fn watch(cancel: &Cancel) {
    if cancel.deadline().is_some() {
        watch_nearest(cancel);
    }
}

#[cold]
fn watch_nearest(cancel: &Cancel) {
    let Some((deadline, owner)) = cancel.deadline_above() else {
        return;
    };
    let striker = deadline.striker(|| {
        LateStrike::new(deadline.activities(), move || {
            owner.upgrade().map(Node::strike_over)
        })
    });
    striker.strike_at(deadline.moment());
}

/// Strikes the deadline of a handle, if it has come and nobody has done so yet. To be called where that is noticed.
pub(crate) fn strike_if_over(cancel: &Cancel) {
    timer::come_by();
    if cancel.is_to_be_struck() {
        strike_over(cancel);
    }
}

#[cold]
fn strike_over(cancel: &Cancel) {
    let Some((deadline, owner)) = cancel.deadline_above() else {
        return;
    };
    if let Some(striker) = deadline.watched() {
        return striker.strike();
    }
    // So it has no hooks, for which the end of a run would have to wait (Z2).
    let struck = owner.upgrade().map(Node::strike_over);
    struck.and_then(Struck::rest).map(crew::hand_over);
}

#[cfg(all(test, loom))]
#[path = "models/late_strike.rs"]
mod models;
