//! A queue of work that runs where the program says: on the thread of an event loop, or on the only one that may enter an interpreter.
//!
//! Who has something to run there enters a *turn*, and waits until it is over. Who runs the queue takes one turn after the other.
//!
//! Invariants:
//! - **QU1 one way out.** A turn leaves the queue once, under its lock: taken by who runs it, given up by who waits for it, or
//!   refused because the last reference goes. So what was given up never begins, and what has begun is waited for.
//! - **QU2 nobody waits for ever.** Who waits has no reference. When the last one goes, all that is in the queue fails, and all
//!   that comes later.
//! - **QU3 first come, first served.** A run takes turns in the order in which they came, and none that came after it began.
//! - **QU4 the first one is seen.** Who waits for a turn looks under the lock under which they come, and whoever brings one rings
//!   somebody who waits.
//! - **QU5 no run waits for itself.** What a run waits for cannot have its turn on the thread of that run. If there is no other run at that
//!   moment, it is refused.
//! - **QU6 not the parent's.** In a child of `fork` nobody runs a queue of the parent's: nothing but the generation is looked at
//!   there.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::RawFd;

use crate::base::bug;
use crate::base::clock::{self, Instant};
use crate::base::error::{Error, Outcome};
use crate::base::generation;
use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::base::sync::{Arc, Mutex, per_thread};
use crate::scope::activity::{self, Activities};
use crate::scope::alert::Alert;
use crate::scope::cancel::Cancel;
use crate::scope::level_fd::LevelFd;
use crate::scope::promise::{self, Promise};
use crate::scope::waiter::Waiter;

/// A reference to a queue.
pub(crate) struct Queue(Arc<Node>);

/// A queue as those see it who have something to run there (QU2).
pub(crate) struct Node {
    references: AtomicUsize,
    /// Of the process that runs it (QU6).
    generation: u32,
    state: Mutex<State>,
}

struct State {
    /// Those that have not begun, by their numbers.
    turns: BTreeMap<Number, Arc<Turn>>,
    /// The last one's number.
    entered: Number,
    is_broken: bool,
    /// They wait for a turn to run.
    waiting: VecDeque<Arc<Waiter>>,
    /// The runs that have begun and not ended, each with its thread.
    inside: Vec<(Thread, activity::Id)>,
    fd: LevelFd,
}

/// Something that is to run in a queue, once.
pub(crate) struct Turn {
    queue: Arc<Node>,
    number: Number,
    /// What it runs under.
    cancel: Cancel,
    work: Mutex<Option<Work>>,
    done: Promise,
}

/// Which turn of its queue it is, from 1.
pub(crate) type Number = u64;

/// What there is to run. It is released where it has run, before the turn is over; else by who waits for that (`Turn::release`).
pub(crate) type Work = Box<dyn FnOnce() -> Outcome + Send>;

impl Queue {
    pub(crate) fn new() -> Queue {
        let state = State {
            turns: BTreeMap::new(),
            entered: 0,
            is_broken: false,
            waiting: VecDeque::new(),
            inside: Vec::new(),
            fd: LevelFd::default(),
        };
        Queue(Arc::new(Node {
            references: AtomicUsize::new(1),
            generation: generation::current(),
            state: Mutex::new(state),
        }))
    }

    /// What is no reference.
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    /// Waits until there is a turn, if it is to wait, until that moment, if there is one, or until the handle is cancelled. Returns the
    /// number of the last one that is there, if there is any.
    pub(crate) fn await_first(
        &self,
        cancel: Option<&Cancel>,
        waits: bool,
        end: Option<Instant>,
    ) -> Option<Number> {
        if self.0.is_inherited() {
            return None;
        }
        self.0.await_first(cancel, waits, end)
    }

    /// Runs what is there and came no later than that one, on the calling thread. Returns how many have run; `None`: none of them
    /// was there any more.
    pub(crate) fn run(&self, last: Number) -> Option<usize> {
        let run = activity::new_id();
        let _inside = RunsTurns::begin(&self.0, run);
        let count = activity::inside(run, || {
            let turns = std::iter::from_fn(|| self.0.take(last));
            turns
                .map(|turn| usize::from(turn.run()))
                .reduce(|a, b| a + b)
        });
        self.0.state.lock().fd.renew();
        count
    }

    /// A descriptor that is readable while there is something to run, made when somebody first asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        if self.0.is_inherited() {
            return Err(io::Error::from_raw_os_error(libc::EOWNERDEAD));
        }
        let mut state = self.0.state.lock();
        let ready = !state.turns.is_empty();
        state.fd.get(ready)
    }

    /// Turns this reference into a pointer that stands for it, without counting.
    pub(crate) fn into_raw(self) -> *const Node {
        let pointer = Arc::as_ptr(&self.0);
        std::mem::forget(self);
        pointer
    }

    /// Takes over a reference made of a pointer from `into_raw`.
    pub(crate) fn from_arc(node: Arc<Node>) -> Queue {
        Queue(node)
    }
}

impl Clone for Queue {
    fn clone(&self) -> Queue {
        self.0.references.fetch_add(1, Ordering::Relaxed);
        Queue(self.0.clone())
    }
}

impl Drop for Queue {
    /// QU2. What a child of `fork` has of its parent's stays as it is (QU6).
    fn drop(&mut self) {
        if self.0.references.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        if self.0.is_inherited() {
            std::mem::forget(self.0.clone());
        } else {
            self.0.refuse_all();
        }
    }
}

fn broken() -> Error {
    Error::new(libc::EPIPE, "proc_on_queue: the queue was released")
}

fn runs_for_it() -> Error {
    let text = "proc_on_queue: what runs the queue waits for this";
    Error::new(libc::EDEADLK, text)
}

fn inherited() -> Error {
    let text =
        "proc_on_queue: the queue is the parent process's, where nobody runs it for this one";
    Error::new(libc::EOWNERDEAD, text)
}

impl Node {
    /// Enters a turn, of what is a part of these. If nobody can run it, it is over.
    pub(crate) fn enter(
        self: &Arc<Node>,
        cancel: &Cancel,
        part_of: &Activities,
        work: Work,
    ) -> Arc<Turn> {
        let turn = |number| {
            Arc::new(Turn {
                queue: self.clone(),
                number,
                cancel: cancel.clone(),
                work: Mutex::new(Some(work)),
                done: Promise::new(),
            })
        };
        if self.is_inherited() {
            return turn(0).refused(inherited());
        }
        let mut state = self.state.lock();
        if let Some(refused) = state.refuses(part_of) {
            drop(state);
            return turn(0).refused(refused);
        }
        state.entered += 1;
        let turn = turn(state.entered);
        race_detector::release(&raw const turn.number);
        state.turns.insert(turn.number, turn.clone());
        state.show();
        let runner = state.waiting.pop_front(); // QU4
        drop(state);
        runner.iter().for_each(|runner| runner.ring());
        turn
    }

    /// Whether the calling thread is inside of a run of it.
    pub(crate) fn is_run_here(&self) -> bool {
        let here = here();
        let is_here = |(thread, _): &(Thread, activity::Id)| *thread == here;
        !self.is_inherited() && self.state.lock().inside.iter().any(is_here)
    }

    /// QU4.
    fn await_first(
        &self,
        cancel: Option<&Cancel>,
        waits: bool,
        end: Option<Instant>,
    ) -> Option<Number> {
        loop {
            let mut state = self.state.lock();
            if !state.turns.is_empty() {
                return Some(state.entered);
            }
            let is_cancelled = cancel.is_some_and(|cancel| cancel.cancelled());
            if !waits || is_cancelled || end.is_some_and(clock::has_come) {
                return None;
            }
            let waiter = Arc::new(Waiter::new());
            state.waiting.push_back(waiter.clone());
            drop(state);
            let alert = cancel.map(|cancel| Alert::on(cancel, &waiter));
            waiter.wait(cancel.map_or(end, |cancel| cancel.at_the_latest(end)));
            drop(alert);
            let is_other = |other: &Arc<Waiter>| !Arc::ptr_eq(other, &waiter);
            self.state.lock().waiting.retain(is_other);
        }
    }

    /// Takes the first one out, if it came no later than that (QU3).
    fn take(&self, last: Number) -> Option<Arc<Turn>> {
        let mut state = self.state.lock();
        let first = state.turns.first_entry()?;
        if *first.key() > last {
            return None;
        }
        let turn = first.remove();
        state.show();
        race_detector::acquire(&raw const turn.number);
        Some(turn)
    }

    /// QU2.
    fn refuse_all(&self) {
        let (turns, fd) = {
            let mut state = self.state.lock();
            state.is_broken = true;
            let turns = std::mem::take(&mut state.turns);
            (turns, std::mem::take(&mut state.fd))
        };
        drop(fd);
        for turn in turns.into_values() {
            turn.refused(broken());
        }
    }

    fn is_inherited(&self) -> bool {
        self.generation != generation::current()
    }
}

impl State {
    /// Why a turn cannot be entered, of what is a part of these (QU2, QU5).
    fn refuses(&self, part_of: &Activities) -> Option<Error> {
        if self.is_broken {
            return Some(broken());
        }
        let waits = |(_, run): &(Thread, activity::Id)| part_of.ids().any(|id| id == *run);
        let is_run = !self.inside.is_empty();
        (is_run && self.inside.iter().all(waits)).then(runs_for_it)
    }

    /// Has the descriptor, if there is one, show whether there is something to run.
    fn show(&mut self) {
        let ready = !self.turns.is_empty();
        self.fd.set(ready);
    }
}

impl Turn {
    /// Runs it, unless it is cancelled: then it does not begin. Tells whether it has run.
    fn run(&self) -> bool {
        if self.cancel.cancelled() {
            self.done.complete(self.cancel.echo());
            return false;
        }
        let work = self.work.lock().take();
        let work = work.expect("it runs once");
        self.done.complete(bug::contained(work));
        true
    }

    /// Releases what there was to run, if it has not: to be called by who waits, when it is over.
    pub(crate) fn release(&self) {
        let work = self.work.lock().take();
        drop(work);
    }

    fn refused(self: Arc<Turn>, error: Error) -> Arc<Turn> {
        self.done.complete(Err(error));
        self
    }

    /// How it has ended, if it has run or was refused.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.done().outcome()
    }

    /// Gives it up: it will not begin. `false`: it has begun, or is over.
    pub(crate) fn give_up(&self) -> bool {
        if self.queue.is_inherited() {
            return false;
        }
        let mut state = self.queue.state.lock();
        let given_up = state.turns.remove(&self.number);
        state.show();
        given_up.is_some()
    }

    /// What is completed when it is over.
    pub(crate) fn done(&self) -> &Arc<promise::Node> {
        self.done.node()
    }
}

// Tells a thread from others by its address.
per_thread!(HERE: u8 = 0);

/// What tells a thread from others.
type Thread = usize;

fn here() -> Thread {
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// The calling thread runs turns of a queue; dropping this ends that.
struct RunsTurns<'a>(&'a Node, activity::Id);

impl RunsTurns<'_> {
    fn begin(queue: &Node, run: activity::Id) -> RunsTurns<'_> {
        queue.state.lock().inside.push((here(), run));
        RunsTurns(queue, run)
    }
}

impl Drop for RunsTurns<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.inside.retain(|(_, run)| *run != self.1);
    }
}

#[cfg(all(test, loom))]
#[path = "models/queue.rs"]
mod models;
