//! The trace: what happens in the program, as an open format, for a viewer that people have already.
//!
//! The rooms, in reading order (`docs/trace.md` has the protocol and the format):
//!
//! - here are the calls which the engine makes; they cost one load and a branch while nothing is on, and
//!   `events` is what they do else, `hooks` whom of the program they tell, `probes` who else can look;
//! - `control` starts and stops a trace, `environment` if that asks for one; `snapshot` writes what the flight recorder has;
//! - `acquaint` makes tasks known that began before;
//! - `drain` writes a trace to its `file`, `merge` brings records in order, `story` says what they mean;
//! - `perfetto` is what that looks like, in `packet`s, with `intern`ed names, `encode`d;
//! - `threads` is what a story knows of threads;
//! - `pen` is with what each thread writes; `pool` has the chunks, in `lists`; `chunk` is one, in `memory`;
//! - `record` is how an event lies there; `switch` is whether anybody wants to know.

mod acquaint;
mod answer;
mod chunk;
mod control;
mod drain;
mod encode;
mod environment;
mod events;
mod file;
mod hooks;
mod intern;
mod lists;
mod memory;
mod merge;
mod packet;
mod pen;
mod perfetto;
mod pool;
mod probes;
mod record;
mod snapshot;
mod story;
mod switch;
#[cfg(all(test, not(loom)))]
mod tests;
mod threads;

use std::ffi::CStr;

pub(crate) use acquaint::Seen;
pub(crate) use control::{Fault, start, stop};
pub(crate) use environment::start_if_asked;
pub(crate) use events::{Origin, Region};
pub(crate) use hooks::{Listener, Told, Word, WordOfTask, WouldWaitForItself, set as set_hooks};
pub(crate) use snapshot::{keep_last, snapshot};

use crate::cancel::Node;
use crate::error::Error;
use crate::task_run::TaskRun;

/// Whether anybody wants to know what happens: what it costs to tell it is worth the while then.
#[inline]
pub(crate) fn enabled() -> bool {
    switch::wanted()
}

/// A task begins.
#[inline]
pub(crate) fn task_begin(task: &TaskRun) {
    if enabled() {
        events::task_begin(task);
    }
}

/// A task ends, with that error, or well; the cause is why it was cancelled, if it was, and is asked for
/// only if somebody wants to know.
#[inline]
pub(crate) fn task_end<'a>(
    task: &TaskRun,
    error: Option<&Error>,
    cause: impl FnOnce() -> Option<&'a Error>,
) {
    if enabled() {
        events::task_end(task, error, cause());
    }
    task.seen().end();
}

/// A region begins on the calling thread.
#[inline]
pub(crate) fn region_begin(task: Option<&TaskRun>, name: &CStr) -> Region {
    if enabled() {
        events::region_begin(task, name)
    } else {
        Region::UNSEEN
    }
}

/// The innermost region of the calling thread ends. One that began when nobody wanted to know does not
/// show.
#[inline]
pub(crate) fn region_end(region: Region) {
    if region.0 != Region::UNSEEN.0 && enabled() {
        events::region_end(region);
    }
}

/// Says something, on the calling thread.
#[inline]
pub(crate) fn log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    if enabled() {
        events::log(task, category, message);
    }
}

/// A handle is cancelled, and all below it will be.
#[inline]
pub(crate) fn cancel(handle: &Node, cause: &Error) {
    if enabled() {
        events::cancel(handle, cause);
    }
}

/// Where the calling thread starts what others may do.
#[inline]
pub(crate) fn origin(task: Option<&TaskRun>) -> Origin {
    if enabled() {
        events::origin(task)
    } else {
        Origin::NOWHERE
    }
}

/// The calling thread does what was started there, on another thread.
#[inline]
pub(crate) fn arrive(origin: Origin, task: Option<&TaskRun>) {
    if enabled() {
        events::arrive(origin, task);
    }
}

/// The locks of the trace, held across a `fork`.
pub(crate) struct Held(control::Held, pool::Held, hooks::Held);

/// To come before those of the crew, of which `start` takes a thread under its lock.
pub(crate) fn hold() -> Held {
    Held(control::hold(), pool::hold(), hooks::hold())
}

/// In a child of `fork`: what is recorded is the parent's. A flight recorder goes on, and is empty.
pub(crate) fn forget(held: Held) {
    let Held(current, lists, hooked) = held;
    hooks::forget(hooked);
    pool::forget(lists);
    pen::after_fork();
    control::forget(current);
}
