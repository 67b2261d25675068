//! What the Rust programs of the benchmark stand on: `PROGRAM WORKLOAD N REPETITIONS` prints one number
//! a line, nanoseconds a child unless the workload says otherwise.

use std::process::exit;
use std::time::{Duration, Instant};

/// Runs a workload with so many children, so many times.
pub type Workload = fn(n: u32, repetitions: u32);

fn timed(run: &mut impl FnMut(), times: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        run();
    }
    start.elapsed()
}

/// A repetition is a batch that takes a millisecond; finding its size is the warm-up. Two batches in a
/// row must take that long: one may have been interrupted.
pub fn repeat(mut run: impl FnMut(), children: u32, repetitions: u32) {
    let enough = Duration::from_millis(1);
    let mut batch = 1;
    while timed(&mut run, batch) < enough || timed(&mut run, batch) < enough {
        batch *= 2;
    }
    for _ in 0..repetitions {
        print_time(
            timed(&mut run, batch),
            f64::from(batch) * f64::from(children),
        );
    }
}

/// For what wakes threads: they are to be parked before each repetition.
pub fn repeat_rested(mut run: impl FnMut(), children: u32, repetitions: u32) {
    run();
    for _ in 0..repetitions {
        std::thread::sleep(Duration::from_millis(2));
        print_time(timed(&mut run, 1), f64::from(children));
    }
}

fn print_time(time: Duration, count: f64) {
    println!("{:.3}", time.as_secs_f64() * 1e9 / count);
}

/// How much memory of this process is in RAM.
pub fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    let Some(kilobytes) = kilobytes else {
        eprintln!("/proc/self/smaps_rollup does not tell the resident memory");
        exit(77);
    };
    kilobytes * 1024.0
}

/// The version of a crate that this was built with.
fn version_of(name: &str) -> &'static str {
    let head = format!("name = \"{name}\"\nversion = \"");
    let lock = include_str!("../Cargo.lock");
    let found = lock
        .split(head.as_str())
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    found.unwrap_or("unknown")
}

/// The whole of a program.
pub fn run(peer: &str, workloads: &[(&str, Workload)]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let chosen = |name: &str| workloads.iter().find(|(known, _)| *known == name);
    match arguments[..] {
        ["version"] => println!("{}", version_of(peer)),
        [name, n, repetitions] if chosen(name).is_some() => {
            let number = |text: &str| text.parse().unwrap_or(1);
            chosen(name).unwrap().1(number(n), number(repetitions));
        }
        _ => {
            eprintln!("unknown workload, or not WORKLOAD N REPETITIONS");
            exit(2);
        }
    }
}
