//! Laws of a trace under load:
//!
//! - a million events of eight threads are all there, in order;
//! - starting and stopping while thousands of tasks run leaves whole traces;
//! - threads that come and go neither lose events nor use up memory;
//! - what cannot be written in time is lost, and counted; the program goes on, and so does the trace.

use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::driver::{NONE, begin, end};
use super::scene::Scene;
use super::view::{Slice, View};
use crate::base::events;
use crate::trace::{control, pool, thread_buffer};

/// Runs code on so many threads, each with its number.
fn on_threads(count: usize, code: impl Fn(usize) + Send + Sync) {
    thread::scope(|scope| {
        for number in 0..count {
            let code = &code;
            scope.spawn(move || code(number));
        }
    });
}

const ROUNDS: u64 = 20_833;

/// Six events a round: eight threads make a million of them.
fn work(number: usize) {
    let name = CString::new(format!("worker {number}")).expect("no NUL");
    for _ in 0..ROUNDS {
        let task = begin(&name, None);
        let outer = events::region_begin(Some(&*task), c"outer");
        events::region_end(events::region_begin(Some(&*task), c"inner"));
        events::region_end(outer);
        end(&task);
    }
}

#[test]
fn a_million_events_of_eight_threads_are_all_there() {
    let scene = Scene::new("load_million");
    let view = scene.trace(|| on_threads(8, work));
    assert_eq!(view.lost, [0; 0]);
    assert_eq!(view.slices.len() as u64, 3 * 8 * ROUNDS);
    for number in 0..8 {
        let name = format!("worker {number}");
        assert_eq!(view.named(&name).count() as u64, ROUNDS);
    }
    let is_whole = |slice: &Slice| slice.end.is_some_and(|end| end > slice.begin);
    assert!(view.slices.iter().all(is_whole));
    let depths = |name| view.named(name).map(|slice| slice.depth);
    assert!(depths("outer").all(|depth| depth == 0));
    assert!(depths("inner").all(|depth| depth == 1));
    let mut tasks: Vec<_> = view.named("inner").map(|slice| slice.task).collect();
    tasks.sort();
    tasks.dedup();
    assert_eq!(tasks.len() as u64, 8 * ROUNDS);
}

/// A task that runs while traces come and go, with all that it does inside of it.
fn run_one(name: &CStr) {
    let task = begin(name, None);
    let child = begin(c"child", Some(&task));
    let region = events::region_begin(Some(&*child), c"region");
    events::log(Some(&*child), c"load", c"here");
    events::region_end(region);
    end(&child);
    end(&task);
}

/// Whatever was cut off by the beginning or the end of the trace, what is there is in its place, and no
/// task is there twice.
fn is_consistent(view: &View) {
    let is_task = |slice: &&Slice| slice.category == "task";
    let mut tasks: Vec<_> = view
        .slices
        .iter()
        .filter(is_task)
        .map(|slice| slice.task)
        .collect();
    let count = tasks.len();
    tasks.sort();
    tasks.dedup();
    assert_eq!(tasks.len(), count);
    for slice in &view.slices {
        match slice.name.as_str() {
            "task" => assert_eq!(slice.track, "task"),
            "child" => assert_eq!(slice.track, "task/child"),
            "region" | "here" => assert!(slice.task.is_some()),
            name => panic!("there is no {name}"),
        }
    }
}

#[test]
fn traces_may_start_and_stop_while_thousands_of_tasks_run() {
    let scene = Scene::new("load_start_stop");
    let goes_on = AtomicBool::new(true);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while goes_on.load(Ordering::Relaxed) {
                    run_one(c"task");
                }
            });
        }
        for _ in 0..15 {
            let view = scene.trace(|| (0..100).for_each(|_| run_one(c"task")));
            is_consistent(&view);
            assert!(view.named("task").count() >= 100);
        }
        goes_on.store(false, Ordering::Relaxed);
    });
}

/// No more than may be open: nothing waits to be written.
fn uses_few_chunks() {
    let (in_use, most_open) = pool::usage();
    assert!(in_use <= most_open, "{in_use} chunks");
}

#[test]
fn threads_that_come_and_go_lose_nothing_and_leave_nothing() {
    let scene = Scene::new("load_short");
    let view = scene.trace(|| {
        for _ in 0..20 {
            on_threads(100, |_| run_one(c"task"));
        }
        uses_few_chunks();
    });
    assert_eq!((view.lost.len(), view.named("task").count()), (0, 2_000));
    is_consistent(&view);
    assert!(view.slices.iter().all(|slice| slice.end.is_some()));
}

#[test]
fn threads_that_idle_take_no_memory_each() {
    const THREADS: usize = 2_000;
    let scene = Scene::new("load_idle");
    let all_have_begun = Barrier::new(THREADS);
    let view = scene.trace(|| {
        on_threads(THREADS, |_| {
            let region = events::region_begin(NONE, c"idles");
            all_have_begun.wait();
            uses_few_chunks();
            events::region_end(region);
        });
    });
    assert_eq!((view.lost.len(), view.slices.len()), (0, THREADS));
    assert!(
        view.slices
            .iter()
            .all(|slice| slice.end.is_some() && slice.depth == 0)
    );
}

/// A named pipe in place of the file, which is full until somebody reads: its reader's end.
fn pipe(scene: &Scene) -> File {
    let _ = fs::remove_file(scene.file());
    let made = Command::new("mkfifo").arg(scene.file()).status();
    assert!(made.expect("mkfifo runs").success());
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    options.open(scene.file()).expect("it opens")
}

fn read_all(mut pipe: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match pipe.read_to_end(&mut bytes) {
            Ok(_) => return bytes,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
        }
        thread::yield_now();
    }
}

#[test]
fn what_a_slow_file_does_not_take_is_lost_and_counted() {
    let scene = Scene::new("load_lost");
    let reader = pipe(&scene);
    let text = CString::new(vec![b'x'; 60_000]).expect("no NUL");
    let before = thread_buffer::lost();
    control::start(&scene.path()).expect("it starts");
    let mut said = 0;
    while thread_buffer::lost() < before + 100 {
        events::log(NONE, c"", &text);
        said += 1;
    }
    assert!(said < 2_000, "memory is bounded");
    let reading = thread::spawn(|| read_all(reader));
    control::stop().expect("it is complete");
    fs::remove_file(scene.file()).expect("the pipe is there");
    fs::write(scene.file(), reading.join().expect("it reads")).expect("it can be written");
    let view = scene.view();
    assert_eq!(view.lost, [100]);
    assert_eq!(view.slices.len(), said - 100);
}
