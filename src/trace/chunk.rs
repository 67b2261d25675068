//! A piece of memory to which one thread at a time appends records.
//!
//! Threads come and go, and nothing of ours runs when one ends. So a chunk belongs to a thread only in
//! that the thread knows its state as the thread left it: its *claim*. A claim may be taken away at any
//! moment but while the thread writes; then the thread finds the state changed, and claims another.
//!
//! It is hardly ever taken away. So the thread says with plain stores that it writes (`looking`), in a place of its own, and who takes a claim away
//! looks there. Who has lost a claim may find that out late, and comes into its place once more; so whoever has the chunk then has another place. When
//! these are used up, and as long as somebody looks, a thread says it in the state, by a locked instruction.
//!
//! Invariants:
//! - **H3 one writer.** Words are written only by who has set `BUSY`, or is inside, and only the holder of the latest
//!   claim can be either. A claim changes hands only while he is neither.
//! - **H4 the prefix stands.** The words below the length do not change until the chunk is emptied. So
//!   they can be read while more are appended.

mod memory;

use crate::base::sync::atomic::{AtomicU64, Ordering};
use crate::base::sync::looking::{Inside, Look};
use crate::base::sync::notes;

/// How many words a chunk has: room for the longest record and a few others, in whole pages.
#[cfg(not(loom))]
pub(super) const WORDS: usize = 33 * 4096 / size_of::<u64>();
#[cfg(loom)]
pub(super) const WORDS: usize = 6;

/// In the state: a thread is writing.
const BUSY: u64 = 1;
/// Where the length begins in the state, the place of who has the claim, and the number of the claim.
const LENGTH: u32 = 1;
const PLACE: u32 = 17;
const NUMBER: u32 = 22;
const _: () = assert!(WORDS < 1 << (PLACE - LENGTH));

/// How many places there are: so often the chunk can be taken away before the locked instruction is needed.
const PLACES: usize = if cfg!(loom) { 2 } else { 31 };
const _: () = assert!(PLACES < 1 << (NUMBER - PLACE));

pub(super) struct Chunk {
    /// Whether somebody is writing, how many words are written, and whose it is.
    state: AtomicU64,
    words: &'static [AtomicU64],
    /// Whether its holder is inside; each place is one holder's, or that of several of whom each but the last has closed it himself, and has
    /// forgotten it by then.
    places: [Inside; PLACES],
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
    fn new(number: u64, place: usize, length: usize) -> Claim {
        Claim(number << NUMBER | (place as u64) << PLACE | (length as u64) << LENGTH)
    }

    fn length(self) -> usize {
        (self.0 >> LENGTH) as usize % (1 << (PLACE - LENGTH))
    }

    /// `PLACES`: none is left.
    fn place(self) -> usize {
        (self.0 >> PLACE) as usize % (1 << (NUMBER - PLACE))
    }

    fn after(self, size: usize) -> Claim {
        Claim(self.0 + ((size as u64) << LENGTH))
    }
}

impl Chunk {
    /// An empty chunk that is nobody's; `None`: there is no memory.
    pub(super) fn make() -> Option<&'static Chunk> {
        let chunk = Chunk {
            state: AtomicU64::new(Claim::NONE.0),
            words: memory::words(WORDS)?,
            places: std::array::from_fn(|_| Inside::new()),
            read: notes::AtomicUsize::new(0),
            reading: notes::AtomicI32::new(0),
            fills: notes::AtomicU64::new(0),
        };
        Some(Box::leak(Box::new(chunk)))
    }

    /// Appends so many words, for the holder of a claim; returns what the claim is then.
    #[inline(always)]
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
        let inside = self.inside(claim).filter(|inside| inside.come_in());
        if !self.is_kept(claim, inside) {
            return Err(Refused::Lost);
        }
        write(place);
        let after = claim.after(size);
        // Release: who sees the length sees the words (H4).
        self.state.store(after.0, Ordering::Release);
        inside.inspect(|inside| inside.go_out());
        Ok(after)
    }

    /// Where the holder of that claim says whether he is inside.
    #[inline]
    fn inside(&self, claim: Claim) -> Option<&Inside> {
        self.places.get(claim.place())
    }

    /// Whether the holder of a claim still has it, and keeps it until the state is as he leaves it: he is inside, or becomes busy.
    #[inline]
    fn is_kept(&self, claim: Claim, inside: Option<&Inside>) -> bool {
        // Acquire: what was written before the claim was handed over comes before what is written now.
        let Some(inside) = inside else {
            let busy = claim.0 | BUSY;
            let (if_kept, if_lost) = (Ordering::Acquire, Ordering::Relaxed);
            return (self.state)
                .compare_exchange(claim.0, busy, if_kept, if_lost)
                .is_ok();
        };
        let is_kept = self.state.load(Ordering::Acquire) == claim.0;
        if !is_kept {
            inside.go_out();
        }
        is_kept
    }

    /// Takes the claim from its holder, for the claim of that number, or for nobody with number 0;
    /// `None` if the holder is just writing (H3).
    pub(super) fn hand_over(&self, number: u64) -> Option<Claim> {
        let former = Claim(self.state.load(Ordering::Relaxed));
        let inside = self.inside(former);
        let _look = inside.map(|_| Look::begin());
        if former.0 & BUSY != 0 || inside.is_some_and(Inside::is_there) {
            return None;
        }
        let place = PLACES.min(former.place() + 1);
        self.replace(former, Claim::new(number, place, former.length()))
    }

    /// Its holder gives it up; `None`: it was taken from him.
    pub(super) fn close(&self, claim: Claim) -> Option<Claim> {
        self.replace(claim, Claim::new(0, claim.place(), claim.length()))
    }

    fn replace(&self, former: Claim, claim: Claim) -> Option<Claim> {
        // Relaxed: what the holder has written is passed on to who acquires this, in `append` or `written`.
        let relaxed = Ordering::Relaxed;
        let replaced = (self.state).compare_exchange(former.0, claim.0, relaxed, relaxed);
        replaced.is_ok().then_some(claim)
    }

    /// Empties a chunk that is nobody's, and claims it.
    pub(super) fn claim(&self, number: u64) -> Claim {
        let place = Claim(self.state.load(Ordering::Relaxed)).place();
        let claim = Claim::new(number, place, 0);
        self.fills.fetch_add(1, Ordering::Relaxed);
        self.set_bookmark(0, 0);
        self.state.store(claim.0, Ordering::Release);
        claim
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
        self.places.iter().for_each(Inside::go_out);
        self.state.store(Claim::NONE.0, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
#[path = "models/chunk.rs"]
mod models;
