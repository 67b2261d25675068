//! Where each thread records what happens on it.
//!
//! What a thread needs for that has no destructor: nothing of ours may run when a thread of the program
//! ends. The chunk that it leaves behind is handed over to another thread by and by (`pool`).
//!
//! unsafe: the name and the id of a thread come from system calls.
#![allow(unsafe_code)]

use std::cell::Cell;

use super::chunk::{Chunk, Claim, WORDS};
use super::epoch;
use super::of_run;
use super::pool::{self, Grant};
use super::record::{Event, Kind, LONGEST, LONGEST_TEXT, cut};
use crate::base::clock;
use crate::base::events::{Place, Region};
use crate::base::sync::notes::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::per_thread;
use crate::base::sys::thread;
use crate::base::world;

/// The calling thread's.
struct Buffer {
    chunk: Cell<Option<&'static Chunk>>,
    claim: Cell<Claim>,
    /// When it last wrote. In a simulation the clock begins at 0; so that no region begins at the moment that stands for one which nobody has
    /// seen, the first moment is later.
    time: Cell<u64>,
    /// 0: not asked for yet.
    tid: Cell<i32>,
    /// Tells the thread from others that had its id before it; 0: not given yet.
    number: Cell<u32>,
    /// In which epoch it last said who it is.
    introduced: Cell<u64>,
}

per_thread!(BUFFER: Buffer = Buffer {
    chunk: Cell::new(None),
    claim: Cell::new(Claim::NONE),
    time: Cell::new(Region::UNSEEN.0 as u64),
    tid: Cell::new(0),
    number: Cell::new(0),
    introduced: Cell::new(epoch::OFF),
});

/// How many threads have got a number.
static NUMBERS: AtomicU32 = AtomicU32::new(0);

/// How many events could not be recorded.
static LOST: AtomicU64 = AtomicU64::new(0);

/// A name of a thread: the kernel's limit, with the NUL.
const NAME: usize = 16;
/// What an introduction takes at most: its words, and the name.
const INTRODUCTION: usize = 4 + NAME / size_of::<u64>();
const _: () = assert!(cfg!(loom) || INTRODUCTION + LONGEST <= WORDS);
/// How often a chunk is tried that another thread may take away before the first word is written.
const TRIES: usize = 10;

/// Records an event, at the present moment, which is returned; `None`: it is lost.
#[inline(always)]
pub(super) fn record<const W: usize, const T: usize>(
    kind: Kind,
    words: [u64; W],
    texts: [&[u8]; T],
) -> Option<u64> {
    let event = Event { kind, words, texts };
    if texts.iter().any(|text| text.len() > LONGEST_TEXT) || world::is_any() {
        return record_rare(&event);
    }
    BUFFER.with(|buffer| buffer.record(&event))
}

/// The same with texts of any length, and where there may be a simulation. A trace that was begun in its run is as others are.
#[cold]
#[inline(never)]
fn record_rare<const W: usize, const T: usize>(event: &Event<'_, W, T>) -> Option<u64> {
    let texts = event.texts.map(cut);
    let texts = texts.each_ref().map(|text| &**text);
    let event = Event { texts, ..*event };
    of_run::record(&event).or_else(|| BUFFER.with(|buffer| buffer.record(&event)))
}

/// The present moment: for the calling thread, no two are the same.
pub(super) fn moment() -> u64 {
    of_run::moment().unwrap_or_else(|| BUFFER.with(Buffer::tick))
}

/// Here and now, where the trace knows the thread; in that task, by its number.
pub(super) fn place(task: u64) -> Place {
    of_run::place(task).unwrap_or_else(|| place_in_trace(task))
}

fn place_in_trace(task: u64) -> Place {
    BUFFER.with(|buffer| {
        let epoch = epoch::current();
        if buffer.introduced.replace(epoch) != epoch {
            let name = thread::name();
            buffer.record(&buffer.introduction(&name));
        }
        let (tid, time) = (buffer.tid(), buffer.tick());
        Place { tid, time, task }
    })
}

/// How many events could not be recorded until now.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

impl Buffer {
    // Here the inlining ends, for where the thread's memory is was asked before, where something happens.
    #[inline(never)]
    fn record<const W: usize, const T: usize>(&self, event: &Event<'_, W, T>) -> Option<u64> {
        let time = self.tick();
        match self.chunk.get() {
            Some(chunk) if self.append((chunk, self.claim.get()), time, event) => Some(time),
            _ => self.record_elsewhere(event),
        }
    }

    /// The present moment: for this thread, no two are the same.
    #[inline]
    fn tick(&self) -> u64 {
        let time = clock::exact().max(self.time.get() + 1);
        self.time.set(time);
        time
    }

    #[inline(always)]
    fn append<const W: usize, const T: usize>(
        &self,
        (chunk, claim): Grant,
        time: u64,
        event: &Event<'_, W, T>,
    ) -> bool {
        let appended = chunk.append(claim, event.size(), |place| event.write(time, place));
        appended.map(|claim| self.claim.set(claim)).is_ok()
    }

    /// Records an event in another chunk than before.
    #[cold]
    fn record_elsewhere<const W: usize, const T: usize>(
        &self,
        event: &Event<'_, W, T>,
    ) -> Option<u64> {
        for _ in 0..TRIES {
            let mine = || self.chunk.take().map(|chunk| (chunk, self.claim.get()));
            let Some(granted) = pool::claim(mine, INTRODUCTION + event.size()) else {
                break;
            };
            if let Some(time) = self.begin(granted, event) {
                return Some(time);
            }
        }
        if epoch::current() != epoch::OFF {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
        None
    }

    /// Begins to write in a chunk, unless it is handed over to another thread already.
    fn begin<const W: usize, const T: usize>(
        &self,
        granted: Grant,
        event: &Event<'_, W, T>,
    ) -> Option<u64> {
        self.chunk.set(Some(granted.0));
        self.claim.set(granted.1);
        self.introduced.set(epoch::current());
        let name = thread::name();
        let introduction = self.introduction(&name);
        self.append(granted, self.tick(), &introduction)
            .then_some(())?;
        let time = self.tick();
        self.append((granted.0, self.claim.get()), time, event)
            .then_some(time)
    }

    /// Says who writes what follows.
    fn introduction<'a>(&self, name: &'a [u8; NAME]) -> Event<'a, 2, 1> {
        let end = name.iter().position(|&byte| byte == 0);
        Event {
            kind: Kind::Thread,
            words: [u64::from(self.tid() as u32), self.number().into()],
            texts: [&name[..end.unwrap_or(NAME)]],
        }
    }

    fn tid(&self) -> i32 {
        if self.tid.get() == 0 {
            self.tid.set(thread::number());
        }
        self.tid.get()
    }

    fn number(&self) -> u32 {
        if self.number.get() == 0 {
            self.number.set(NUMBERS.fetch_add(1, Ordering::Relaxed) + 1);
        }
        self.number.get()
    }
}

/// In a child of `fork`: its thread has another id, and has lost nothing yet. The chunk that it had is nobody's, in whose place it must not
/// come again (H3).
pub(super) fn after_fork() {
    BUFFER.with(|buffer| {
        buffer.tid.set(0);
        buffer.chunk.set(None);
    });
    LOST.store(0, Ordering::Relaxed);
}
