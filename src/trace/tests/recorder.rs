//! Laws of the flight recorder:
//!
//! - a snapshot has the last moments, without a gap up to now, in bounded memory;
//! - tasks are known in it by name, however long ago they began;
//! - a trace does not disturb it, nor it a trace, and what is recorded goes on during a snapshot.

use std::ffi::CString;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::driver::{NONE, begin, end};
use super::scene::Scene;
use super::view::View;
use crate::base::events;
use crate::trace::control::Fault;
use crate::trace::{control, pool, snapshot};

/// A recorder that is on until it is dropped, as small as one can be.
struct Recorder;

impl Recorder {
    fn on() -> Recorder {
        snapshot::keep_last(1);
        Recorder
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        snapshot::keep_last(0);
    }
}

fn snapshot(scene: &Scene) -> View {
    snapshot::snapshot(&scene.path()).expect("a snapshot");
    scene.view()
}

/// Says these numbers, at length.
fn count(numbers: Range<u64>) {
    for number in numbers {
        let message = CString::new(format!("{number:01000}")).expect("no NUL");
        events::log(NONE, c"", &message);
    }
}

fn counted(view: &View) -> Vec<u64> {
    let logs = view.slices.iter().filter(|slice| slice.category == "log");
    logs.map(|slice| slice.name.parse().expect("a number"))
        .collect()
}

/// More than fits into the smallest recorder.
const MANY: u64 = 5_000;

#[test]
fn a_snapshot_has_the_last_moments_without_a_gap() {
    let scene = Scene::new("recorder_last");
    let _recorder = Recorder::on();
    count(0..MANY);
    assert!(pool::usage().0 <= 16);
    let numbers = counted(&snapshot(&scene));
    assert_eq!(numbers.last(), Some(&(MANY - 1)));
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    assert!((1_000..MANY as usize).contains(&numbers.len()));
}

#[test]
fn a_task_of_long_ago_is_known_by_its_name() {
    let scene = Scene::new("recorder_known");
    let parent = begin(c"parent", None);
    let _recorder = Recorder::on();
    let child = begin(c"child", Some(&parent));
    for _ in 0..10 {
        count(0..MANY / 10);
        events::log(Some(&*child), c"", c"0");
    }
    let finished = begin(c"finished", Some(&child));
    end(&finished);
    let view = snapshot(&scene);
    assert_eq!(view.one("parent").track, "parent");
    assert_eq!(view.one("finished").track, "parent/child/finished");
    let child = view.one("child");
    let start = view.slices.iter().map(|slice| slice.begin).min();
    assert_eq!((Some(child.begin), child.end), (start, None));
    assert_eq!(child.arguments["began"], "before the trace");
}

#[test]
fn it_is_on_or_off() {
    let scene = Scene::new("recorder_off");
    let refused = snapshot::snapshot(&scene.path());
    assert!(matches!(refused, Err(Fault::NotKept)));
    let recorder = Recorder::on();
    assert!(events::wanted());
    count(0..3);
    drop(recorder);
    assert!(!events::wanted());
    let _recorder = Recorder::on();
    count(3..6);
    assert_eq!(counted(&snapshot(&scene)), [3, 4, 5]);
}

#[test]
fn a_trace_and_the_recorder_have_both_what_is_theirs() {
    let mut scene = Scene::new("recorder_trace");
    let _recorder = Recorder::on();
    count(0..10);
    control::start(&scene.path()).expect("it starts");
    count(10..20);
    control::stop().expect("it is complete");
    assert_eq!(counted(&scene.view()), Vec::from_iter(10..20));
    assert!(events::wanted());
    count(20..30);
    let after = snapshot(scene.again("recorder_after"));
    assert_eq!(counted(&after), Vec::from_iter(0..30));
    // A trace may use more memory than the recorder, which must not keep it.
    let large = scene.again("recorder_large").trace(|| count(0..MANY));
    assert_eq!(counted(&large).len() as u64, MANY);
    assert!(pool::usage().0 <= 16);
}

#[test]
fn recording_goes_on_during_a_snapshot() {
    let scene = Scene::new("recorder_busy");
    let _recorder = Recorder::on();
    let goes_on = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on.load(Ordering::Relaxed) {
                let task = begin(c"task", None);
                events::region_end(events::region_begin(Some(&*task), c"region"));
                end(&task);
            }
        });
        for _ in 0..3 {
            count(0..5);
            let numbers = counted(&snapshot(&scene));
            assert_eq!(numbers[numbers.len() - 5..], [0, 1, 2, 3, 4]);
        }
        goes_on.store(false, Ordering::Relaxed);
    });
}
