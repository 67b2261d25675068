//! Time in a model: it passes only where a thread pauses, and then for longer than anybody is patient.
//!
//! Who pauses does not go on before another thread has made a step, if one can. So no model shows all
//! other threads held up for many ticks; the tests of `backlog_policy` know such histories.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::engine::backlog_policy::PATIENCE;

thread_local! {
    // All threads of a model run on one of the operating system's.
    static NOW: Cell<Instant> = Cell::new(Instant::now());
}

pub(crate) struct Clock;

impl Clock {
    pub(crate) fn now() -> Instant {
        NOW.get()
    }
}

/// Lets the others go on.
pub(crate) fn sleep(_: Duration) {
    NOW.set(NOW.get() + PATIENCE);
    loom::thread::yield_now();
}
