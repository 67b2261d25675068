//! What each thing that happens looks like in Perfetto.
//!
//! The process and its threads are tracks. Each run of a task is a slice on a track of its own, below
//! its parent's, so it may begin and end on different threads. Regions are slices on their thread, logs
//! are instants there, and all of them carry the task's id as their correlation id. Where a thread does
//! what another one has started, a flow leads there. See `docs/trace.md`.

mod encode;
mod intern;
mod packet;

use crate::base::clock::Clocks;
use encode::Message;
use packet::{Argument, Category, Packets, TrackEvent, Type, argue, argue_number};

/// The process's track; those of tasks and threads have other numbers in their lowest two bits.
const PROCESS: u64 = 4;
const OF_TASK: u64 = 1;
const OF_THREAD: u64 = 2;
/// The counter of events that were lost.
const LOST: u64 = 3;

pub(super) struct Perfetto {
    packets: Packets,
    pid: i32,
}

/// A moment on a thread, in a task; task 0 is none.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tid: i32,
    pub(super) time: u64,
    pub(super) task: u64,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended<'a> {
    Well,
    Failed { code: i32, text: &'a [u8] },
    Cancelled { cause: &'a [u8] },
}

impl Perfetto {
    pub(super) fn begin(pid: i32, program: &[u8], clocks: &Clocks) -> Perfetto {
        let mut packets = Packets::begin(clocks);
        packets.describe(PROCESS, |track| {
            track.message(3, |process| {
                process.signed(1, pid.into());
                process.text(6, program);
            });
        });
        Perfetto { packets, pid }
    }

    /// What is to be written.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.packets.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.packets.bytes
    }

    /// It is written.
    pub(super) fn clear(&mut self) {
        self.packets.bytes.clear();
    }

    /// A thread without a name is one of which nothing but the id is known.
    pub(super) fn describe_thread(&mut self, tid: i32, name: &[u8]) {
        let (track, pid) = (self.thread(tid), self.pid);
        self.packets.describe(track, |track| {
            track.number(5, PROCESS);
            track.message(4, |thread| {
                thread.signed(1, pid.into());
                thread.signed(2, tid.into());
                if !name.is_empty() {
                    thread.text(5, name);
                }
            });
        });
    }

    pub(super) fn describe_task(&mut self, task: u64, parent: u64, name: &[u8]) {
        let parent = if parent == 0 {
            PROCESS
        } else {
            of_task(parent)
        };
        self.packets.describe(of_task(task), |track| {
            track.number(5, parent);
            track.text(2, name);
        });
    }

    /// `note` says of the beginning what the time does not say. The flow is one that has arrived.
    pub(super) fn begin_task(
        &mut self,
        time: u64,
        task: u64,
        [name, label]: [&[u8]; 2],
        note: Option<&[u8]>,
        flow: Option<u64>,
    ) {
        let name = Some((Category::Task, name));
        self.event(time, Type::Begin, of_task(task), name, |event| {
            correlate(event, task);
            if let Some(flow) = flow {
                event.fixed64(48, flow);
            }
            if let Some(note) = note {
                argue(event, Argument::Began, note);
            }
            argue_label(event, label);
        });
    }

    /// Says of a task that goes on which one of its kind it is: its end says that too, if it comes.
    pub(super) fn label_task(&mut self, time: u64, task: u64, label: &[u8]) {
        let name = Some((Category::Task, &b"label"[..]));
        self.event(time, Type::Instant, of_task(task), name, |event| {
            correlate(event, task);
            argue(event, Argument::Label, label);
        });
    }

    pub(super) fn end_task(&mut self, time: u64, task: u64, how: Ended<'_>, label: &[u8]) {
        self.event(time, Type::End, of_task(task), None, |event| {
            match how {
                Ended::Well => {}
                Ended::Failed { code, text } => {
                    argue(event, Argument::Error, text);
                    argue_number(event, Argument::Code, code.into());
                }
                Ended::Cancelled { cause } => argue(event, Argument::Cancelled, cause),
            }
            argue_label(event, label);
        });
    }

    pub(super) fn begin_region(&mut self, place: Place, name: &[u8]) {
        let name = Some((Category::Region, name));
        self.at(place, Type::Begin, name, |_| {});
    }

    /// It ends as regions do.
    pub(super) fn begin_wait(&mut self, place: Place, call: &[u8]) {
        let name = Some((Category::Wait, call));
        self.at(place, Type::Begin, name, |_| {});
    }

    pub(super) fn end_region(&mut self, tid: i32, time: u64) {
        self.event(time, Type::End, self.thread(tid), None, |_| {});
    }

    /// A region around what waits without a thread: a slice below its task's.
    pub(super) fn begin_apart(&mut self, time: u64, apart: u64, task: u64, name: &[u8]) {
        let name = Some((Category::Region, name));
        self.event(time, Type::Begin, of_task(apart), name, |event| {
            correlate(event, task);
        });
    }

    pub(super) fn log(&mut self, place: Place, category: &[u8], message: &[u8]) {
        let name = Some((Category::Log, message));
        self.at(place, Type::Instant, name, |event| {
            if !category.is_empty() {
                argue(event, Argument::Category, category);
            }
        });
    }

    /// Where a thread starts what another one does.
    pub(super) fn spawn(&mut self, place: Place, flow: u64) {
        let name = Some((Category::Spawn, &b"spawn"[..]));
        self.at(place, Type::Instant, name, |event| event.fixed64(47, flow));
    }

    /// Where a thread does what another one has started, if that is in the trace. The flow may lead on.
    pub(super) fn arrive(&mut self, place: Place, flow: Option<u64>) {
        let name = Some((Category::Spawn, &b"arrive"[..]));
        self.at(place, Type::Instant, name, |event| {
            if let Some(flow) = flow {
                event.fixed64(47, flow);
            }
        });
    }

    /// To come before the first `lose`.
    pub(super) fn describe_lost(&mut self) {
        self.packets.describe(LOST, |track| {
            track.number(5, PROCESS);
            track.text(2, b"events lost");
            track.message(8, |_| {});
        });
    }

    /// How many events were lost until then.
    pub(super) fn lose(&mut self, time: u64, events: u64) {
        self.event(time, Type::Counter, LOST, None, |event| {
            event.number(30, events);
        });
    }

    fn at(
        &mut self,
        place: Place,
        kind: Type,
        name: Option<(Category, &[u8])>,
        fill: impl FnOnce(&mut Message<'_>),
    ) {
        self.event(place.time, kind, self.thread(place.tid), name, |event| {
            correlate(event, place.task);
            fill(event);
        });
    }

    fn event(
        &mut self,
        time: u64,
        kind: Type,
        track: u64,
        name: Option<(Category, &[u8])>,
        fill: impl FnOnce(&mut Message<'_>),
    ) {
        let event = TrackEvent {
            time,
            kind,
            track,
            name,
        };
        self.packets.event(&event, fill);
    }

    /// The track of a thread. Its number is small, since it is written with each event: the ids of a
    /// process's threads are near its own.
    fn thread(&self, tid: i32) -> u64 {
        let distance = i64::from(tid) - i64::from(self.pid);
        let zigzag = (distance << 1) ^ (distance >> 63);
        (zigzag as u64) << 2 | OF_THREAD
    }
}

/// An empty one is none.
fn argue_label(event: &mut Message<'_>, label: &[u8]) {
    if !label.is_empty() {
        argue(event, Argument::Label, label);
    }
}

fn of_task(task: u64) -> u64 {
    task << 2 | OF_TASK
}

fn correlate(event: &mut Message<'_>, task: u64) {
    if task != 0 {
        event.number(52, task);
    }
}
