//! The trace: what happens in the program, as an open format, for a viewer that people have already.
//!
//! The rooms, in reading order (`docs/trace.md` has the protocol and the format):
//!
//! - here are the calls which the engine makes; they cost one load and a branch while nothing is on;
//! - `control` starts and stops a trace, `snapshot` writes what the flight recorder has;
//! - `acquaint` makes tasks known that began before;
//! - `drain` writes a trace to its `file`, `merge` brings records in order, `story` says what they mean;
//! - `perfetto` is what that looks like, in `packet`s, with `intern`ed names, `encode`d;
//! - `threads` is what a story knows of threads;
//! - `pen` is with what each thread writes; `pool` has the chunks, in `lists`; `chunk` is one, in `memory`;
//! - `record` is how an event lies there; `switch` is whether anything is recorded.

mod acquaint;
mod answer;
mod chunk;
mod control;
mod drain;
mod encode;
mod file;
mod intern;
mod lists;
mod memory;
mod merge;
mod packet;
mod pen;
mod perfetto;
mod pool;
mod record;
mod snapshot;
mod story;
mod switch;
#[cfg(all(test, not(loom)))]
mod tests;
mod threads;

use std::ffi::CStr;

pub(crate) use acquaint::{Seen, Task};
pub(crate) use control::{Fault, start, stop};
pub(crate) use pen::Origin;
pub(crate) use perfetto::Ended;
pub(crate) use snapshot::{keep_last, snapshot};

use record::Kind;

/// Whether anything is recorded.
#[inline]
pub(crate) fn enabled() -> bool {
    switch::epoch() != switch::OFF
}

/// A task begins.
#[inline]
pub(crate) fn task_begin(task: &impl Task) {
    if enabled() {
        acquaint::begin(task);
    }
}

/// A task ends.
#[inline]
pub(crate) fn task_end(task: &impl Task, how: Ended<'_>) {
    if enabled() {
        let id = acquaint::known(Some(task));
        match how {
            Ended::Well => pen::record(Kind::TaskEnd, [id], []),
            Ended::Failed { code, text } => {
                let code = u64::from(code.cast_unsigned());
                pen::record(Kind::TaskFailed, [id, code], [text])
            }
            Ended::Cancelled { cause } => pen::record(Kind::TaskCancelled, [id], [cause]),
        };
    }
}

/// A region that has begun on this thread.
pub(crate) struct Region(u64);

/// A region begins on the calling thread.
#[inline]
pub(crate) fn region_begin(task: Option<&impl Task>, name: &CStr) -> Region {
    if !enabled() {
        return Region(0);
    }
    let began = pen::record(
        Kind::RegionBegin,
        [acquaint::known(task)],
        [name.to_bytes()],
    );
    Region(began.unwrap_or(0))
}

/// The innermost region of the calling thread ends. One that began when nothing was recorded does not
/// show.
#[inline]
pub(crate) fn region_end(region: Region) {
    if region.0 != 0 && enabled() {
        pen::record(Kind::RegionEnd, [region.0], []);
    }
}

/// Says something, on the calling thread.
#[inline]
pub(crate) fn log(task: Option<&impl Task>, category: &CStr, message: &CStr) {
    if enabled() {
        let texts = [category.to_bytes(), message.to_bytes()];
        pen::record(Kind::Log, [acquaint::known(task)], texts);
    }
}

/// Where the calling thread starts what others may do.
#[inline]
pub(crate) fn origin() -> Origin {
    if enabled() {
        pen::origin()
    } else {
        Origin::NOWHERE
    }
}

/// The calling thread does what was started there, on another thread.
#[inline]
pub(crate) fn arrive(origin: Origin, task: Option<&impl Task>) {
    if origin != Origin::NOWHERE && enabled() {
        let words = [
            acquaint::known(task),
            origin.time,
            origin.tid.cast_unsigned().into(),
        ];
        pen::record(Kind::Arrival, words, []);
    }
}

/// The locks of the trace, held across a `fork`.
pub(crate) struct Held(control::Held, pool::Held);

/// To come before those of the crew, of which `start` takes a thread under its lock.
pub(crate) fn hold() -> Held {
    Held(control::hold(), pool::hold())
}

/// In a child of `fork`: what is recorded is the parent's. A flight recorder goes on, and is empty.
pub(crate) fn forget(held: Held) {
    let Held(current, lists) = held;
    pool::forget(lists);
    pen::after_fork();
    control::forget(current);
}
