//! The trace of a run of a simulation: in its own time and with its own numbers, so that the same seed gives the same bytes.
//!
//! One thread of a run goes on at a time. So what happens comes in order, and is converted at once; it is kept in memory, for nobody
//! knows yet whether the run will have failed.

use super::converter::Converter;
use super::epoch;
use super::record::{self, Event};
use crate::base::events::{Place, Region};
use crate::base::sync::atomic::AtomicU64;
use crate::base::sync::{Mutex, MutexGuard, global};
use crate::base::world;

global!(RECORDER: Mutex<Option<Recorder>> = Mutex::new(None));

/// The epoch of a run. No record is older.
const FIRST: u64 = 1;
/// How many bytes are kept. What comes later is lost, and counted.
const MOST: usize = 256 << 20;

pub(super) struct Recorder {
    converter: Converter,
    /// When the last thing happened: no two have the same time, and none has that which stands for a region that nobody has seen.
    last: u64,
    lost: u64,
    words: Vec<AtomicU64>,
    buffers: [Vec<u8>; 2],
}

/// From now on, what happens in the run is recorded; to be called in it, as it begins.
pub(crate) fn begin() {
    *RECORDER.lock() = Some(Recorder {
        converter: Converter::of_run(),
        last: Region::UNSEEN.0 as u64,
        lost: 0,
        words: Vec::new(),
        buffers: Default::default(),
    });
    epoch::begin(FIRST);
}

/// Nothing of a run is recorded, as long as nobody has it so; to be called in it. Returns the trace, if there is one.
pub(crate) fn end() -> Option<Vec<u8>> {
    epoch::end();
    let Recorder {
        mut converter,
        last,
        lost,
        ..
    } = RECORDER.lock().take()?;
    converter.lose(last, lost);
    Some(converter.into_bytes())
}

/// Records an event at the present moment, which is returned; `None`: the calling thread is in no run that is recorded.
#[cold]
pub(super) fn record<const W: usize, const T: usize>(event: &Event<'_, W, T>) -> Option<u64> {
    here(|recorder, thread| recorder.record(thread, event))
}

/// The present moment, likewise.
#[cold]
pub(super) fn moment() -> Option<u64> {
    here(|recorder, _| recorder.tick())
}

/// Here and now, in that task, likewise.
#[cold]
pub(super) fn place(task: u64) -> Option<Place> {
    here(|recorder, tid| {
        recorder.meet(tid);
        let time = recorder.tick();
        Place { tid, time, task }
    })
}

fn here<T>(what: impl FnOnce(&mut Recorder, i32) -> T) -> Option<T> {
    let number = world::number()?;
    let tid = i32::try_from(number + 1).ok()?; // To viewers, 0 is no thread of a program.
    RECORDER.lock().as_mut().map(|recorder| what(recorder, tid))
}

impl Recorder {
    fn tick(&mut self) -> u64 {
        self.last = world::passed().unwrap_or(0).max(self.last + 1);
        self.last
    }

    /// Threads are called as errors and schedules have them.
    fn meet(&mut self, tid: i32) {
        if !self.converter.has_introduced(tid) {
            let name = format!("thread {}", tid - 1);
            self.converter.introduce_thread(tid, name.as_bytes());
        }
    }

    fn record<const W: usize, const T: usize>(&mut self, tid: i32, event: &Event<'_, W, T>) -> u64 {
        self.meet(tid);
        let time = self.tick();
        if self.converter.bytes().len() > MOST {
            self.lost += 1;
            return time;
        }
        self.words.clear();
        self.words.resize_with(event.size(), || AtomicU64::new(0));
        event.write(time, &self.words);
        let record = record::read(&self.words, &mut self.buffers);
        self.converter.add(tid, &record);
        time
    }
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, Option<Recorder>>;

pub(super) fn hold() -> Held {
    RECORDER.lock()
}

/// In a child of `fork`: the run is the parent's.
pub(super) fn forget(mut held: Held) {
    *held = None;
    epoch::forget_run();
}
