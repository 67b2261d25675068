//! What happens, passed on: to the recorder, to the hooks, and at the probes.

use std::any::Any;
use std::ffi::{CStr, c_void};

use super::hooks::{self, tell};
use super::introduce::{self, in_trace, known};
use super::record::Kind;
use super::thread_buffer::{self, record};
use super::{epoch, pool, probes, regions};
use crate::base::clock::Instant;
use crate::base::ending::{self, Writer};
use crate::base::error::{Echoes, Error};
use crate::base::events::{self, Apart, Origin, Place, Region, Subscriber, Wait, Who};
use crate::engine::frames;
use crate::scope::task_run::{self, TaskRun};

struct Dispatch;

/// From now on, what happens is passed on. To be called as the library is loaded.
pub(crate) fn begin() {
    events::subscribe(&Dispatch);
    ending::set_writer(&Dispatch);
}

impl Subscriber for Dispatch {
    fn task_begin(&self, task: &dyn Any) {
        let task = run(task);
        if epoch::is_recording() {
            introduce::begin(task);
        }
        if Who::HOOKS.wants() {
            tell(|hooks| hooks.begin(task));
        }
        if Who::PROBES.wants() {
            probes::task_begin(task);
        }
    }

    /// A task that only passes on why it was cancelled has not failed.
    fn task_end(&self, task: &dyn Any, error: Option<&Error>, cause: Option<&Error>) {
        let task = run(task);
        let is_echo = |error: &Error| {
            cause.is_some_and(|cause| Echoes::of(std::slice::from_ref(cause)).is_echo(error))
        };
        let has_failed = |error: &&Error| !is_echo(error);
        let error = error.filter(has_failed);
        if epoch::is_recording() {
            record_end(task, error, cause);
        }
        if Who::HOOKS.wants() {
            tell(|hooks| hooks.end(task, error, cause));
        }
        if Who::PROBES.wants() {
            probes::task_end(task, error, cause);
        }
    }

    fn task_label(&self, task: &dyn Any) {
        let task = run(task);
        if epoch::is_recording() {
            let label = task.label();
            record(Kind::TaskLabel, [known(Some(task))], [in_trace(&label)]);
        }
    }

    fn region_begin(&self, task: Option<&dyn Any>, name: &CStr) -> Region {
        begin_region(task.map(run), name)
    }

    fn region_begin_here(&self, name: &CStr) -> Region {
        in_task_here(|task| begin_region(task, name))
    }

    /// Most are the innermost one.
    fn region_end(&self, region: Region) {
        if !regions::end_if_innermost(region.0) {
            return end_outer_region(&region);
        }
        if epoch::is_recording() {
            record(Kind::RegionEnd, [region.0 as u64], []);
        }
        if Who::TOLD.wants() {
            tell_region_ended(region.0 as u64);
        }
    }

    /// Hooks and probes know regions on one thread only: to them it ends there as it begins.
    fn apart_begin(&self, task: Option<&dyn Any>, name: &CStr) -> Apart {
        let task = task.map(run);
        let mut apart = Apart::UNSEEN;
        if epoch::is_recording() {
            let id = task_run::next_id();
            let began = record(Kind::ApartBegin, [id, known(task)], [name.to_bytes()]);
            apart = began.map_or(apart, |time| Apart { id, time });
        }
        if Who::TOLD.wants() {
            let began = thread_buffer::moment();
            regions::begin(began);
            tell_region_begun(task, began, name);
            tell_region_ends(began as usize);
        }
        apart
    }

    fn apart_end(&self, apart: Apart) {
        if epoch::is_recording() {
            record(Kind::ApartEnd, [apart.id, apart.time], []);
        }
    }

    fn log(&self, task: Option<&dyn Any>, category: &CStr, message: &CStr) {
        log(task.map(run), category, message);
    }

    fn log_here(&self, category: &CStr, message: &CStr) {
        in_task_here(|task| log(task, category, message));
    }

    fn cancel(&self, handle: *const c_void, cause: &Error) {
        if Who::PROBES.wants() {
            probes::cancel(handle, cause);
        }
    }

    /// While it has said in which call it waits; it has not, where something of ours waits, as for children.
    fn wait_begin(&self) -> Wait {
        let Some(call) = frames::waits_in().filter(|_| epoch::is_recording()) else {
            return Wait::UNSEEN;
        };
        frames::with_current(|context| {
            let task = context.and_then(|context| context.task);
            record_wait(task.map(|task| &**task), call.name())
        })
    }

    fn wait_end(&self, wait: Wait) {
        if epoch::is_recording() {
            record(Kind::RegionEnd, [wait.0], []);
        }
    }

    fn delay_begin(&self, task: Option<&dyn Any>) -> Wait {
        if epoch::is_recording() {
            record_wait(task.map(run), SUPERVISOR)
        } else {
            Wait::UNSEEN
        }
    }

    /// Hooks and probes hear of it as of any error: it is that of the task around.
    fn gave_up(&self, task: Option<&dyn Any>, message: &CStr) {
        if epoch::is_recording() {
            let texts = [SUPERVISOR.as_bytes(), message.to_bytes()];
            record(Kind::Log, [known(task.map(run))], texts);
        }
    }

    fn origin(&self, task: Option<&dyn Any>) -> Origin {
        let task = task.map(run);
        let mut origin = Origin::NOWHERE;
        if epoch::is_recording() {
            origin.place = thread_buffer::place(known(task));
        }
        if Who::HOOKS.wants() {
            origin.spawn = task_run::next_id();
            in_task(task, |hooks, task| {
                hooks.callbacks.spawn(task, origin.spawn)
            });
        }
        origin
    }

    fn arrive(&self, origin: Origin, task: Option<&dyn Any>) {
        let task = task.map(run);
        let Place {
            time,
            tid,
            task: by,
        } = origin.place;
        if origin.place != Place::NOWHERE && epoch::is_recording() {
            let from = u64::from(tid as u32);
            record(Kind::Arrival, [known(task), time, from, by], []);
        }
        if origin.spawn != 0 && Who::HOOKS.wants() {
            in_task(task, |hooks, task| {
                hooks.callbacks.arrive(task, origin.spawn)
            });
        }
    }
}

impl Writer for Dispatch {
    fn finish(&self, end: Instant) {
        pool::finish_if_read(end);
    }

    fn wait(&self, end: Instant) {
        pool::await_end_of_reading(end);
    }
}

/// Nothing else is told of as a task.
#[inline]
fn run(task: &dyn Any) -> &TaskRun {
    task.downcast_ref().expect("a task is a run of one")
}

/// How what a supervisor says and waits for is called.
const SUPERVISOR: &str = "proc_supervise";

fn record_wait(task: Option<&TaskRun>, name: &str) -> Wait {
    let began = record(Kind::WaitBegin, [known(task)], [name.as_bytes()]);
    began.map_or(Wait::UNSEEN, Wait)
}

fn record_end(task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
    let (id, label) = (known(Some(task)), task.label());
    let has_label = label.is_some();
    let label = in_trace(&label);
    match (error, cause) {
        (Some(error), _) => {
            let code = u64::from(error.code() as u32);
            let texts = [error.message().to_bytes(), label];
            record(Kind::TaskFailed, [id, code], texts);
        }
        (None, Some(cause)) => {
            let texts = [cause.message().to_bytes(), label];
            record(Kind::TaskCancelled, [id], texts);
        }
        (None, None) if has_label => {
            record(Kind::TaskEnd, [id], [label]);
        }
        // Most end so; it is the same record, sooner written.
        (None, None) => {
            record(Kind::TaskEnd, [id], []);
        }
    }
}

/// What is done in the task of the calling callback, if there is one.
#[inline(always)]
fn in_task_here<T>(what: impl FnOnce(Option<&TaskRun>) -> T) -> T {
    frames::with_current(|context| {
        what(context.and_then(|context| context.task).map(|task| &**task))
    })
}

#[inline(always)]
fn begin_region(task: Option<&TaskRun>, name: &CStr) -> Region {
    let mut began = None;
    if epoch::is_recording() {
        began = record(Kind::RegionBegin, [known(task)], [name.to_bytes()]);
    }
    let began = began.unwrap_or_else(thread_buffer::moment);
    regions::begin(began);
    if Who::TOLD.wants() {
        tell_region_begun(task, began, name);
    }
    Region(began as usize)
}

/// Ends a region that is not the innermost one, if it is open at all.
#[cold]
fn end_outer_region(region: &Region) {
    if epoch::is_recording() && regions::is_open(region.0) {
        record(Kind::RegionEnd, [region.0 as u64], []);
    }
    tell_region_ends(region.0);
}

fn tell_region_ends(began: usize) {
    while let Some(ended) = regions::end_innermost(began) {
        tell_region_ended(ended);
    }
}

// What is told to the program is kept out of line, for it takes more of the stack than all else.
#[cold]
#[inline(never)]
fn tell_region_begun(task: Option<&TaskRun>, began: u64, name: &CStr) {
    if Who::HOOKS.wants() {
        in_task(task, |hooks, task| {
            hooks.callbacks.region_begin(task, began, name);
        });
    }
    if Who::PROBES.wants() {
        probes::region_begin(task, began, name);
    }
}

#[cold]
#[inline(never)]
fn tell_region_ended(ended: u64) {
    if Who::HOOKS.wants() {
        tell(|hooks| hooks.callbacks.region_end(ended));
    }
    if Who::PROBES.wants() {
        probes::region_end(ended);
    }
}

#[inline(always)]
fn log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    if epoch::is_recording() {
        let texts = [category.to_bytes(), message.to_bytes()];
        record(Kind::Log, [known(task)], texts);
    }
    if Who::TOLD.wants() {
        tell_log(task, category, message);
    }
}

#[cold]
#[inline(never)]
fn tell_log(task: Option<&TaskRun>, category: &CStr, message: &CStr) {
    if Who::HOOKS.wants() {
        in_task(task, |hooks, task| {
            hooks.callbacks.log(task, category, message)
        });
    }
    if Who::PROBES.wants() {
        probes::log(task, category, message);
    }
}

/// Tells the hooks of something in that task.
fn in_task(task: Option<&TaskRun>, what: impl FnOnce(&hooks::Hooks, Option<&hooks::Told<'_>>)) {
    tell(|hooks| what(hooks, task.map(|task| hooks.told(task)).as_ref()));
}
