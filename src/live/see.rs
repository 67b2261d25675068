//! Copies what one thread runs, under its slot's lock.

use super::{Cancelled, Process, RUNNING};
use crate::backlog::Backlog;
use crate::cancel::Scope;
use crate::clock;
use crate::frames::{Frame, Running, Slot, What};
use crate::leaf::{self, Call};
use crate::signal;
use crate::task_run::TaskRun;

/// A frame.
pub(super) struct Seen {
    /// The callback that the thread ran when it came here.
    pub(super) caller: Option<Call>,
    pub(super) process: Process,
    pub(super) place: Place,
}

/// Where a frame's process belongs.
pub(super) enum Place {
    /// Inside of the next frame.
    Here,
    /// There as well, and others may help with it: the work's address.
    Publishes(usize),
    /// Where the work was published that the frame is there to help with.
    Helps(usize),
}

pub(super) fn thread(slot: &Slot) -> (Vec<Seen>, Running) {
    let mut frames = Vec::new();
    let running = slot.look(|frame| frames.push(see(frame)));
    for frame in &mut frames {
        frame.process.thread = running.thread;
    }
    (frames, running)
}

fn see(frame: &Frame<'_>) -> Seen {
    let (kind, name, place) = what(&frame.what);
    Seen {
        caller: Some(frame.caller).filter(|caller| *caller != leaf::NONE),
        process: Process {
            kind,
            name,
            path: TaskRun::path(frame.task),
            thread: 0, // Known when the frames have been seen.
            age_ns: age(frame.since),
            doing: RUNNING,
            cancelled: cancelled(frame.scope),
            not_started: not_started(&frame.what),
            function: None,
            inside: None,
            children: Vec::new(),
        },
        place,
    }
}

fn what(what: &What<'_>) -> (&'static str, Option<String>, Place) {
    match what {
        What::Run(function) => (function, None, Place::Here),
        What::Help(work) => (work.name(), None, Place::Helps(address(*work))),
        What::Children(name, None) => (name, None, Place::Here),
        What::Children(name, Some(work)) => (name, None, Place::Publishes(address(work.backlog()))),
        What::Sequence => ("sequence", None, Place::Here),
        What::Task(name) => ("task", Some(text(name)), Place::Here),
        What::Region(name) => ("trace_region", Some(text(name)), Place::Here),
        What::OnSignal(number) => ("on_signal", Some(signal::name(*number)), Place::Here),
    }
}

fn not_started(what: &What<'_>) -> usize {
    match what {
        What::Help(work) => work.unclaimed(),
        What::Children(_, Some(work)) => work.backlog().unclaimed(),
        _ => 0,
    }
}

fn address(work: &dyn Backlog) -> usize {
    std::ptr::from_ref(work).cast::<()>() as usize
}

fn text(name: &std::ffi::CStr) -> String {
    name.to_string_lossy().into_owned()
}

fn cancelled(scope: &Scope<'_>) -> Option<Cancelled> {
    let handle = scope.existing()?;
    let cause = handle.cause()?;
    Some(Cancelled {
        age_ns: age(handle.struck_at()),
        code: cause.code(),
        cause: text(cause.message()),
    })
}

/// How long ago that was.
pub(super) fn age(since: u64) -> u64 {
    clock::exact().saturating_sub(since)
}
