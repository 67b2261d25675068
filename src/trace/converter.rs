//! From records to a trace: what has to be known of earlier ones to say what the next one means.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::perfetto::{Ended, Perfetto, Place};
use super::record::{Kind, Record};
use super::threads::{Met, Threads};
use crate::base::clock::Clocks;

/// What is said of a task whose beginning is not in the trace.
const BEFORE: &[u8] = b"before the trace";
const MISSED: &[u8] = b"earlier; the event was lost";

pub(super) struct Converter {
    perfetto: Perfetto,
    /// Where the trace starts. What began before is shown from there.
    start: u64,
    threads: Threads,
    /// The tasks that a snapshot has met. A trace needs no such list: each task whose beginning it does
    /// not have is introduced in it once.
    met: Option<HashSet<u64>>,
    flows: u64,
    /// The threads on which nothing has happened since what another one has started went on there.
    arrived: HashMap<i32, Arrived>,
    lost: u64,
}

/// A flow that has come to a thread, where something goes on in that task.
struct Arrived {
    flow: u64,
    task: u64,
}

impl Converter {
    /// A trace from that moment on.
    pub(super) fn of_trace(clocks: &Clocks) -> Converter {
        Converter::of_process(std::process::id() as i32, clocks)
    }

    fn of_process(pid: i32, clocks: &Clocks) -> Converter {
        Converter {
            perfetto: Perfetto::begin(pid, &program(), clocks),
            start: clocks.monotonic,
            threads: Threads::default(),
            met: None,
            flows: 0,
            arrived: HashMap::new(),
            lost: 0,
        }
    }

    /// A run of a simulation, from its beginning on. The process in it is no real one.
    pub(super) fn of_run() -> Converter {
        const PROCESS: i32 = 1;
        let clocks = Clocks {
            monotonic: 0,
            boottime: 0,
            realtime: 0,
        };
        Converter::of_process(PROCESS, &clocks)
    }

    /// The last moments, from then on.
    pub(super) fn of_snapshot(clocks: &Clocks) -> Converter {
        Converter {
            met: Some(HashSet::new()),
            ..Converter::of_trace(clocks)
        }
    }

    /// What is to be written.
    pub(super) fn bytes(&self) -> &[u8] {
        self.perfetto.bytes()
    }

    /// The same, where nothing comes after it.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.perfetto.into_bytes()
    }

    /// It is written.
    pub(super) fn clear(&mut self) {
        self.perfetto.clear();
    }

    /// Goes on with a record of that thread. Those of one thread come in the order of their times.
    pub(super) fn add(&mut self, tid: i32, record: &Record<'_>) {
        let [first, second, third, fourth] = record.words;
        let [text, message] = record.texts;
        let (time, task) = (record.time, first);
        let place = Place { tid, time, task };
        if time < self.start && record.kind != Kind::Thread {
            return; // It was recorded for the flight recorder, or came too late for an earlier trace.
        }
        let flow = self.goes_on(tid, record.kind, second);
        match record.kind {
            Kind::Thread => self.meet(tid, time, second as u32, text),
            Kind::TaskBegin => self.begin_task(time, record, None, flow),
            Kind::TaskMissed => self.begin_task(time, record, Some(MISSED), None),
            Kind::TaskAgain if self.met.is_none() => {}
            Kind::TaskBefore | Kind::TaskAgain => {
                self.begin_task(self.start, record, Some(BEFORE), None);
            }
            Kind::TaskEnded => self.perfetto.describe_task(task, second, text),
            Kind::TaskLabel => self.label_task(time, task, text),
            Kind::TaskEnd => self.end_task(time, task, Ended::Well, text),
            Kind::TaskFailed => {
                let code = second as i32;
                self.end_task(time, task, Ended::Failed { code, text }, message);
            }
            Kind::TaskCancelled => {
                self.end_task(time, task, Ended::Cancelled { cause: text }, message);
            }
            Kind::RegionBegin => {
                self.threads.enter(tid, time);
                self.perfetto.begin_region(place, text);
            }
            Kind::RegionEnd => {
                let ended = self.threads.leave(tid, first);
                self.end_regions(tid, time, ended);
            }
            Kind::WaitBegin => {
                self.threads.enter(tid, time);
                self.perfetto.begin_wait(place, text);
            }
            Kind::ApartBegin => self.begin_apart(time, task, second, text),
            Kind::ApartEnd => self.end_apart(time, task, second),
            Kind::Log => self.perfetto.log(place, text, message),
            Kind::Arrival => {
                let origin = Place {
                    tid: third as i32,
                    time: second,
                    task: fourth,
                };
                self.arrive(place, origin);
            }
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

    pub(super) fn has_introduced(&self, tid: i32) -> bool {
        self.threads.is_known(tid)
    }

    /// A thread that is met for the first time.
    pub(super) fn introduce_thread(&mut self, tid: i32, name: &[u8]) {
        self.threads.meet(tid, tid as u32, name);
        self.perfetto.describe_thread(tid, name);
    }

    fn meet(&mut self, tid: i32, time: u64, number: u32, name: &[u8]) {
        match self.threads.meet(tid, number, name) {
            Met::Known => return,
            Met::News => {}
            Met::Successor { left_open } => self.end_regions(tid, time, left_open),
        }
        self.perfetto.describe_thread(tid, name);
    }

    fn begin_task(
        &mut self,
        time: u64,
        record: &Record<'_>,
        note: Option<&[u8]>,
        flow: Option<u64>,
    ) {
        let ([task, parent, ..], texts) = (record.words, record.texts);
        let is_news = self.met.as_mut().is_none_or(|met| met.insert(task));
        if is_news {
            self.perfetto.describe_task(task, parent, texts[0]);
            self.perfetto.begin_task(time, task, texts, note, flow);
        }
    }

    /// If the next thing that happens where a flow has come to is that a task begins below the one in which it goes on, the
    /// flow leads on to that.
    fn goes_on(&mut self, tid: i32, kind: Kind, parent: u64) -> Option<u64> {
        if kind.introduces() || self.arrived.is_empty() {
            return None;
        }
        let arrived = self.arrived.remove(&tid)?;
        let leads_on = kind == Kind::TaskBegin && arrived.task == parent;
        leads_on.then_some(arrived.flow)
    }

    fn label_task(&mut self, time: u64, task: u64, label: &[u8]) {
        if self.has_met(task) {
            self.perfetto.label_task(time, task, label);
        }
    }

    fn end_task(&mut self, time: u64, task: u64, how: Ended<'_>, label: &[u8]) {
        if self.has_met(task) {
            self.perfetto.end_task(time, task, how, label);
        }
    }

    fn begin_apart(&mut self, time: u64, apart: u64, task: u64, name: &[u8]) {
        if let Some(met) = &mut self.met {
            met.insert(apart);
        }
        self.perfetto.describe_task(apart, task, name);
        self.perfetto.begin_apart(time, apart, task, name);
    }

    /// One that began before the trace is not in it.
    fn end_apart(&mut self, time: u64, apart: u64, began: u64) {
        if began >= self.start && self.has_met(apart) {
            self.perfetto.end_task(time, apart, Ended::Well, b"");
        }
    }

    /// Whether the task's beginning is written: a snapshot may have the end of one and nothing else of it.
    fn has_met(&self, task: u64) -> bool {
        self.met.as_ref().is_none_or(|met| met.contains(&task))
    }

    fn end_regions(&mut self, tid: i32, time: u64, count: usize) {
        for _ in 0..count {
            self.perfetto.end_region(tid, time);
        }
    }

    /// Shows where it comes from, too, if that is in the trace.
    fn arrive(&mut self, place: Place, origin: Place) {
        if origin.time < self.start {
            return self.perfetto.arrive(place, None);
        }
        if !self.threads.is_known(origin.tid) {
            self.perfetto.describe_thread(origin.tid, b"");
        }
        self.flows += 1;
        self.perfetto.spawn(origin, self.flows);
        self.perfetto.arrive(place, Some(self.flows));
        let arrived = Arrived {
            flow: self.flows,
            task: place.task,
        };
        self.arrived.insert(place.tid, arrived);
    }
}

/// What the program was called as.
fn program() -> Vec<u8> {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.as_bytes().to_vec()
}
