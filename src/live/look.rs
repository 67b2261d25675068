//! Looks at what runs.
//!
//! Invariants:
//! - **D1 nobody waits for a reader.** What is seen is noted by references, a slot at a time; texts are copied and
//!   written after that, without a lock.
//! - **D2 whole.** What is told of one thread was so at one moment, under its slot's lock. Threads are seen
//!   one after the other: what has ended in between is shown as far as those knew it who helped with it.
//!
//! What a reference held may be released here, where the dump is written: an error's payload by code of the program.
//! So a dump is made on a thread of the program, or on one of the crew that was lent for it.

use super::see::{self, Thread};
use super::tree::Live;
use crate::base::world::{self, World};
use crate::engine::slots;
use crate::scope::health;
use crate::tree::by_hand;

/// In a simulation there are the threads of the run, with numbers of their own, in that order.
#[cold]
fn of_world(world: &dyn World, threads: Vec<Thread>) -> Vec<Thread> {
    let numbered = |thread: Thread| {
        let number = world.number_of(thread.at.thread)?;
        Some(thread.numbered(i32::try_from(number).unwrap_or(i32::MAX)))
    };
    let mut threads: Vec<Thread> = threads.into_iter().filter_map(numbered).collect();
    threads.sort_by_key(|thread| thread.at.thread);
    threads
}

/// Looks at all threads, and at what goes on without one.
pub(crate) fn look() -> Live {
    let mut threads = Vec::new();
    slots::each(|slot, look| threads.push(see::thread(slot, look)));
    if let Some(world) = world::here() {
        threads = of_world(world, threads);
    }
    let mut live = Live::default();
    for thread in threads {
        live.add(thread);
    }
    for process in by_hand::all().iter().filter_map(see::by_hand) {
        live.push(process, None);
    }
    live.place_orphans();
    live.late = health::late();
    live
}
