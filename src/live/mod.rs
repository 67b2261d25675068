//! What runs now: every process there is, as a tree.
//!
//! Invariants:
//! - **D1 nobody waits for a reader.** What is seen is copied, a slot at a time; all writing comes after
//!   that, without a lock.
//! - **D2 whole.** What is told of one thread was so at one moment, under its slot's lock. Threads are seen
//!   one after the other: what has ended in between is shown as far as those knew it who helped with it.
//! - **D3 a tree.** Each process is inside of one other at most, and of none that is inside of it: work
//!   that has ended may have had the address of work that was seen later.

mod json;
mod see;
mod text;

use std::collections::HashMap;

use crate::frames::Running;
use crate::leaf::Call;
use crate::slots;
use see::{Place, Seen};

pub(crate) use json::write as json;
pub(crate) use text::write as text;

/// Every process that was seen to run.
#[derive(Default)]
pub(crate) struct Live {
    processes: Vec<Process>,
    /// Each piece of published work, by its address.
    works: HashMap<usize, Work>,
}

/// Where published work is among the processes.
struct Work {
    number: usize,
    /// Whether it was seen on the thread that published it; else only on threads that help.
    is_placed: bool,
}

/// One process that runs.
pub(crate) struct Process {
    kind: &'static str,
    /// A task's or a region's type.
    name: Option<String>,
    /// The names of the tasks around it, and its own.
    path: String,
    thread: i32,
    age_ns: u64,
    doing: &'static str,
    cancelled: Option<Cancelled>,
    /// How many of its children nobody has begun yet.
    not_started: usize,
    /// The address of a callback's code.
    function: Option<usize>,
    /// What it is inside of.
    inside: Option<usize>,
    children: Vec<usize>,
}

/// Since when its handle is cancelled, and why.
#[derive(Clone)]
struct Cancelled {
    age_ns: u64,
    code: i32,
    cause: String,
}

const RUNNING: &str = "running";
const JOINING: &str = "joining children";
const AWAITING: &str = "waiting for its signal";

/// Looks at all threads.
pub(crate) fn look() -> Live {
    let mut threads = Vec::new();
    slots::each(|slot| threads.push(see::thread(slot)));
    let mut live = Live::default();
    for (frames, running) in threads {
        live.add(frames, &running);
    }
    live
}

impl Live {
    /// Adds what was seen of one thread, the outermost frame last.
    fn add(&mut self, frames: Vec<Seen>, running: &Running) {
        let mut inside = None;
        for frame in frames.into_iter().rev() {
            if let Some(caller) = frame.caller {
                inside = Some(self.callback(caller, "proc_run", running.thread, inside));
            }
            inside = Some(self.place(frame.process, frame.place, inside));
        }
        let Some(innermost) = inside else { return };
        match running.call {
            Some(call) => _ = self.callback(call, running.doing(), running.thread, inside),
            None => self.processes[innermost].doing = self.processes[innermost].between_callbacks(),
        }
    }

    /// A callback that runs on a thread, inside of a process: of another thread's, where this one helps.
    fn callback(
        &mut self,
        call: Call,
        doing: &'static str,
        thread: i32,
        inside: Option<usize>,
    ) -> usize {
        let around = inside.map(|inside| &self.processes[inside]);
        let process = Process {
            kind: "callback",
            name: None,
            path: around.map_or(String::new(), |around| around.path.clone()),
            thread,
            // Rough clocks must not make it older than what it is inside of.
            age_ns: around
                .map_or(u64::MAX, |around| around.age_ns)
                .min(see::age(call.since)),
            doing,
            cancelled: around.and_then(|around| around.cancelled.clone()),
            not_started: 0,
            function: Some(call.function),
            inside: None,
            children: Vec::new(),
        };
        self.push(process, inside)
    }

    fn place(&mut self, process: Process, place: Place, inside: Option<usize>) -> usize {
        match place {
            Place::Here => self.push(process, inside),
            Place::Helps(work) => match self.works.get(&work) {
                Some(known) => known.number,
                None => self.publish(work, false, process, None),
            },
            Place::Publishes(work) => match self.known_to_helpers(work, inside) {
                Some(known) => {
                    let children = std::mem::take(&mut self.processes[known].children);
                    self.processes[known] = Process {
                        children,
                        ..process
                    };
                    self.put(known, inside);
                    known
                }
                None => self.publish(work, true, process, inside),
            },
        }
    }

    /// The work at that address, if so far only helpers told of it and it may be put there (D3). Takes it
    /// as placed then.
    fn known_to_helpers(&mut self, work: usize, inside: Option<usize>) -> Option<usize> {
        let processes = &self.processes;
        let mut around = std::iter::successors(inside, |number| processes[*number].inside);
        let known = self.works.get_mut(&work)?;
        if known.is_placed || around.any(|number| number == known.number) {
            return None;
        }
        known.is_placed = true;
        Some(known.number)
    }

    fn publish(
        &mut self,
        work: usize,
        is_placed: bool,
        process: Process,
        inside: Option<usize>,
    ) -> usize {
        let number = self.push(process, inside);
        self.works.insert(work, Work { number, is_placed });
        number
    }

    fn push(&mut self, process: Process, inside: Option<usize>) -> usize {
        let number = self.processes.len();
        self.processes.push(process);
        self.put(number, inside);
        number
    }

    fn put(&mut self, number: usize, inside: Option<usize>) {
        self.processes[number].inside = inside;
        if let Some(inside) = inside {
            self.processes[inside].children.push(number);
        }
    }

    /// Those inside of nothing that was seen.
    fn roots(&self) -> Vec<usize> {
        let is_root = |number: &usize| self.processes[*number].inside.is_none();
        (0..self.processes.len()).filter(is_root).collect()
    }
}

impl Process {
    /// What it does when its thread runs no callback.
    fn between_callbacks(&self) -> &'static str {
        match self.kind {
            "group" | "concurrent" => JOINING,
            "on_signal" => AWAITING,
            _ => RUNNING,
        }
    }
}

impl Running {
    fn doing(&self) -> &'static str {
        self.waiting.map_or(RUNNING, |call| call.name())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
