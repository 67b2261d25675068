//! What is compared with what, and what is aimed at: the table of contents of the benchmark.

use crate::key::Key;
use crate::programs::Peer;
use crate::programs::Peer::{Errgroup, GoTrace, Kernel, Procession, Pthread, Tbb, Tokio};
use crate::row::Target::{Figure, None as Informational, Ratio};
use crate::row::{Row, Target, Unit};

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
    ];
    topics
        .into_iter()
        .chain([calls(), traced(), rest()])
        .flatten()
        .collect()
}

fn ours(title: &'static str, unit: Unit, workload: &'static str, n: u32) -> Row {
    let ours = Key::new(Procession, workload, n);
    Row {
        title,
        unit,
        ours,
        reference: None,
        target: Informational,
    }
}

impl Row {
    /// Compared with what a peer takes for the workload of that name.
    fn against(mut self, peer: Peer, workload: &'static str) -> Row {
        self.reference = Some(Key::new(peer, workload, self.ours.n));
        self
    }

    fn aiming_at(mut self, target: Target) -> Row {
        self.target = target;
        self
    }
}

fn trivial() -> Vec<Row> {
    let row = |n| ours("trivial children", Unit::NsChild, "trivial", n);
    let tbb = |(n, limit)| row(n).against(Tbb, "trivial").aiming_at(Ratio(limit));
    let errgroup = |(n, _)| row(n).against(Errgroup, "trivial").aiming_at(Ratio(0.2));
    TRIVIAL
        .into_iter()
        .map(tbb)
        .chain(TRIVIAL.into_iter().map(errgroup))
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
    ]
}
