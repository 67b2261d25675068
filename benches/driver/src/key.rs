//! What is measured: a workload with so many children, done by a peer.

use crate::chart::Chart;
use crate::programs::Peer;
use crate::results::Length;
use crate::row::Row;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    pub peer: Peer,
    pub workload: &'static str,
    pub n: u32,
}

impl Key {
    pub const fn new(peer: Peer, workload: &'static str, n: u32) -> Key {
        Key { peer, workload, n }
    }

    /// In how many rounds it is measured: what takes long and varies little, in few.
    pub fn rounds(&self) -> usize {
        match self.workload {
            "idle" => 1,
            "memory" | "region-on" | "log-on" | "task-on" => 3,
            "failure" => 15,
            _ => usize::MAX,
        }
    }

    /// What the program is told as its last argument: repetitions, for `idle` seconds.
    pub fn repetitions(&self, length: Length) -> u32 {
        match self.workload {
            "idle" => length.idle_seconds,
            "work-10ms" | "tree" | "construct" | "failure" => 1,
            _ if self.n >= 1000 && matches!(self.peer, Peer::Jthread | Peer::Pthread) => 1,
            "trivial" | "once" | "cold" => 5,
            "region-on" | "log-on" | "task-on" => 100,
            _ => 3,
        }
    }
}

/// All that the report needs, each once, in the order in which a round measures it: what is compared
/// has the same n, so it is measured in the same second.
pub fn plan(rows: &[Row], charts: &[Chart], has: impl Fn(&Key) -> bool) -> Vec<Key> {
    let compared = rows.iter().flat_map(|row| [Some(row.ours), row.reference]);
    let drawn = charts.iter().flat_map(|chart| &chart.series);
    let drawn = drawn.flat_map(|series| series.keys.iter().copied());
    let mut plan: Vec<Key> = Vec::new();
    for key in compared.flatten().chain(drawn) {
        if has(&key) && !plan.contains(&key) {
            plan.push(key);
        }
    }
    plan.sort_by_key(|key| key.n);
    plan
}
