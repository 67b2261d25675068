//! What is told of what happens: to the trace, to the hooks, and at the probes. No part of this is to be inlined in the engine,
//! which would need more of the stack for it, whether or not anybody wants to know.

use std::ffi::CStr;

use super::acquaint::{self, known};
use super::hooks::{self, tell};
use super::pen::{self, Place, record};
use super::record::Kind;
use super::{probes, switch};
use crate::cancel::Node;
use crate::error::Error;
use crate::task_run::{self, TaskRun};

/// A region that has begun on this thread: when it did.
pub(crate) struct Region(pub(crate) usize);

impl Region {
    /// Nobody wanted to know. (It is not 0, which is NULL in C.)
    pub(crate) const UNSEEN: Region = Region(1);
}

/// Where and when a thread starts what others may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    /// As the trace knows it.
    place: Place,
    /// As the hooks know it; 0: there were none.
    spawn: u64,
}

impl Origin {
    /// Nobody wanted to know.
    pub(crate) const NOWHERE: Origin = Origin {
        place: Place::NOWHERE,
        spawn: 0,
    };
}

#[inline(never)]
pub(super) fn task_begin(task: &TaskRun) {
    if switch::is_recording() {
        acquaint::begin(task);
    }
    if switch::is_hooked() {
        tell(|hooks| hooks.begin(task));
    }
    if switch::is_probed() {
        probes::task_begin(task);
    }
}

/// A task that only passes on why it was cancelled has not failed.
#[inline(never)]
pub(super) fn task_end(task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
    let has_failed = |error: &&Error| (*error).clone().without_echo(cause).is_err();
    let error = error.filter(has_failed);
    if switch::is_recording() {
        record_end(known(Some(task)), error, cause);
    }
    if switch::is_hooked() {
        tell(|hooks| hooks.end(task, error, cause));
    }
    if switch::is_probed() {
        probes::task_end(task, error, cause);
    }
}

fn record_end(task: u64, error: Option<&Error>, cause: Option<&Error>) {
    match (error, cause) {
        (Some(error), _) => {
            let code = error.code().cast_unsigned().into();
            record(Kind::TaskFailed, [task, code], [error.message().to_bytes()]);
        }
        (None, Some(cause)) => {
            record(Kind::TaskCancelled, [task], [cause.message().to_bytes()]);
        }
        (None, None) => {
            record(Kind::TaskEnd, [task], []);
        }
    }
}

#[inline(never)]
pub(super) fn region_begin(task: Option<&TaskRun>, name: &CStr) -> Region {
    let mut began = None;
    if switch::is_recording() {
        began = record(Kind::RegionBegin, [known(task)], [name.to_bytes()]);
    }
    let began = began.unwrap_or_else(pen::moment);
    if switch::is_hooked() {
        in_task(task, |hooks, task| {
            hooks.listener.region_begin(task, began, name);
        });
    }
    if switch::is_probed() {
        probes::region_begin(task, began, name);
    }
    Region(began as usize)
}

#[inline(never)]
pub(super) fn region_end(region: Region) {
    let region = region.0 as u64;
    if switch::is_recording() {
        record(Kind::RegionEnd, [region], []);
    }
    if switch::is_hooked() {
        tell(|hooks| hooks.listener.region_end(region));
    }
    if switch::is_probed() {
        probes::region_end(region);
    }
}

#[inline(never)]
pub(super) fn log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    if switch::is_recording() {
        let texts = [category.to_bytes(), message.to_bytes()];
        record(Kind::Log, [known(task)], texts);
    }
    if switch::is_hooked() {
        in_task(task, |hooks, task| {
            hooks.listener.log(task, category, message)
        });
    }
    if switch::is_probed() {
        probes::log(task, category, message);
    }
}

#[inline(never)]
pub(super) fn cancel(handle: &Node, cause: &Error) {
    if switch::is_probed() {
        probes::cancel(handle, cause);
    }
}

#[inline(never)]
pub(super) fn origin(task: Option<&TaskRun>) -> Origin {
    let mut origin = Origin::NOWHERE;
    if switch::is_recording() {
        origin.place = pen::place();
    }
    if switch::is_hooked() {
        origin.spawn = task_run::next_id();
        in_task(task, |hooks, task| hooks.listener.spawn(task, origin.spawn));
    }
    origin
}

#[inline(never)]
pub(super) fn arrive(origin: Origin, task: Option<&TaskRun>) {
    let Place { time, tid } = origin.place;
    if origin.place != Place::NOWHERE && switch::is_recording() {
        let from = tid.cast_unsigned().into();
        record(Kind::Arrival, [known(task), time, from], []);
    }
    if origin.spawn != 0 && switch::is_hooked() {
        in_task(task, |hooks, task| {
            hooks.listener.arrive(task, origin.spawn)
        });
    }
}

/// Tells the hooks of something in that task.
fn in_task(task: Option<&TaskRun>, what: impl FnOnce(&hooks::Hooks, Option<&hooks::Told<'_>>)) {
    tell(|hooks| what(hooks, task.map(|task| hooks.told(task)).as_ref()));
}
