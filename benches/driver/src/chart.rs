//! What is drawn, and written out below it: how figures change with the number of children.

use crate::key::Key;
use crate::number::written;
use crate::programs::Peer::{self, Errgroup, Jthread, Kernel, Procession, Pthread};
use crate::programs::Peer::{Rayon, Tbb, Tokio};
use crate::results::Results;
use crate::rows::{MEMORY, RENDEZVOUS, TRIVIAL};
use crate::table;

pub struct Chart {
    pub file: &'static str,
    pub title: &'static str,
    pub unit: &'static str,
    pub series: Vec<Series>,
}

pub struct Series {
    pub label: String,
    pub keys: Vec<Key>,
}

/// More threads than this take seconds to make again and again.
const MOST_THREADS: u32 = 1000;

pub fn all() -> Vec<Chart> {
    vec![trivial(), rendezvous(), memory()]
}

fn series(peer: Peer, workload: &'static str, ns: &[u32]) -> Series {
    let keys = ns.iter().map(|n| Key::new(peer, workload, *n)).collect();
    Series {
        label: peer.label().into(),
        keys,
    }
}

impl Series {
    fn called(self, label: &str) -> Series {
        Series {
            label: label.into(),
            ..self
        }
    }
}

fn trivial() -> Chart {
    let all = TRIVIAL.map(|(n, _)| n);
    let few: Vec<u32> = all.into_iter().filter(|n| *n <= MOST_THREADS).collect();
    let light = [Procession, Tbb, Rayon, Tokio, Errgroup];
    let mut lines: Vec<Series> = light.map(|peer| series(peer, "trivial", &all)).into();
    lines.push(series(Procession, "once", &all).called("procession, built each time"));
    lines.extend([Jthread, Pthread].map(|peer| series(peer, "trivial", &few)));
    Chart {
        file: "trivial.svg",
        title: "Trivial children, run repeatedly",
        unit: "nanoseconds a child",
        series: lines,
    }
}

fn rendezvous() -> Chart {
    let ns = RENDEZVOUS.map(|(n, _)| n);
    let peers = [Procession, Kernel, Pthread, Jthread, Tokio, Errgroup];
    let mut lines: Vec<Series> = peers.map(|peer| series(peer, "rendezvous", &ns)).into();
    lines.push(series(Procession, "first", &ns).called("procession, first time"));
    Chart {
        file: "rendezvous.svg",
        title: "Children that wait for each other",
        unit: "nanoseconds a child",
        series: lines,
    }
}

fn memory() -> Chart {
    let peers = [Procession, Pthread, Tokio, Errgroup];
    Chart {
        file: "memory.svg",
        title: "Resident memory of blocked children",
        unit: "bytes a child",
        series: peers.map(|peer| series(peer, "memory", &MEMORY)).into(),
    }
}

impl Chart {
    /// The numbers of children, ascending.
    pub fn ns(&self) -> Vec<u32> {
        let longest = self.series.iter().max_by_key(|series| series.keys.len());
        let keys = longest.map_or(&[][..], |series| &series.keys);
        keys.iter().map(|key| key.n).collect()
    }

    pub fn table(&self, results: &Results) -> String {
        let head: Vec<String> = self
            .series
            .iter()
            .map(|series| series.label.clone())
            .collect();
        let head = [vec!["n".into()], head].concat();
        let cell = |series: &Series, n: u32| {
            let key = series.keys.iter().find(|key| key.n == n);
            key.and_then(|key| results.median(*key))
                .map_or("–".into(), written)
        };
        let line = |n: u32| {
            let cells = self.series.iter().map(|series| cell(series, n));
            std::iter::once(n.to_string()).chain(cells).collect()
        };
        let lines: Vec<Vec<String>> = self.ns().into_iter().map(line).collect();
        table::table(&head, &lines)
    }
}
