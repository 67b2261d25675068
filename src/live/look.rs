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

use super::see;
use super::tree::Live;
use crate::engine::slots;
use crate::scope::health;
use crate::tree::by_hand;

/// Looks at all threads, and at what goes on without one.
pub(crate) fn look() -> Live {
    let mut threads = Vec::new();
    slots::each(|slot| threads.push(see::thread(slot)));
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
