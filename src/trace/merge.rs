//! What several chunks hold, in the order in which it happened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::record::{self, Kind, Record};
use crate::base::sync::atomic::{AtomicU64, Ordering};

/// What is to be read of one chunk.
pub(super) struct Run<'a> {
    /// The rest of it.
    pub(super) words: &'a [AtomicU64],
    /// Whose the next record is.
    pub(super) tid: i32,
}

/// Passes all records on, in the order of their times, each with its thread; and each run, by its
/// place, once it has come to its end.
///
/// The records of one thread come in the order in which it wrote them: in a chunk they follow each
/// other, and no thread has two records of the same time.
pub(super) fn merge(
    runs: &mut [Run<'_>],
    mut each: impl FnMut(i32, &Record<'_>),
    mut ended: impl FnMut(usize, i32),
) {
    let mut buffers = Default::default();
    let mut next = BinaryHeap::new();
    for (place, run) in runs.iter().enumerate() {
        match run.time() {
            Some(time) => next.push(Reverse((time, place))),
            None => ended(place, run.tid),
        }
    }
    while let Some(mut earliest) = next.peek_mut() {
        let place = earliest.0.1;
        let run = &mut runs[place];
        let record = run.read(&mut buffers);
        each(run.tid, &record);
        match run.time() {
            Some(time) => earliest.0.0 = time,
            None => {
                PeekMut::pop(earliest);
                ended(place, run.tid);
            }
        }
    }
}

impl Run<'_> {
    /// That of the next record; `None`: there is none.
    pub(super) fn time(&self) -> Option<u64> {
        Some(self.words.first()?.load(Ordering::Relaxed))
    }

    pub(super) fn read<'b>(&mut self, buffers: &'b mut [Vec<u8>; 2]) -> Record<'b> {
        let (first, rest) = self.words.split_at(record::size(self.words));
        self.words = rest;
        let record = record::read(first, buffers);
        if record.kind == Kind::Thread {
            self.tid = record.words[0] as i32;
        }
        record
    }
}
