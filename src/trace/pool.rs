//! Where threads get chunks, and where what they recorded is got from.
//!
//! A thread that has no chunk, or whose chunk is full, comes here for another one. There are chunks for
//! as many threads as write at the same time, not for as many as there are: when many are open, the
//! one that was claimed first is handed over, with what is in it. Its thread, if it still lives, gets
//! another when it writes again. So a chunk whose thread has ended needs not be looked for.
//!
//! What keeps this sound is in `chunk` (H3, H4) and in `lists` (H5 to H7), and here:
//!
//! - **H8 no end slept over.** Who ends the trace wakes the reader, and the reader's end wakes who waits for it.

mod lists;

use super::chunk::{self, Chunk};
use super::epoch;
use super::merge::Run;
use crate::base::clock::{self, Instant};
use crate::base::sync::atomic::AtomicU64;
use crate::base::sync::notes::{AtomicBool, Ordering};
use crate::base::sync::{Condvar, Mutex, MutexGuard, global};
use crate::signal::{self, Delay};

pub(super) use lists::Grant;
use lists::Lists;

/// How much memory a chunk has.
pub(super) const CHUNK: usize = chunk::WORDS * size_of::<u64>();
/// How many chunks a trace may use: 64 MiB, some two million events that are not written yet.
#[cfg(not(loom))]
const FOR_TRACE: usize = (64 << 20) / CHUNK;
#[cfg(loom)]
const FOR_TRACE: usize = 3;
/// How many full chunks are worth waking the reader. He comes by himself in time.
const WORTH_WAKING: usize = 16;

global!(LISTS: Mutex<Lists> = Mutex::new(Lists::new()));

// Rung when the reader has something to do, and when he has come to his end.
global!(BELL: Condvar = Condvar::new());
global!(DONE: Condvar = Condvar::new());

/// Whether a reader left no chunk free the last time that one was asked for; changed under the lock.
/// It spares threads the lock while events are lost.
static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);

/// A chunk with so much room; `mine` is the one to which the caller could not write, and which he forgets when he is asked for it (H3).
pub(super) fn claim(mine: impl FnOnce() -> Option<Grant>, room: usize) -> Option<Grant> {
    if IS_EXHAUSTED.load(Ordering::Relaxed) {
        return None;
    }
    let mut lists = LISTS.lock();
    if let Some(mine) = mine() {
        lists.close(mine);
    }
    let granted = lists.grant(room);
    if granted.is_none() && lists.is_read {
        IS_EXHAUSTED.store(true, Ordering::Relaxed);
    }
    let is_worth_waking = lists.full.len() >= WORTH_WAKING;
    drop(lists);
    if is_worth_waking {
        BELL.notify_one();
    }
    granted
}

/// From now on, what is recorded is for a reader.
pub(super) fn begin_reading(now: u64) {
    let mut lists = LISTS.lock();
    lists.is_read = true;
    signal::delay_end(Delay::Trace, true);
    lists.limit = lists.keep + FOR_TRACE;
    epoch::begin(now);
}

/// Asks the reader to come to an end. What is recorded later is not for him. From the moment on, if there is one, he is
/// not to wait for anybody.
pub(super) fn finish_reading(end: Option<Instant>) {
    finish(&mut LISTS.lock(), end);
}

fn finish(lists: &mut Lists, end: Option<Instant>) {
    lists.is_over = true;
    lists.end = [lists.end, end].into_iter().flatten().min();
    switch_off(lists);
    BELL.notify_one();
}

/// The same, if there is a reader. This waits for no lock but that of the lists, which nobody holds for long.
pub(super) fn finish_if_read(end: Instant) {
    let mut lists = LISTS.lock();
    if lists.is_read {
        finish(&mut lists, Some(end));
    }
}

/// Waits until there is no reader, or the moment has come.
pub(super) fn await_end_of_reading(end: Instant) {
    let is_read = |lists: &mut Lists| lists.is_read;
    drop(DONE.wait_while_until(LISTS.lock(), Some(end), is_read));
}

/// Whether the reader may wait until somebody takes what he passes on.
pub(super) fn may_wait() -> bool {
    LISTS.lock().end.is_none_or(|end| !clock::has_come(end))
}

/// Nobody will have what is recorded for the reader.
pub(super) fn give_up_reading() {
    switch_off(&LISTS.lock());
}

/// The reader has read all that he is to read.
pub(super) fn end_reading() {
    let mut lists = LISTS.lock();
    lists.end_reading();
    signal::delay_end(Delay::Trace, false);
    switch_off(&lists);
    DONE.notify_all();
    IS_EXHAUSTED.store(false, Ordering::Relaxed);
}

/// Records nothing, unless it is for snapshots.
fn switch_off(lists: &Lists) {
    if lists.keep == 0 {
        epoch::end();
    }
}

/// Waits until the reader has something to do, or until then; true: he is to come to an end.
pub(super) fn wait(until: Instant) -> bool {
    wait_while(until, |lists| {
        !lists.is_over && lists.full.len() < WORTH_WAKING
    })
}

/// Waits until the reader is to come to an end (true), or until then (false).
pub(super) fn wait_for_end(until: Instant) -> bool {
    wait_while(until, |lists| !lists.is_over)
}

fn wait_while(until: Instant, goes_on: impl FnMut(&mut Lists) -> bool) -> bool {
    let lists = BELL.wait_while_until(LISTS.lock(), Some(until), goes_on);
    lists.is_over
}

/// What is written in a chunk at a moment.
pub(super) struct Part {
    chunk: &'static Chunk,
    words: &'static [AtomicU64],
    is_full: bool,
}

/// All that is written at this moment and is for the reader, who is to say of each part that it was
/// read. It has to be one moment: a thread's records may be spread over several chunks, and must not be
/// read without those before them.
pub(super) fn take_parts() -> Vec<Part> {
    let mut lists = LISTS.lock();
    let full = lists.take_full();
    let full = full.iter().map(|chunk| Part::of(chunk, true));
    let open = lists.open.iter().map(|chunk| Part::of(chunk, false));
    full.chain(open).collect()
}

impl Part {
    fn of(chunk: &'static Chunk, is_full: bool) -> Part {
        Part {
            chunk,
            words: chunk.written(),
            is_full,
        }
    }

    /// What its reader has not read yet.
    pub(super) fn unread(&self) -> Run<'static> {
        let (read, tid) = self.chunk.bookmark();
        Run {
            words: &self.words[read..],
            tid,
        }
    }

    /// The reader has read all of it; the last record was of that thread.
    pub(super) fn was_read(&self, tid: i32) {
        self.chunk.set_bookmark(self.words.len(), tid);
        if self.is_full {
            LISTS.lock().take_back(self.chunk);
            IS_EXHAUSTED.store(false, Ordering::Relaxed);
        }
    }
}

/// Keeps so many chunks for snapshots.
pub(super) fn keep(chunks: usize) {
    let mut lists = LISTS.lock();
    lists.keep = chunks;
    if lists.is_read {
        lists.limit = chunks + FOR_TRACE;
        epoch::next(clock::exact());
    } else if chunks > 0 {
        lists.limit_to_kept();
        epoch::begin(clock::exact());
    } else {
        epoch::end();
        lists.limit_to_kept();
    }
}

/// Whether chunks are kept for snapshots.
pub(super) fn keeps() -> bool {
    LISTS.lock().keep > 0
}

/// What was recorded lately and is still there. The lock is held for one chunk at a time, so a chunk
/// may be used again before it is copied: then it is left out.
pub(super) fn copies() -> Vec<Vec<AtomicU64>> {
    let found = LISTS.lock().written();
    let copy = |(chunk, fills): &(&'static Chunk, u64)| {
        let _lists = LISTS.lock();
        (chunk.fills() == *fills).then(|| chunk.copy())
    };
    found.iter().filter_map(copy).collect()
}

/// How many chunks are in use, and how many may be open.
#[cfg(all(test, not(loom)))]
pub(super) fn usage() -> (usize, usize) {
    let lists = LISTS.lock();
    (lists.in_use(), lists.most_open())
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, Lists>;

pub(super) fn hold() -> Held {
    LISTS.lock()
}

/// In a child of `fork`: nothing is open or to be read.
pub(super) fn forget(mut held: Held) {
    held.forget();
    signal::delay_end(Delay::Trace, false);
    IS_EXHAUSTED.store(false, Ordering::Relaxed);
    epoch::end();
    if held.keep > 0 {
        epoch::begin(clock::exact());
    }
}

#[cfg(all(test, loom))]
#[path = "models/pool.rs"]
mod models;
