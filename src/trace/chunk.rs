//! A piece of memory to which one thread at a time appends records.
//!
//! Threads come and go, and nothing of ours runs when one ends. So a chunk belongs to a thread only in
//! that the thread knows its state as the thread left it: its *claim*. A claim may be taken away at any
//! moment but while the thread writes; then the thread finds the state changed, and claims another.
//!
//! Invariants:
//! - **H3 one writer.** Words are written only by who has set `BUSY`, and only the holder of the latest
//!   claim can set it. A claim changes hands only while `BUSY` is not set.
//! - **H4 the prefix stands.** The words below the length do not change until the chunk is emptied. So
//!   they can be read while more are appended.

mod memory;

use crate::base::sync::atomic::{AtomicU64, Ordering};
use crate::base::sync::notes;

/// How many words a chunk has: room for the longest record and a few others, in whole pages.
#[cfg(not(loom))]
pub(super) const WORDS: usize = 33 * 4096 / size_of::<u64>();
#[cfg(loom)]
pub(super) const WORDS: usize = 6;

/// In the state: a thread is writing.
const BUSY: u64 = 1;
/// Where the length begins in the state, and the number of the claim.
const LENGTH: u32 = 1;
const NUMBER: u32 = 17;
const _: () = assert!(WORDS < 1 << (NUMBER - LENGTH));

pub(super) struct Chunk {
    /// Whether somebody is writing, how many words are written, and whose it is.
    state: AtomicU64,
    words: &'static [AtomicU64],
    /// How much of it has been read, and whose the last record was; its reader's business only.
    read: notes::AtomicUsize,
    reading: notes::AtomicI32,
    /// How often it was emptied.
    fills: notes::AtomicU64,
}

/// The right to append to a chunk: its state, as the holder of the claim left it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Claim(u64);

/// Why nothing could be appended.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// There is no room.
    Full,
    /// The chunk is somebody else's now, or nobody's.
    Lost,
}

impl Claim {
    /// That of nobody.
    pub(super) const NONE: Claim = Claim(0);

    /// The number tells it from all others.
    fn new(number: u64, length: usize) -> Claim {
        Claim(number << NUMBER | (length as u64) << LENGTH)
    }

    fn length(self) -> usize {
        (self.0 >> LENGTH) as usize % (1 << (NUMBER - LENGTH))
    }
}

impl Chunk {
    /// An empty chunk that is nobody's; `None`: there is no memory.
    pub(super) fn make() -> Option<&'static Chunk> {
        let chunk = Chunk {
            state: AtomicU64::new(Claim::NONE.0),
            words: memory::words(WORDS)?,
            read: notes::AtomicUsize::new(0),
            reading: notes::AtomicI32::new(0),
            fills: notes::AtomicU64::new(0),
        };
        Some(Box::leak(Box::new(chunk)))
    }

    /// Appends so many words, for the holder of a claim; returns what the claim is then.
    #[inline]
    pub(super) fn append(
        &self,
        claim: Claim,
        size: usize,
        write: impl FnOnce(&[AtomicU64]),
    ) -> Result<Claim, Refused> {
        let length = claim.length();
        let Some(place) = self.words.get(length..length + size) else {
            return Err(Refused::Full);
        };
        let busy = claim.0 | BUSY;
        // Acquire: what was written before the claim was handed over comes before what is written now.
        let locked =
            (self.state).compare_exchange(claim.0, busy, Ordering::Acquire, Ordering::Relaxed);
        if locked.is_err() {
            return Err(Refused::Lost);
        }
        write(place);
        let after = Claim(claim.0 + ((size as u64) << LENGTH));
        // Release: who sees the length sees the words (H4).
        self.state.store(after.0, Ordering::Release);
        Ok(after)
    }

    /// Takes the claim from its holder, for the claim of that number, or for nobody with number 0;
    /// `None` if the holder is just writing (H3).
    pub(super) fn hand_over(&self, number: u64) -> Option<Claim> {
        let state = self.state.load(Ordering::Relaxed);
        if state & BUSY != 0 {
            return None;
        }
        let claim = Claim::new(number, Claim(state).length());
        // Relaxed: what the holder has written is passed on to who acquires this, in `append` or `written`.
        let relaxed = Ordering::Relaxed;
        let taken = (self.state).compare_exchange(state, claim.0, relaxed, relaxed);
        taken.is_ok().then_some(claim)
    }

    /// Empties a chunk that is nobody's, and claims it.
    pub(super) fn claim(&self, number: u64) -> Claim {
        let claim = Claim::new(number, 0);
        self.fills.fetch_add(1, Ordering::Relaxed);
        self.set_bookmark(0, 0);
        self.state.store(claim.0, Ordering::Release);
        claim
    }

    /// Whether this is the claim on the chunk.
    pub(super) fn is_held(&self, claim: Claim) -> bool {
        self.state.load(Ordering::Relaxed) == claim.0
    }

    /// How many words can still be appended.
    pub(super) fn room(&self) -> usize {
        WORDS - self.written().len()
    }

    /// The words that are written (H4).
    pub(super) fn written(&self) -> &'static [AtomicU64] {
        let state = self.state.load(Ordering::Acquire);
        &self.words[..Claim(state).length()]
    }

    /// How much of it its reader has read, and whose the last record was.
    pub(super) fn bookmark(&self) -> (usize, i32) {
        let relaxed = Ordering::Relaxed;
        (self.read.load(relaxed), self.reading.load(relaxed))
    }

    pub(super) fn set_bookmark(&self, read: usize, tid: i32) {
        self.read.store(read, Ordering::Relaxed);
        self.reading.store(tid, Ordering::Relaxed);
    }

    /// How often it was emptied; changed under the lock of the lists.
    pub(super) fn fills(&self) -> u64 {
        self.fills.load(Ordering::Relaxed)
    }

    /// What is written, as it is now.
    pub(super) fn copy(&self) -> Vec<AtomicU64> {
        let copy = |word: &AtomicU64| AtomicU64::new(word.load(Ordering::Relaxed));
        self.written().iter().map(copy).collect()
    }

    /// Gives the memory of a chunk that is nobody's, and that nobody reads, back to the system.
    pub(super) fn give_back(&self) {
        memory::give_back(self.words);
    }

    /// In a child of `fork`: it is nobody's, whatever the parent's threads were doing.
    pub(super) fn forget(&self) {
        self.state.store(Claim::NONE.0, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
#[path = "models/chunk.rs"]
mod models;
