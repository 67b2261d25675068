//! The flight recorder: the last moments, written when somebody asks.
//!
//! Nothing is written until then. Full chunks are kept, and when there are as many as may be, the oldest
//! is used again.

use std::ffi::CStr;
use std::io;

use super::control::{self, Fault};
use super::converter::Converter;
use super::drain::WORTH_WRITING;
use super::file::TraceFile;
use super::merge::{Run, merge};
use super::pool;
use crate::base::clock::Clocks;

/// How many chunks a recorder has at least: 2 MiB.
const FEWEST: usize = 16;

/// Keeps the last moments in so much memory, from now on; 0: no more.
///
/// That is rounded up to whole chunks, and to some of them, since several threads write at once.
pub(crate) fn keep_last(bytes: usize) {
    match bytes {
        0 => pool::keep(0),
        _ => pool::keep(bytes.div_ceil(pool::CHUNK).max(FEWEST)),
    }
}

/// Writes the last moments to this file.
pub(crate) fn snapshot(path: &CStr) -> Result<(), Fault> {
    if !pool::keeps() {
        return Err(Fault::NotKept);
    }
    control::write_apart(path, write)
}

fn write(file: TraceFile) -> io::Result<()> {
    let copies = pool::copies();
    let mut runs: Vec<_> = copies.iter().map(|words| Run { words, tid: 0 }).collect();
    let now = Clocks::now();
    let start = runs.iter().filter_map(Run::time).min();
    let start = now.back_to(start.unwrap_or(now.monotonic));
    let mut converter = Converter::of_snapshot(&start);
    let mut written = Ok(());
    let mut write = |converter: &mut Converter| {
        if written.is_ok() {
            written = file
                .write(converter.bytes(), || true)
                .map_err(|(_, error)| error);
        }
        converter.clear();
    };
    merge(
        &mut runs,
        |tid, record| {
            converter.add(tid, record);
            if converter.bytes().len() >= WORTH_WRITING {
                write(&mut converter);
            }
        },
        |_, _| {},
    );
    write(&mut converter);
    let closed = file.close();
    written.and(closed)
}
