//! A group of callbacks of which one fails, the tree of its errors, a nursery, promises and a signal: see README.md.

mod procession;

use procession::{Error, Process, Promise, View};
use std::sync::{Arc, Barrier};
use std::time::Duration;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const SIGTERM: i32 = 15;
const MANY: usize = 5000;

unsafe extern "C" {
    fn kill(process: i32, signal: i32) -> i32;
}

fn tree(error: &View, depth: usize) -> String {
    let parts = error.parts();
    let line = match (error.task(), parts.len()) {
        (Some(name), _) => format!("task {name}"),
        (None, 0) => format!("code {}: {}", error.code(), error.message()),
        (None, count) => format!("{count} errors"),
    };
    let below = parts.into_iter().map(|part| tree(part, depth + 1));
    format!(
        "{}{line}\n{}",
        "  ".repeat(depth),
        below.collect::<String>()
    )
}

/// One of three fails, the others are cancelled, and one of them fails to stop.
fn shop() {
    let all = Arc::new(Barrier::new(3));
    let (web, log, disk) = (all.clone(), all.clone(), all);
    let web = Process::new(move |cancel| {
        web.wait();
        cancel.wait(Duration::MAX);
        cancel.stopped()
    });
    let log = Process::new(move |cancel| {
        log.wait();
        cancel.wait(Duration::MAX);
        Err(Error::new(ENOSPC, "the log is cut short"))
    });
    let disk = Process::new(move |_| {
        disk.wait();
        Err(Error::new(EIO, "the disk is on fire"))
    });
    let group = Process::group([web.named("web"), log.named("log"), disk.named("disk")]);
    let error = group.named("shop").run().expect_err("the disk is on fire");
    let lines = tree(&error, 0);
    print!("{lines}");
    let expected = "task shop\n  2 errors\n    task disk\n      code 5: the disk is on fire\n    task log\n      code 28: the log is cut short\n";
    assert_eq!(lines, expected);
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task")
        .expect("/proc is there")
        .count()
}

/// A nursery with 5,000 children that are promises. Half of them are completed; SIGTERM stops the rest.
fn server() {
    let promises: Vec<_> = (0..MANY).map(|_| Promise::new()).collect();
    let server = Process::nursery(move |nursery, cancel| {
        for promise in &promises {
            nursery.spawn(Process::awaiting(promise))?;
        }
        promises[..MANY / 2]
            .iter()
            .for_each(|promise| promise.complete(Ok(())));
        while nursery.count() > MANY / 2 {
            cancel.wait(Duration::from_millis(1));
        }
        let threads = threads();
        assert!(
            threads < MANY / 10,
            "{MANY} pending children have {threads} threads"
        );
        println!("{MANY} pending children, {threads} threads; stopped by SIGTERM");
        // SAFETY: it sends a signal to this program.
        unsafe { kill(std::process::id() as i32, SIGTERM) };
        cancel.wait(Duration::MAX);
        cancel.stopped()
    });
    assert!(
        server.named("server").main().is_ok(),
        "a stop by SIGTERM is an error"
    );
}

/// A promise whose last reference goes fails, and so does a callback that panics.
fn failures() {
    let awaiting = Process::awaiting(&Promise::new());
    assert_eq!(
        awaiting.run().expect_err("nobody can complete it").code(),
        32
    );
    std::panic::set_hook(Box::new(|_| {})); // It is to panic, and nobody needs to be told.
    let panics = Process::new(|_| panic!());
    assert_eq!(panics.run().expect_err("it panics").message(), "panicked");
}

fn main() {
    shop();
    server();
    failures();
}
