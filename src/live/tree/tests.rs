//! The tree that is made of what was seen, tried with everything that two frames on each of three threads
//! can be. The law: each process is written once, whatever was seen (D3). Threads are seen one after the
//! other, so that the same address may be that of one work on one thread and of another on the next.

use super::*;
use crate::engine::frames;
use crate::live::see::Seen;

const EVERY_PLACE: [fn() -> Place; 5] = [
    || Place::Here,
    || Place::Publishes(1),
    || Place::Publishes(2),
    || Place::Helps(1),
    || Place::Helps(2),
];

fn seen(place: Place) -> Seen {
    Seen {
        caller: None,
        process: Process::of("group", 0),
        place,
        is_view: false,
        pending: vec![vec![Process::of("task", 0), Process::of("await", 0)]],
    }
}

fn thread(places: &[usize]) -> Thread {
    let frames = places.iter().map(|place| seen(EVERY_PLACE[*place]()));
    Thread {
        at: At {
            slot: 1,
            thread: 1,
            now: 0,
        },
        frames: frames.collect(),
        running: frames::Running {
            thread: 1,
            call: None,
            waiting: None,
        },
    }
}

/// Every thread with none, one or two frames, as numbers of places.
fn every_thread() -> Vec<Vec<usize>> {
    let places = 0..EVERY_PLACE.len();
    let two = |first| places.clone().map(move |second| vec![first, second]);
    let one = places.clone().map(|only| vec![only]);
    std::iter::once(vec![])
        .chain(one)
        .chain(places.clone().flat_map(two))
        .collect()
}

/// How often each process is written. Ends also where it would be written without end.
fn written(live: &Live) -> Vec<usize> {
    let mut times = vec![0; live.processes.len()];
    let mut ahead = live.roots();
    while let Some(number) = ahead.pop() {
        times[number] += 1;
        if times[number] == 1 {
            ahead.extend(&live.processes[number].children);
        }
    }
    times
}

#[test]
fn each_process_is_written_once() {
    let threads = every_thread();
    for first in &threads {
        for second in &threads {
            for third in &threads {
                let mut live = Live::default();
                for places in [first, second, third] {
                    live.add(thread(places));
                }
                live.place_orphans();
                let times = written(&live);
                let once = vec![1; times.len()];
                assert_eq!(times, once, "{first:?}, {second:?}, {third:?}");
            }
        }
    }
}
