//! The flight recorder: the last moments, written when somebody asks.
//!
//! Nothing is written until then. Full chunks are kept, and when there are as many as may be, the oldest
//! is used again.

use std::ffi::CStr;
use std::io;

use super::answer::Answer;
use super::control::{Fault, contained};
use super::drain::WORTH_WRITING;
use super::file::TraceFile;
use super::merge::{Run, merge};
use super::pool;
use super::story::Story;
use crate::clock::Clocks;
use crate::crew::{self, NoThread};
use crate::sync::Arc;

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
///
/// A thread of the library does that: on one of the program's, a signal that a write causes could end
/// the program.
pub(crate) fn snapshot(path: &CStr) -> Result<(), Fault> {
    if !pool::keeps() {
        return Err(Fault::NotKept);
    }
    let file = TraceFile::create(path).map_err(|error| Fault::file(path, error))?;
    let written = Arc::new(Answer::awaited());
    let hired = crew::patiently(|| {
        let written = written.clone();
        crew::lend(Box::new(move || written.give(contained(|| write(file)))))
    });
    if let Err(NoThread) = hired {
        let _ = file.close();
        return Err(Fault::NoThread);
    }
    written.wait().map_err(|error| Fault::file(path, error))
}

fn write(file: TraceFile) -> io::Result<()> {
    let copies = pool::copies();
    let mut runs: Vec<_> = copies.iter().map(|words| Run { words, tid: 0 }).collect();
    let now = Clocks::now();
    let start = runs.iter().filter_map(Run::time).min();
    let start = now.back_to(start.unwrap_or(now.monotonic));
    let mut story = Story::of_snapshot(&start);
    let mut written = Ok(());
    let mut write = |story: &mut Story| {
        if written.is_ok() {
            written = file.write(story.bytes()).map_err(|(_, error)| error);
        }
        story.clear();
    };
    merge(
        &mut runs,
        |tid, record| {
            story.add(tid, record);
            if story.bytes().len() >= WORTH_WRITING {
                write(&mut story);
            }
        },
        |_, _| {},
    );
    write(&mut story);
    let closed = file.close();
    written.and(closed)
}
