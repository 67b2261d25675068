//! The processes that were seen, put together as a tree.
//!
//! Invariant:
//! - **D3 a tree.** Each process is inside of one other at most, and of none that is inside of it: work
//!   that has ended may have had the address of work that was seen later.

use std::collections::HashMap;

use super::process::{Process, QUEUE_RUN};
use super::see::{At, Place, Thread};
use crate::engine::leaf::Call;
use crate::engine::start_site;
use crate::scope::health::Late;

/// Every process that was seen to run.
#[derive(Default)]
pub(crate) struct Live {
    pub(super) processes: Vec<Process>,
    /// Each piece of published work, by its address.
    works: HashMap<usize, Work>,
    /// Each callback.
    pub(super) callbacks: HashMap<start_site::Running, usize>,
    /// Who vouches for himself, and is late.
    pub(super) late: Vec<Late>,
}

/// Where published work is among the processes.
struct Work {
    number: usize,
    /// Whether it was seen on the thread that published it; else only on threads that help.
    is_placed: bool,
}

impl Live {
    /// Adds what was seen of one thread.
    pub(super) fn add(&mut self, thread: Thread) {
        let Thread {
            at,
            frames,
            running,
        } = thread;
        let mut inside = None;
        for frame in frames.into_iter().rev() {
            if let Some(caller) = frame.caller {
                let call = match frame.process.kind {
                    QUEUE_RUN => QUEUE_RUN,
                    _ => "proc_run",
                };
                inside = Some(self.callback(caller, call, &at, inside));
            }
            let number = self.place(frame.process, frame.place, inside);
            self.add_pending(frame.pending, number);
            inside = Some(number);
        }
        let Some(innermost) = inside else { return };
        match running.call {
            Some(call) => _ = self.callback(call, running.doing(), &at, inside),
            None => self.processes[innermost].doing = self.processes[innermost].between_callbacks(),
        }
    }

    /// A callback that runs on a thread, inside of a process: of another thread's, where this one helps.
    fn callback(
        &mut self,
        call: Call,
        doing: &'static str,
        place: &At,
        inside: Option<usize>,
    ) -> usize {
        let around = inside.map(|inside| &self.processes[inside]);
        // Rough clocks must not make it older than what it is inside of.
        let most = around.map_or(u64::MAX, |around| around.age_ns);
        let process = Process {
            task: around.and_then(|around| around.task.clone()),
            thread: Some(place.thread),
            doing,
            handle: around.and_then(|around| around.handle.clone()),
            cancelled: around.and_then(|around| around.cancelled.clone()),
            function: Some(call.function),
            ..Process::of("callback", most.min(place.now.saturating_sub(call.since)))
        };
        let number = self.push(process, inside);
        self.callbacks.insert((place.slot, call), number);
        number
    }

    fn add_pending(&mut self, pending: Vec<Vec<Process>>, number: usize) {
        for operation in pending {
            let mut inside = Some(number);
            for process in operation {
                inside = Some(self.push(process, inside));
            }
        }
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

    pub(super) fn push(&mut self, process: Process, inside: Option<usize>) -> usize {
        let number = self.processes.len();
        self.processes.push(process);
        self.put(number, inside);
        number
    }

    pub(super) fn put(&mut self, number: usize, inside: Option<usize>) {
        self.processes[number].inside = inside;
        if let Some(inside) = inside {
            self.processes[inside].children.push(number);
        }
    }

    /// Those inside of nothing that was seen.
    pub(super) fn roots(&self) -> Vec<usize> {
        let is_root = |number: &usize| self.processes[*number].inside.is_none();
        (0..self.processes.len()).filter(is_root).collect()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
