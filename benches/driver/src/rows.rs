//! What is compared with what, and what is aimed at: the table of contents of the benchmark.

use crate::key::Key;
use crate::peer::Peer::{Errgroup, GoTrace, Kernel, OpenMp, Procession, Pthread, Tbb, Tokio};
use crate::row::Target::{Figure, Ratio};
use crate::row::{Row, Target, Unit, ours};

/// Numbers of trivial children, and how much of oneTBB's time they may take.
pub const TRIVIAL: [(u32, f64); 6] = [
    (1, 2.0),
    (2, 2.0),
    (8, 1.2),
    (100, 0.6),
    (1000, 0.2),
    (10_000, 0.2),
];

/// Numbers of children that wait for each other, and how much of the bare kernel's time they may take.
pub const RENDEZVOUS: [(u32, f64); 3] = [(10, 2.0), (100, 1.5), (1000, 1.5)];

pub const MEMORY: [u32; 3] = [100, 1000, 10_000];

/// Numbers of trivial children that a nursery gets while it runs.
pub const SPAWNED: [u32; 3] = [10, 1000, 100_000];

/// How often it is measured how long a child takes to start.
const WAKES: u32 = 200;

/// Memory is flat if it grows by no more than that.
const FLAT: Target = Figure(65_536.0);

/// How many deadlines are made and dropped, and how many come at one moment.
const DEADLINES: u32 = 100_000;
const DUE: u32 = 1000;

/// How many calls are timed together.
const CALLS: u32 = 1000;

pub fn all() -> Vec<Row> {
    let topics = [
        trivial(),
        once(),
        flat(),
        tree(),
        work(),
        rendezvous(),
        first(),
        waiting(),
        spawned(),
        each(),
        channel(),
        time(),
        due(),
    ];
    topics
        .into_iter()
        .chain([calls(), traced(), rest()])
        .flatten()
        .collect()
}

fn trivial() -> Vec<Row> {
    let row = |n| ours("trivial children", Unit::NsChild, "trivial", n);
    let tbb = |(n, limit)| row(n).against(Tbb, "trivial").aiming_at(Ratio(limit));
    let errgroup = |(n, _)| row(n).against(Errgroup, "trivial").aiming_at(Ratio(0.2));
    TRIVIAL
        .into_iter()
        .map(tbb)
        .chain(TRIVIAL.into_iter().map(errgroup))
        .chain(
            TRIVIAL
                .into_iter()
                .map(|(n, _)| row(n).against(OpenMp, "trivial")),
        )
        .collect()
}

fn once() -> Vec<Row> {
    let row = |n| ours("built, run once, released", Unit::NsChild, "once", n);
    let tbb = |(n, _)| row(n).against(Tbb, "trivial").aiming_at(Ratio(2.0));
    TRIVIAL.into_iter().map(tbb).collect()
}

fn flat() -> Vec<Row> {
    let mut row = ours("flat cost", Unit::NsChild, "trivial", 100_000);
    row.reference = Some(Key::new(Procession, "trivial", 100));
    vec![row.aiming_at(Ratio(1.5))]
}

fn tree() -> Vec<Row> {
    let row = |title, workload| ours(title, Unit::NsChild, workload, 1_000_000);
    vec![
        row("tree, 10 wide, 6 deep", "tree")
            .against(Tbb, "tree")
            .aiming_at(Figure(40.0)),
        row("tree, 10 wide, 6 deep", "tree").against(OpenMp, "tree"),
        row("the same built and released", "construct"),
    ]
}

fn work() -> Vec<Row> {
    let row = |title, workload, n| {
        ours(title, Unit::NsChild, workload, n)
            .against(Tbb, workload)
            .aiming_at(Ratio(1.2))
    };
    vec![
        row("children of 1 µs", "work-1us", 2000),
        row("children of 100 µs", "work-100us", 200),
        row("children of 10 ms", "work-10ms", 20),
    ]
}

fn rendezvous() -> Vec<Row> {
    let row = |n| ours("rendezvous, repeated", Unit::NsChild, "rendezvous", n);
    let kernel = |(n, limit)| row(n).against(Kernel, "rendezvous").aiming_at(Ratio(limit));
    let threads = |(n, _)| row(n).against(Pthread, "rendezvous").aiming_at(Ratio(0.25));
    RENDEZVOUS
        .into_iter()
        .map(kernel)
        .chain(RENDEZVOUS.into_iter().map(threads))
        .collect()
}

/// 500 µs, and 12 µs a child.
fn first() -> Vec<Row> {
    let row = |(n, _)| {
        let limit = 500_000.0 / f64::from(n) + 12_000.0;
        ours("rendezvous, first time", Unit::NsChild, "first", n)
            .against(Pthread, "first")
            .aiming_at(Figure(limit))
    };
    RENDEZVOUS.into_iter().map(row).collect()
}

fn waiting() -> Vec<Row> {
    vec![
        ours("first failure to return", Unit::NsChild, "failure", 1000)
            .against(Pthread, "failure")
            .aiming_at(Ratio(1.0)),
        ours("memory, blocked", Unit::BytesChild, "memory", 10_000)
            .against(Pthread, "memory")
            .aiming_at(Ratio(1.0)),
    ]
}

/// Children that come while it runs.
fn spawned() -> Vec<Row> {
    let row = |n| ours("spawned from a body", Unit::NsChild, "spawn", n);
    let tbb = |n| row(n).against(Tbb, "trivial").aiming_at(Ratio(1.2));
    let errgroup = |n| row(n).against(Errgroup, "trivial").aiming_at(Ratio(0.3));
    let four = |n| ours("from four children at once", Unit::NsChild, "spawn-4", n);
    let four = |n| four(n).against_our("spawn").aiming_at(Ratio(1.5));
    let start =
        |title, workload| ours(title, Unit::NsStart, workload, WAKES).against(Kernel, workload);
    let others = [
        start("spawned, and on to proc_poll", "wake").aiming_at(Ratio(1.3)),
        start("the same, 99th percentile", "wake-p99").aiming_at(Ratio(3.0)),
        ours("promises awaited", Unit::BytesChild, "pending", 100_000).aiming_at(Figure(1024.0)),
        ours("one after the other", Unit::Bytes, "one-by-one", 1_000_000).aiming_at(FLAT),
    ];
    (SPAWNED.into_iter().map(tbb))
        .chain(SPAWNED.into_iter().map(errgroup))
        .chain(SPAWNED.into_iter().skip(1).map(four))
        .chain(others)
        .collect()
}

fn each() -> Vec<Row> {
    vec![
        ours("proc_each", Unit::NsIndex, "each", 1_000_000).aiming_at(Figure(15.0)),
        ours("proc_each, memory", Unit::Bytes, "each-memory", 1_000_000).aiming_at(FLAT),
    ]
}

fn channel() -> Vec<Row> {
    let row =
        |peer| ours("channel of 128", Unit::NsItem, "channel", 100_000).against(peer, "channel");
    let echo = |title, peer| {
        ours(title, Unit::NsRequest, "echo", 64)
            .against(Pthread, peer)
            .aiming_at(Ratio(1.05))
    };
    vec![
        row(Pthread).aiming_at(Ratio(1.3)),
        row(Errgroup).aiming_at(Ratio(1.0)),
        echo("echo server", "echo"),
        echo("echo server, stoppable", "echo-stoppable"),
    ]
}

/// Go's contexts are errgroup's.
fn time() -> Vec<Row> {
    let deadline = |title, workload| ours(title, Unit::NsCall, workload, DEADLINES);
    let timeout = |title, workload| ours(title, Unit::NsCall, workload, CALLS);
    vec![
        deadline("deadline made and dropped", "deadline")
            .against(Errgroup, "deadline")
            .aiming_at(Figure(150.0)),
        deadline("the same below a handle", "deadline-below").aiming_at(Figure(150.0)),
        deadline("100,000 deadlines at a time", "deadlines-held"),
        timeout("timeout, over its child", "timeout")
            .against(Errgroup, "timeout")
            .aiming_at(Figure(120.0)),
        timeout("the same below a handle", "timeout-below"),
    ]
}

/// Moments that come, and one that does not.
fn due() -> Vec<Row> {
    let late =
        |title, workload| ours(title, Unit::NsLate, workload, WAKES).against(Kernel, workload);
    vec![
        late("a deadline comes, and who waits goes on", "late"),
        late("the same, 99th percentile", "late-p99"),
        late("a deadline comes, and a hook runs", "late-hook"),
        late("the same, 99th percentile", "late-hook-p99"),
        ours(
            "deadlines come at once, to return",
            Unit::NsChild,
            "due",
            DUE,
        )
        .against_our("due-by-hand")
        .aiming_at(Ratio(1.5)),
        ours(
            "idle, with deadlines",
            Unit::Switches,
            "idle-deadlines",
            DUE,
        )
        .aiming_at(Figure(0.0)),
    ]
}

fn calls() -> Vec<Row> {
    let row = |title, workload| ours(title, Unit::NsCall, workload, CALLS);
    vec![
        row("proc_cancelled", "cancelled").aiming_at(Figure(3.0)),
        row("sequence step, over a bare call", "step").aiming_at(Figure(5.0)),
        row("handle made and dropped", "handle")
            .against(Tokio, "handle")
            .aiming_at(Figure(100.0)),
    ]
}

/// Of an event: a beginning, an end, or a log.
fn traced() -> Vec<Row> {
    let alone = |title, workload| ours(title, Unit::NsEvent, workload, CALLS);
    let row = |title, workload| alone(title, workload).against(GoTrace, workload);
    vec![
        alone("region, nothing recorded", "region-off").aiming_at(Figure(1.0)),
        row("region, traced", "region-on").aiming_at(Figure(40.0)),
        row("log, traced", "log-on").aiming_at(Figure(40.0)),
        row("task by hand, nothing recorded", "task-off"),
        row("task by hand, traced", "task-on").aiming_at(Ratio(1.0)),
    ]
}

fn rest() -> Vec<Row> {
    vec![
        ours("idle", Unit::Switches, "idle", 8).aiming_at(Figure(0.0)),
        ours("cold group, against a wake", Unit::NsRun, "cold", 2)
            .against(Kernel, "cold")
            .aiming_at(Ratio(1.0)),
        ours("very first group", Unit::NsRun, "start", 2),
        ours(
            "program, started and waited for",
            Unit::NsRun,
            "programs",
            20,
        )
        .against(Kernel, "programs")
        .aiming_at(Ratio(1.2)),
        ours("a run of a simulation", Unit::NsRun, "simulated", 10).aiming_at(Figure(50_000.0)),
        ours("the same, by PCT", Unit::NsRun, "simulated-pct", 10).aiming_at(Figure(50_000.0)),
    ]
}
