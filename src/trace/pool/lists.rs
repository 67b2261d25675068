//! Which chunks there are, and what each one is for.
//!
//! Invariants:
//! - **H5 one place.** A chunk is free, open, full, being read, or kept. It changes its place, and its
//!   claim changes hands, under the lock of the lists (`pool`).
//! - **H6 bounded.** No more than `limit` chunks are in use.
//! - **H7 nothing is skipped.** While there is a reader, no chunk is emptied that he has not read.

use std::collections::VecDeque;

use crate::base::clock::{self, Instant};
use crate::trace::chunk::{Chunk, Claim};
use crate::trace::epoch;

pub(in crate::trace) struct Lists {
    /// How many chunks may be in use.
    pub(super) limit: usize,
    /// How many full ones are kept for snapshots.
    pub(super) keep: usize,
    /// Whether full ones are for a reader, and whether he is to come to an end.
    pub(super) is_read: bool,
    pub(super) is_over: bool,
    /// From when on he is not to wait for anybody.
    pub(super) end: Option<Instant>,
    all: Vec<&'static Chunk>,
    free: Vec<&'static Chunk>,
    /// In the order in which they were claimed.
    pub(super) open: VecDeque<&'static Chunk>,
    pub(super) full: Vec<&'static Chunk>,
    /// Full ones that the reader has taken.
    reading: Vec<&'static Chunk>,
    /// The oldest first.
    kept: VecDeque<&'static Chunk>,
    /// How many claims were given.
    claims: u64,
    /// How many chunks were filled in this epoch.
    filled: usize,
}

/// A chunk and the claim to it.
pub(in crate::trace) type Grant = (&'static Chunk, Claim);

impl Lists {
    pub(super) const fn new() -> Lists {
        Lists {
            limit: 0,
            keep: 0,
            is_read: false,
            is_over: false,
            end: None,
            all: Vec::new(),
            free: Vec::new(),
            open: VecDeque::new(),
            full: Vec::new(),
            reading: Vec::new(),
            kept: VecDeque::new(),
            claims: 0,
            filled: 0,
        }
    }

    /// How many chunks may be open before threads take them from each other.
    pub(super) fn most_open(&self) -> usize {
        self.limit / 2
    }

    pub(super) fn in_use(&self) -> usize {
        self.all.len() - self.free.len()
    }

    /// A chunk with so much room.
    pub(super) fn grant(&mut self, room: usize) -> Option<Grant> {
        let is_crowded = self.open.len() >= self.most_open();
        if is_crowded {
            if let Some(granted) = self.hand_over(room) {
                return Some(granted);
            }
        }
        match self.empty() {
            Some(chunk) => Some(self.open(chunk)),
            None => self.hand_over(room),
        }
    }

    /// A chunk of which nobody needs what is in it (H6, H7).
    fn empty(&mut self) -> Option<&'static Chunk> {
        if self.in_use() < self.limit {
            if let Some(free) = self.free.pop() {
                return Some(free);
            }
            if let Some(made) = Chunk::make() {
                self.all.push(made);
                return Some(made);
            }
        }
        self.kept.pop_front()
    }

    fn open(&mut self, chunk: &'static Chunk) -> Grant {
        self.claims += 1;
        self.open.push_back(chunk);
        (chunk, chunk.claim(self.claims))
    }

    /// The chunk that was claimed first, unless its thread is writing just now.
    pub(super) fn hand_over(&mut self, room: usize) -> Option<Grant> {
        for _ in 0..self.open.len() {
            let chunk = self.open.pop_front()?;
            self.claims += 1;
            match chunk.hand_over(self.claims) {
                Some(claim) if chunk.room() >= room => {
                    self.open.push_back(chunk);
                    return Some((chunk, claim));
                }
                Some(_) => self.shelve(chunk),
                None => self.open.push_back(chunk),
            }
        }
        None
    }

    /// Takes a chunk from the holder of this claim, if he still has it.
    pub(super) fn close(&mut self, (chunk, claim): Grant) {
        if chunk.close(claim).is_some() {
            remove(&mut self.open, chunk);
            self.shelve(chunk);
        }
    }

    /// Takes a full chunk, which is nobody's.
    pub(super) fn shelve(&mut self, chunk: &'static Chunk) {
        if self.is_read {
            self.full.push(chunk);
        } else {
            self.put_by(chunk);
        }
        self.filled += 1;
        if self.keep > 0 && self.filled >= self.keep / 2 {
            self.filled = 0;
            epoch::next(clock::exact());
        }
    }

    /// Gives all full chunks to the reader.
    pub(super) fn take_full(&mut self) -> Vec<&'static Chunk> {
        self.reading.extend(&self.full);
        std::mem::take(&mut self.full)
    }

    /// Takes one back.
    pub(super) fn take_back(&mut self, chunk: &'static Chunk) {
        self.reading.retain(|other| !std::ptr::eq(*other, chunk));
        self.put_by(chunk);
    }

    /// There is no reader any more.
    pub(super) fn end_reading(&mut self) {
        (self.is_read, self.is_over, self.end) = (false, false, None);
        for chunk in std::mem::take(&mut self.full) {
            self.put_by(chunk);
        }
        self.limit_to_kept();
    }

    /// Takes a full chunk of which nobody needs what is in it, but snapshots.
    fn put_by(&mut self, chunk: &'static Chunk) {
        self.kept.push_back(chunk);
        self.trim();
    }

    /// Keeps no more than is to be kept (H6).
    fn trim(&mut self) {
        let is_too_much =
            |lists: &Lists| lists.kept.len() > lists.keep || lists.in_use() > lists.limit;
        while is_too_much(self) {
            let Some(oldest) = self.kept.pop_front() else {
                return;
            };
            self.free.push(oldest);
        }
    }

    /// Uses no more than what is kept for snapshots, from now on. Only now memory is given back: while
    /// a trace is on, what was needed once may be needed again, and new pages cost as much as recording.
    pub(super) fn limit_to_kept(&mut self) {
        self.limit = self.keep;
        for _ in self.most_open()..self.open.len() {
            let Some(chunk) = self.open.pop_front() else {
                break;
            };
            match chunk.hand_over(0) {
                Some(_) => self.kept.push_back(chunk),
                None => self.open.push_back(chunk), // Its thread is writing.
            }
        }
        self.trim();
        self.free.iter().for_each(|chunk| chunk.give_back());
    }

    /// What threads have written and nobody has emptied, each with how often it was emptied before.
    pub(super) fn written(&self) -> Vec<(&'static Chunk, u64)> {
        let full = self.kept.iter().chain(&self.reading).chain(&self.full);
        let chunks = full.chain(&self.open);
        chunks.map(|&chunk| (chunk, chunk.fills())).collect()
    }

    /// In a child of `fork`: what was recorded is the parent's.
    pub(super) fn forget(&mut self) {
        self.all.iter().for_each(|chunk| chunk.forget());
        *self = Lists {
            limit: self.keep,
            keep: self.keep,
            claims: self.claims,
            free: self.all.clone(),
            all: std::mem::take(&mut self.all),
            ..Lists::new()
        };
    }
}

fn remove(chunks: &mut VecDeque<&'static Chunk>, chunk: &'static Chunk) {
    chunks.retain(|other| !std::ptr::eq(*other, chunk));
}
