//! What trees of processes leave in a trace, with nobody's help. The same file is queried in Perfetto's own
//! trace processor (`tests/trace/check.py`).
//!
//! Laws:
//! - tasks and regions are where the tree has them, on whatever threads they run;
//! - a task that fails says how; one that only stopped as it was asked to says why;
//! - where another thread than that which started it runs a child or a job, a flow leads there, and on to its task;
//! - so does one from where a child is spawned, in the task of who spawns it, to where it begins in that of the nursery;
//! - what waits in a call of the library is a slice, in the task that waits;
//! - a task may outlive the trace, or have begun before it; its number stays the same.
//!
//! unsafe: callbacks are C's.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ffi::{CStr, c_void};
use std::fs;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::scene::Scene;
use super::view::{Slice, View};
use crate::base::clock;
use crate::base::error::{self, Error};
use crate::base::events;
use crate::base::user_data::UserData;
use crate::engine::leaf::Waiting;
use crate::engine::nursery::IfFull;
use crate::engine::{frames, slots, waiting};
use crate::live;
use crate::scope::cancel::Node;
use crate::scope::promise::Promise;
use crate::tree::await_promise::Await;
use crate::tree::callback::{Callback, Function};
use crate::tree::job::{Job, Work};
use crate::tree::nursery::{Nursery, Open, Options};
use crate::tree::process::{self, Kind, Process};
use crate::tree::region::Region;
use crate::tree::supervise::{self, Policy, Supervise};
use crate::tree::task::Task;

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
    error.into_raw().cast_mut()
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
    events::log(task, c"db", c"it will fail");
    fail(Error::new(5, "gone"))
}

unsafe extern "C-unwind" fn succeeds(_: *mut Node, _: *mut c_void) -> Returned {
    null_mut()
}

/// The caller runs the first child, which blocks; so a helper runs the second one.
fn request() -> Process {
    let query = region(c"query", leaf(fails));
    let children = vec![task(c"waits", leaf(waits)), task(c"fails", query)];
    task(c"request", combine(Kind::Group(children.into())))
}

fn start_job(process: Process) -> Arc<Job> {
    Job::start(Work {
        start_site: frames::job_site(false),
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
        assert!(matches!(done, Ok(Ok(()))));
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
    assert_eq!(view.slices.len(), names.len() + view.flows.len());
}

fn flows_lead_to_other_threads(view: &View) {
    let [
        (to_fails, fails),
        (on_to_fails, task_fails),
        (to_job, job),
        (on_to_job, task_job),
    ] = &view.flows[..]
    else {
        panic!("two flows of two arrows: {:?}", view.flows);
    };
    assert_eq!((on_to_fails, on_to_job), (fails, job));
    assert_eq!(
        [&task_fails.name, &task_job.name].map(|name| &**name),
        ["fails", "job"]
    );
    let (request, query) = (view.one("request"), view.one("query"));
    assert_eq!((to_fails.task, fails.task), (request.task, request.task));
    assert_eq!((to_job.task, job.task), (None, None));
    assert_eq!(fails.track, query.track);
    assert_ne!(fails.track, to_fails.track);
    assert_ne!(job.track, to_job.track);
    assert!(fails.begin < view.one("fails").begin && job.begin < view.one("job").begin);
}

/// Whether a thread sleeps in `proc_spawn`.
fn one_waits_for_a_place() -> bool {
    let mut found = false;
    slots::each(|slot, look| {
        let running = slot.look(look, |_| ());
        let state = || fs::read_to_string(format!("/proc/self/task/{}/stat", running.thread));
        let sleeps = || state().is_ok_and(|state| state.contains(") S "));
        found |= running.waiting == Some(Waiting::Spawn) && sleeps();
    });
    found
}

/// Waits for a moment, and again, as a callback does in `proc_wait`, until one has waited for a place.
unsafe extern "C-unwind" fn pauses(cancel: *mut Node, _: *mut c_void) -> Returned {
    while {
        let end = clock::now().checked_add(Duration::from_millis(1));
        // SAFETY: the library lends a valid handle.
        waiting::during(Waiting::Wait, || unsafe { &*cancel }.wait(end));
        !HAS_WAITED.fetch_or(one_waits_for_a_place(), Ordering::Relaxed)
    } {}
    null_mut()
}

static HAS_WAITED: AtomicBool = AtomicBool::new(false);
static NESTED_IS_SPAWNED: AtomicBool = AtomicBool::new(false);

fn spawn(nursery: *mut c_void, name: &CStr, function: Function, data: *mut c_void) {
    let user = UserData {
        data,
        destroy: None,
    };
    let child = task(name, Process::leaf(Callback { function, user }));
    // SAFETY: who calls this is lent the nursery, or runs in it.
    let nursery = unsafe { &*nursery.cast::<Open>() };
    let spawned = nursery.spawn(child, IfFull::Wait);
    assert!(matches!(spawned, Some(Ok(()))));
}

unsafe extern "C-unwind" fn spawns_nested(cancel: *mut Node, nursery: *mut c_void) -> Returned {
    spawn(nursery, c"nested", pauses, null_mut());
    NESTED_IS_SPAWNED.store(true, Ordering::Relaxed);
    // SAFETY: what is lent is passed on.
    unsafe { pauses(cancel, null_mut()) }
}

unsafe extern "C-unwind" fn spawns(nursery: *mut Open, _: *mut Node, _: *mut c_void) -> Returned {
    let nursery = nursery.cast();
    spawn(nursery, c"first", spawns_nested, nursery);
    while !NESTED_IS_SPAWNED.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    spawn(nursery, c"second", succeeds, null_mut());
    null_mut()
}

/// Two children run at once; one of them spawns the other, and the body a third, which waits for a place.
fn nursery() -> Process {
    let (data, destroy) = (null_mut(), None);
    let options = Options {
        limit: 2,
        ..Options::default()
    };
    let nursery = Nursery::new(spawns, UserData { data, destroy }, options);
    task(c"serve", combine(Kind::Nursery(Box::new(nursery))))
}

#[test]
fn who_spawned_a_child_and_what_it_waited_for_is_in_the_trace() {
    let scene = Scene::new("engine_nursery");
    let view = scene.trace(|| {
        let outcome = process::start("proc_run", &nursery(), None);
        assert!(outcome.is_ok());
    });
    let [serve, first, nested, second] =
        ["serve", "first", "nested", "second"].map(|name| view.one(name));
    let children = [first, nested, second].map(|child| &*child.track);
    assert_eq!(children, ["serve/first", "serve/nested", "serve/second"]);
    for (child, spawner) in [(first, serve), (nested, first), (second, serve)] {
        let to = |to: &Slice| view.flows.iter().find(|flow| flow.1 == *to);
        let mut begun = child.clone();
        begun.end = None;
        let (arrive, _) = to(&begun).expect("a flow leads to its task");
        let (spawn, _) = to(arrive).expect("a flow leads to where it begins");
        assert_eq!((spawn.task, arrive.task), (spawner.task, serve.task));
        assert!(spawn.begin < arrive.begin && arrive.begin < child.begin);
    }
    let spawns = view.one("proc_spawn");
    assert_eq!((&*spawns.category, spawns.task), ("wait", serve.task));
    assert!(spawns.end > Some(spawns.begin) && second.begin > spawns.begin);
    let waited: HashSet<_> = view.named("proc_wait").map(|wait| wait.task).collect();
    assert_eq!(waited, HashSet::from([first.task, nested.task]));
}

/// It fails twice, which is once too often.
fn supervised() -> Process {
    let policy = Policy {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::MAX,
        jitter_percent: 0,
        healthy_after: Duration::MAX,
        most: 1,
        within: Duration::MAX,
    };
    let options = supervise::Options {
        policy,
        restart_on_success: false,
        restart: None,
    };
    let child = task(c"service", leaf(fails));
    let supervise = Supervise::new(options, child);
    task(c"main", combine(Kind::Supervise(Box::new(supervise))))
}

#[test]
fn each_run_of_a_supervised_child_its_delay_and_that_it_is_given_up_is_in_the_trace() {
    let scene = Scene::new("engine_supervise");
    let view = scene.trace(|| {
        let outcome = process::start("proc_run", &supervised(), None);
        assert!(outcome.is_err());
    });
    let main = view.one("main");
    let of = |name| view.named(name).collect::<Vec<_>>();
    let (runs, services) = (of("supervised"), of("service"));
    assert_eq!((runs.len(), services.len()), (2, 2));
    for (run, service) in runs.iter().zip(&services) {
        assert!(is_within(service, run) && is_within(run, main));
        assert_eq!((&*run.category, run.task), ("region", main.task));
    }
    let delay = view.one("proc_supervise");
    assert_eq!((&*delay.category, delay.task), ("wait", main.task));
    assert!(runs[0].end < Some(delay.begin) && delay.end < Some(runs[1].begin));
    let is_log = |slice: &&Slice| slice.category == "log" && slice.task == main.task;
    let logs: Vec<_> = view.slices.iter().filter(is_log).collect();
    let [failed, gave_up] = logs[..] else {
        panic!("one failure and the end: {logs:?}");
    };
    assert_eq!(failed.name, "service: gone");
    assert!(gave_up.name.starts_with("gave up after 2 failures in "));
    assert!(gave_up.name.ends_with(": service: gone") && gave_up.begin > runs[1].begin);
    assert_eq!(
        [failed, gave_up].map(arguments),
        ["category=proc_supervise"; 2]
    );
}

#[test]
fn a_task_that_returns_nothing_when_it_is_cancelled_says_why_it_ended() {
    let scene = Scene::new("engine_cancelled");
    let view = scene.trace(|| {
        let cancel = crate::scope::cancel::Cancel::root(None);
        cancel.trigger(Error::new(4, "enough"));
        let outcome = process::start("proc_run", &task(c"stops", leaf(succeeds)), Some(&cancel));
        assert!(outcome.is_ok());
    });
    assert_eq!(arguments(view.one("stops")), "cancelled=enough");
}

#[test]
fn what_waits_without_a_thread_is_in_the_trace_until_it_has_ended() {
    let scene = Scene::new("engine_waits");
    let view = scene.trace(|| {
        let promise = Promise::new();
        let awaits = || Process::awaiting(Await::new(promise.node().clone()));
        let waits = task(c"waits", region(c"around", awaits()));
        let children = vec![waits, region(c"beside", awaits())];
        let job = start_job(task(c"request", combine(Kind::Concurrent(children.into()))));
        while live::text(&live::look()).matches("await").count() < 2 {
            std::thread::yield_now();
        }
        promise.complete(Err(Error::new(5, "gone")));
        assert!(matches!(job.join(), Ok(Err(_))));
    });
    let [request, waits, around, beside] =
        ["request", "waits", "around", "beside"].map(|name| view.one(name));
    assert!(is_within(waits, request) && is_within(around, waits) && is_within(beside, request));
    assert_eq!(around.track, "request/waits/around");
    assert_eq!(beside.track, "request/beside");
    assert_eq!((around.task, beside.task), (waits.task, request.task));
    assert_eq!(arguments(waits), "code=5 error=gone");
}
