//! The locks of the trace, held across a `fork`, and what of a trace is not for the child.

use super::{control, hooks, of_run, pool, thread_buffer};

pub(crate) struct Held(control::Held, pool::Held, hooks::Held, of_run::Held);

/// To come before those of the crew, of which `start` takes a thread under its lock.
pub(crate) fn hold() -> Held {
    Held(control::hold(), pool::hold(), hooks::hold(), of_run::hold())
}

/// In a child of `fork`: what is recorded is the parent's. A flight recorder goes on, and is empty.
pub(crate) fn forget(held: Held) {
    let Held(current, lists, hooked, run) = held;
    of_run::forget(run);
    hooks::forget(hooked);
    pool::forget(lists);
    thread_buffer::after_fork();
    control::forget(current);
}
