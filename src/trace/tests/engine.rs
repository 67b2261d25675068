//! What trees of processes leave in a trace, with nobody's help. The same file is queried in Perfetto's own
//! trace processor (`tests/trace/check.py`).
//!
//! Laws:
//! - tasks and regions are where the tree has them, on whatever threads they run;
//! - a task that fails says how; one that only stopped as it was asked to says why;
//! - where another thread than that which started it runs a child or a job, a flow leads there;
//! - a task may outlive the trace, or have begun before it; its number stays the same.
//!
//! unsafe: callbacks are C's.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use super::scene::Scene;
use super::view::{Slice, View};
use crate::callback::{Callback, Function, UserData};
use crate::cancel::Node;
use crate::error::{self, Error};
use crate::job::{Job, Work};
use crate::process::{self, Kind, Process};
use crate::region::Region;
use crate::task::Task;
use crate::trace;

fn leaf(function: Function) -> Process {
    let (data, destroy) = (null_mut(), None);
    let user = UserData { data, destroy };
    Process::leaf(Callback { function, user })
}

fn combine(kind: Kind) -> Process {
    Process::combine(kind, |_| unreachable!("it is not deep"))
}

fn task(name: &CStr, child: Process) -> Process {
    combine(Kind::Task(Task::new(name, child)))
}

fn region(name: &CStr, child: Process) -> Process {
    combine(Kind::TraceRegion(Region::new(name, child)))
}

type Returned = *mut error::Node;

fn fail(error: Error) -> Returned {
    Arc::into_raw(error.into_arc()).cast_mut()
}

/// Waits until it is cancelled, and says so.
unsafe extern "C-unwind" fn waits(cancel: *mut Node, _: *mut c_void) -> Returned {
    // SAFETY: the library lends a valid handle.
    let cancel = unsafe { &*cancel };
    assert!(cancel.wait(None));
    fail(cancel.cause().expect("it is cancelled").clone())
}

unsafe extern "C-unwind" fn fails(cancel: *mut Node, _: *mut c_void) -> Returned {
    // SAFETY: the library lends a valid handle.
    let task = unsafe { &*cancel }.task().map(|task| &**task);
    trace::log(task, c"db", c"it will fail");
    fail(Error::new(5, "gone"))
}

unsafe extern "C-unwind" fn succeeds(_: *mut Node, _: *mut c_void) -> Returned {
    null_mut()
}

/// The caller runs the first child, which blocks; so a helper runs the second one.
fn request() -> Process {
    let query = region(c"query", leaf(fails));
    let children = vec![task(c"waits", leaf(waits)), task(c"fails", query)];
    task(c"request", combine(Kind::Group(children)))
}

fn start_job(process: Process) -> Arc<Job> {
    Job::start(Work {
        expected: process.expect_services(None),
        process,
        cancel: None,
        task: None,
        on_done: None,
    })
}

/// The arguments, as one text.
fn arguments(slice: &Slice) -> String {
    let texts: Vec<_> = slice
        .arguments
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    texts.join(" ")
}

/// Whether it lies within that one, in time.
fn is_within(inner: &Slice, outer: &Slice) -> bool {
    outer.begin < inner.begin && inner.end < outer.end && inner.end.is_some()
}

#[test]
fn a_tree_is_in_the_trace_as_it_ran() {
    let scene = Scene::new("engine_tree");
    let view = scene.trace(|| {
        let outcome = process::start("proc_run", &request(), None);
        assert!(outcome.is_err());
        let done = start_job(task(c"job", leaf(succeeds))).join();
        assert!(done.is_some_and(|outcome| outcome.is_ok()));
    });
    let names = ["request", "waits", "fails", "query", "it will fail", "job"];
    let [request, waits, fails, query, log, job] = names.map(|name| view.one(name));
    let tracks = [request, waits, fails, job].map(|slice| &*slice.track);
    assert_eq!(tracks, ["request", "request/waits", "request/fails", "job"]);
    assert!(is_within(waits, request) && is_within(fails, request));
    assert!(is_within(query, fails) && query.begin < log.begin && log.end < query.end);
    assert_eq!([query.task, log.task], [fails.task; 2]);
    let said = [request, waits, fails, query, job].map(arguments);
    let failed = "code=5 error=";
    assert_eq!(said[0], format!("{failed}fails: gone"));
    assert_eq!(said[1], "cancelled=fails: gone");
    assert_eq!(said[2], format!("{failed}gone"));
    assert_eq!([&said[3], &said[4]], ["", ""]);
    flows_lead_to_other_threads(&view);
    assert_eq!(view.slices.len(), names.len() + 2 * view.flows.len());
}

fn flows_lead_to_other_threads(view: &View) {
    let [(_, to_fails, Some(fails)), (_, to_job, Some(job))] = &view.flows[..] else {
        panic!("two flows: {:?}", view.flows);
    };
    let (request, query) = (view.one("request"), view.one("query"));
    assert_eq!((to_fails.task, fails.task), (request.task, request.task));
    assert_eq!((to_job.task, job.task), (None, None));
    assert_eq!(fails.track, query.track);
    assert_ne!(fails.track, to_fails.track);
    assert_ne!(job.track, to_job.track);
    assert!(fails.begin < view.one("fails").begin && job.begin < view.one("job").begin);
}

#[test]
fn a_task_that_returns_nothing_when_it_is_cancelled_says_why_it_ended() {
    let scene = Scene::new("engine_cancelled");
    let view = scene.trace(|| {
        let cancel = crate::cancel::Cancel::root(None);
        cancel.trigger(Error::new(4, "enough"));
        let outcome = process::start("proc_run", &task(c"stops", leaf(succeeds)), Some(cancel));
        assert!(outcome.is_ok());
    });
    assert_eq!(arguments(view.one("stops")), "cancelled=enough");
}
