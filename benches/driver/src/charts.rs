//! What is drawn, and written out below it.

use crate::chart::{Chart, Series, series};
use crate::peer::Peer::{
    Errgroup, Jthread, Kernel, OpenMp, Procession, Pthread, Rayon, Tbb, Tokio,
};
use crate::rows::{MEMORY, RENDEZVOUS, TRIVIAL};

/// More threads than this take seconds to make again and again.
const MOST_THREADS: u32 = 1000;

pub fn all() -> Vec<Chart> {
    vec![trivial(), rendezvous(), memory()]
}

fn trivial() -> Chart {
    let all = TRIVIAL.map(|(n, _)| n);
    let few: Vec<u32> = all.into_iter().filter(|n| *n <= MOST_THREADS).collect();
    let light = [Procession, Tbb, OpenMp, Rayon, Tokio, Errgroup];
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
