//! From records to a trace: what has to be known of earlier ones to say what the next one means.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::perfetto::{Ended, Perfetto, Place};
use super::record::{Kind, Record};
use super::threads::{Met, Threads};
use crate::clock::Clocks;

/// What is said of a task whose beginning is not in the trace.
const BEFORE: &[u8] = b"before the trace";
const MISSED: &[u8] = b"earlier; the event was lost";

pub(super) struct Story {
    perfetto: Perfetto,
    /// Where the trace starts. What began before is shown from there.
    start: u64,
    threads: Threads,
    /// The tasks that a snapshot has met. A trace needs no such list: each task whose beginning it does
    /// not have is made known in it once.
    met: Option<HashSet<u64>>,
    flows: u64,
    lost: u64,
}

impl Story {
    /// A trace from that moment on.
    pub(super) fn of_trace(clocks: &Clocks) -> Story {
        let pid = std::process::id().cast_signed();
        Story {
            perfetto: Perfetto::begin(pid, &program(), clocks),
            start: clocks.monotonic,
            threads: Threads::default(),
            met: None,
            flows: 0,
            lost: 0,
        }
    }

    /// The last moments, from then on.
    pub(super) fn of_snapshot(clocks: &Clocks) -> Story {
        Story {
            met: Some(HashSet::new()),
            ..Story::of_trace(clocks)
        }
    }

    /// What is to be written.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.perfetto.packets.bytes
    }

    /// It is written.
    pub(super) fn clear(&mut self) {
        self.perfetto.packets.bytes.clear();
    }

    /// Goes on with a record of that thread. Those of one thread come in the order of their times.
    pub(super) fn add(&mut self, tid: i32, record: &Record<'_>) {
        let [first, second, third] = record.words;
        let [text, message] = record.texts;
        let (time, task) = (record.time, first);
        let place = Place { tid, time, task };
        if time < self.start && record.kind != Kind::Thread {
            return; // It was recorded for the flight recorder, or came too late for an earlier trace.
        }
        match record.kind {
            Kind::Thread => self.meet(tid, time, second as u32, text),
            Kind::TaskBegin => self.begin_task(time, task, second, text, None),
            Kind::TaskBefore => self.begin_task(self.start, task, second, text, Some(BEFORE)),
            Kind::TaskMissed => self.begin_task(time, task, second, text, Some(MISSED)),
            Kind::TaskAgain if self.met.is_none() => {}
            Kind::TaskAgain => self.begin_task(self.start, task, second, text, Some(BEFORE)),
            Kind::TaskEnded => self.perfetto.describe_task(task, second, text),
            Kind::TaskEnd => self.end_task(time, task, Ended::Well),
            Kind::TaskFailed => {
                let code = second as i32;
                self.end_task(time, task, Ended::Failed { code, text });
            }
            Kind::TaskCancelled => self.end_task(time, task, Ended::Cancelled { cause: text }),
            Kind::RegionBegin => {
                self.threads.enter(tid, time);
                self.perfetto.begin_region(place, text);
            }
            Kind::RegionEnd => {
                let ended = self.threads.leave(tid, first);
                self.end_regions(tid, time, ended);
            }
            Kind::Log => self.perfetto.log(place, text, message),
            Kind::Arrival => self.arrive(place, third as i32, second),
        }
    }

    /// How many events were lost until then, in all.
    pub(super) fn lose(&mut self, time: u64, events: u64) {
        if events == self.lost {
            return;
        }
        if self.lost == 0 {
            self.perfetto.describe_lost();
        }
        self.lost = events;
        self.perfetto.lose(time, events);
    }

    fn meet(&mut self, tid: i32, time: u64, number: u32, name: &[u8]) {
        match self.threads.meet(tid, number, name) {
            Met::Known => return,
            Met::News => {}
            Met::Successor { left_open } => self.end_regions(tid, time, left_open),
        }
        self.perfetto.describe_thread(tid, name);
    }

    fn begin_task(&mut self, time: u64, task: u64, parent: u64, name: &[u8], note: Option<&[u8]>) {
        let is_news = self.met.as_mut().is_none_or(|met| met.insert(task));
        if is_news {
            self.perfetto.describe_task(task, parent, name);
            self.perfetto.begin_task(time, task, name, note);
        }
    }

    fn end_task(&mut self, time: u64, task: u64, how: Ended<'_>) {
        // A snapshot may have the end of a task and nothing else of it.
        if self.met.as_ref().is_none_or(|met| met.contains(&task)) {
            self.perfetto.end_task(time, task, how);
        }
    }

    fn end_regions(&mut self, tid: i32, time: u64, count: usize) {
        for _ in 0..count {
            self.perfetto.end_region(tid, time);
        }
    }

    /// Shows where it comes from, too, if that is in the trace.
    fn arrive(&mut self, place: Place, from: i32, time: u64) {
        if time < self.start {
            return self.perfetto.arrive(place, None);
        }
        if !self.threads.is_known(from) {
            self.perfetto.describe_thread(from, b"");
        }
        self.flows += 1;
        let origin = Place {
            tid: from,
            time,
            ..place
        };
        self.perfetto.spawn(origin, self.flows);
        self.perfetto.arrive(place, Some(self.flows));
    }
}

/// What the program was called as.
fn program() -> Vec<u8> {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.as_bytes().to_vec()
}
