//! tokio: a `JoinSet` of spawned tasks, from an ordinary thread; and its cancellation tokens.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use procession_bench_peers::{repeat, repeat_rested, resident_bytes, run};
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

async fn run_children<F>(n: u32, child: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut set = JoinSet::new();
    for _ in 0..n {
        set.spawn(child());
    }
    while set.join_next().await.is_some() {}
}

fn trivial(n: u32, repetitions: u32) {
    let runtime = runtime();
    repeat(
        || runtime.block_on(run_children(n, || async {})),
        n,
        repetitions,
    );
}

async fn meet(n: u32) {
    let meeting = Arc::new(Barrier::new(n as usize));
    run_children(n, || {
        let meeting = meeting.clone();
        async move {
            meeting.wait().await;
        }
    })
    .await;
}

fn rendezvous(n: u32, repetitions: u32) {
    let runtime = runtime();
    repeat_rested(|| runtime.block_on(meet(n)), n, repetitions);
}

/// Bytes a waiting task.
fn memory(n: u32, _: u32) {
    let runtime = runtime();
    let before = resident_bytes();
    let _inside = runtime.enter();
    let mut set = JoinSet::new();
    for _ in 0..n {
        set.spawn(pending::<()>());
    }
    std::thread::sleep(Duration::from_millis(100));
    println!("{:.3}", (resident_bytes() - before) / f64::from(n));
}

/// A child token made and dropped; n is how many are timed together.
fn handle(n: u32, repetitions: u32) {
    let parent = CancellationToken::new();
    let make_and_drop = || {
        for _ in 0..n {
            drop(parent.child_token());
        }
    };
    repeat(make_and_drop, n, repetitions);
}

fn main() {
    run(
        "tokio",
        &[
            ("trivial", trivial),
            ("rendezvous", rendezvous),
            ("memory", memory),
            ("handle", handle),
        ],
    );
}
