//! What recording costs: `cargo test --release --lib trace::tests::cost -- --ignored --nocapture`.
//!
//! The best and the median of many short rounds, since others may use the processors. A round fills no more than
//! a chunk, so getting chunks is in the median. A bare reading of the clock stands beside it.

use std::hint::black_box;
use std::time::Instant;

use super::driver::{begin, end};
use super::scene::Scene;
use crate::base::clock;
use crate::base::events;
use crate::trace::{control, snapshot, thread_buffer};

const ROUNDS: usize = 301;
const COUNT: u32 = 2_000;

/// Measures code that records so many events.
fn measure(what: &str, events: u32, mut code: impl FnMut()) {
    let mut round = || {
        let start = Instant::now();
        (0..COUNT).for_each(|_| code());
        start.elapsed().as_nanos() as f64 / f64::from(COUNT * events)
    };
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    let (best, median) = (rounds[0], rounds[ROUNDS / 2]);
    println!("  {what:32} {best:6.1} {median:6.1} ns an event");
}

fn measure_all(mode: &str) {
    println!("{mode}");
    let task = begin(c"request", None);
    measure("region, begin and end", 2, || {
        events::region_end(events::region_begin(Some(&*task), c"parse"));
    });
    measure("log", 1, || {
        events::log(Some(&*task), c"http", c"GET /index.html")
    });
    measure("task, begin and end", 2, || {
        events::task_begin(&*task);
        end(&task);
    });
    measure("(the clock)", 1, || {
        black_box(clock::exact());
    });
}

/// How long it takes until a million events of one thread are in the file.
fn measure_file() {
    let task = begin(c"request", None);
    let start = Instant::now();
    for _ in 0..500_000 {
        events::region_end(events::region_begin(Some(&*task), c"parse"));
    }
    let recorded = start.elapsed();
    control::stop().expect("it is complete");
    println!(
        "a million events: recorded in {recorded:?}, in the file after {:?}",
        start.elapsed()
    );
}

#[test]
#[ignore = "a measurement"]
fn cost() {
    let scene = Scene::new("cost");
    measure_all("off");
    snapshot::keep_last(4 << 20);
    measure_all("flight recorder");
    snapshot::keep_last(0);
    control::start(&scene.path()).expect("it starts");
    measure_all("trace");
    control::stop().expect("it is complete");
    control::start(&scene.path()).expect("it starts");
    measure_file();
    println!("lost: {}", thread_buffer::lost());
}
