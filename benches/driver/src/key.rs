//! What is measured: a workload with so many children, done by a peer; and for how long.

use crate::peer::Peer;

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
            "idle" | "idle-deadlines" => 1,
            "echo" | "echo-stoppable" | "one-by-one" | "each-memory" | "pending" | "memory"
            | "region-on" | "log-on" | "task-on" | "late" | "late-p99" | "late-hook"
            | "late-hook-p99" | "deadlines-held" => 3,
            "due" | "due-by-hand" => 7,
            "failure" => 15,
            _ => usize::MAX,
        }
    }

    /// What the program is told as its last argument: repetitions, where it is idle, seconds.
    pub fn repetitions(&self, length: Length) -> u32 {
        match self.workload {
            "idle" | "idle-deadlines" => length.idle_seconds,
            "echo" | "echo-stoppable" => length.echo_seconds,
            "work-10ms" | "tree" | "construct" | "failure" | "due" | "due-by-hand" => 1,
            _ if self.n >= 1000 && matches!(self.peer, Peer::Jthread | Peer::Pthread) => 1,
            "trivial" | "once" | "cold" => 5,
            "region-on" | "log-on" | "task-on" => 100,
            _ => 3,
        }
    }
}

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Length {
    pub name: &'static str,
    pub seconds: u64,
    pub idle_seconds: u32,
    pub echo_seconds: u32,
}

impl Length {
    pub const QUICK: Length = Length {
        name: "quick",
        seconds: 55,
        idle_seconds: 3,
        echo_seconds: 1,
    };
    pub const FULL: Length = Length {
        name: "full",
        seconds: 300,
        idle_seconds: 10,
        echo_seconds: 10,
    };
}
