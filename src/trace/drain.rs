//! What becomes of what threads record while a trace is on: a thread of the crew writes it to a file.

use std::io::{self, ErrorKind};

use super::converter::Converter;
use super::file::TraceFile;
use super::merge::merge;
use super::record::Record;
use super::{pool, thread_buffer};
use crate::base::clock::{self, Clocks, Duration};

/// How often what was recorded is written: a program that is killed loses less than its last second.
const PERIOD: Duration = Duration::from_millis(500);
/// How many bytes are worth a write.
pub(super) const WORTH_WRITING: usize = 256 << 10;

/// The drain of one trace.
pub(super) struct Drain {
    file: TraceFile,
    converter: Converter,
    /// How much of the file is whole packets.
    length: u64,
    lost_before: u64,
    /// Why nothing is written any more.
    failed: Option<io::Error>,
}

impl Drain {
    /// Of a trace that begins at that moment, before which so many events had been lost.
    pub(super) fn new(file: TraceFile, clocks: &Clocks, lost_before: u64) -> Drain {
        Drain {
            file,
            converter: Converter::of_trace(clocks),
            length: 0,
            lost_before,
            failed: None,
        }
    }

    /// Writes what is recorded, until the trace is over; then closes the file.
    pub(super) fn run(mut self) -> io::Result<()> {
        self.write();
        while !pool::wait(clock::now() + PERIOD) {
            self.drain();
        }
        self.drain();
        let closed = self.file.close();
        self.failed.map_or(closed, Err)
    }

    /// Writes all that was recorded until now.
    fn drain(&mut self) {
        let parts = pool::take_parts();
        let mut runs: Vec<_> = parts.iter().map(|part| part.unread()).collect();
        merge(
            &mut runs,
            |tid, record| self.add(tid, record),
            |place, tid| parts[place].was_read(tid),
        );
        let lost = thread_buffer::lost() - self.lost_before;
        self.converter.lose(clock::exact(), lost);
        self.write();
    }

    fn add(&mut self, tid: i32, record: &Record<'_>) {
        if self.failed.is_none() {
            self.converter.add(tid, record);
            if self.converter.bytes().len() >= WORTH_WRITING {
                self.write();
            }
        }
    }

    /// Writes what the converter has come to. While the disk is full, this goes on until it is not, and
    /// what is recorded meanwhile fills the chunks.
    fn write(&mut self) {
        let mut written = 0;
        let mut is_last_try = false;
        while self.failed.is_none() {
            let bytes = self.converter.bytes();
            let Err((more, error)) = self.file.write(&bytes[written..], pool::may_wait) else {
                self.length += bytes.len() as u64;
                break;
            };
            written += more;
            if is_last_try || !may_pass(&error) {
                self.fail(error);
            } else {
                is_last_try = pool::wait_for_end(clock::now() + PERIOD);
            }
        }
        self.converter.clear();
    }

    /// The file stays as it is, less what was written of a packet in part.
    fn fail(&mut self, error: io::Error) {
        self.failed = Some(error);
        let _ = self.file.cut(self.length);
        pool::give_up_reading();
    }
}

/// Whether it may be better later.
fn may_pass(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}
