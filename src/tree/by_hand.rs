//! Tasks that a program begins and ends itself: of work that no process does, like one request of many.
//!
//! Those that run are in a list, for the dump. The list holds none of them: one that the program lets go of without
//! ending it takes itself out.

use std::ffi::CStr;

use crate::base::clock;
use crate::base::common::Known;
use crate::base::counts::{self, Counted};
use crate::base::error::Error;
use crate::base::events;
use crate::base::sync::global;
use crate::base::sync::spin_lock::{BriefGuard, BriefLock};
use crate::engine::frames::{self, Context};
use crate::engine::start_site::By;
use crate::scope::cancel::{Cancel, Node};
use crate::scope::task_run::{Name, TaskRun};
use crate::tree::process;

/// A task that a program has begun, and not ended.
#[derive(Clone)]
pub(crate) struct ByHand {
    /// The handle that the program was given, which is in the task, and below the one under which it was begun.
    pub(crate) handle: Known<Node>,
    pub(crate) since: u64,
    pub(crate) by: Option<By>,
}

/// As many places as there were tasks at the same time.
pub(crate) struct List {
    places: Vec<Option<ByHand>>,
    free: Vec<u32>,
}

global!(RUNNING: BriefLock<List> = BriefLock::new(List::EMPTY));

/// How many places are looked at under one lock.
const AT_ONCE: usize = 64;

/// A handle in a new task, below another one, if there is one.
pub(crate) fn begin(parent: Option<&Cancel>, task_type: &CStr) -> Cancel {
    let name = Name::new(task_type);
    frames::with_current(|asking| {
        let outer = process::task_of(parent.map(|parent| &**parent), asking);
        let task = TaskRun::begin_by_hand(name, outer.cloned(), abandon);
        let handle = match parent {
            Some(parent) => parent.child_in(task),
            None => Cancel::alone(Some(task), 0, process::values_of(asking)),
        };
        note(&handle, asking.and_then(Context::by));
        handle
    })
}

/// Puts the task of a handle into the list, and counts it.
fn note(handle: &Cancel, by: Option<By>) {
    let by_hand = ByHand {
        handle: handle.downgrade(),
        since: clock::rough(),
        by,
    };
    let mut running = RUNNING.lock();
    let place = running.put(by_hand);
    handle.task().inspect(|task| task.note_place(place));
    counts::count_by_hand(Counted::Tasks);
}

/// Ends the task that a handle is in, if it was begun by hand and has not ended.
pub(crate) fn end(handle: &Cancel, error: Option<&Error>) {
    let task = handle.task();
    match task.filter(|task| leave(task, error.is_some())) {
        Some(task) => task.end(error, || handle.cause()),
        None => {
            let mistake =
                c"proc_task_end: this is not in a task of proc_task_begin that still runs";
            events::log(task.map(|task| &**task), c"procession", mistake);
        }
    }
}

/// Takes a task out of the list, and counts it, if nobody has before. In a child of `fork` neither the one nor the other has one of the
/// parent's.
fn leave(task: &TaskRun, has_failed: bool) -> bool {
    let Some(place) = task.place() else {
        return task.claim_end();
    };
    let mut running = RUNNING.lock();
    if !task.claim_end_alone() {
        return false;
    }
    let gone = running.take(place);
    counts::count_by_hand(Counted::TasksEnded);
    if has_failed {
        counts::count_by_hand(Counted::TasksFailed);
    }
    drop(running);
    drop(gone); // Under no lock.
    true
}

/// Takes a task out that nobody can end any more. It is counted as one that runs.
fn abandon(place: u32) {
    let gone = RUNNING.lock().take(place);
    drop(gone); // Under no lock.
}

/// Every task that runs, the oldest first. Others begin and end meanwhile.
pub(crate) fn all() -> Vec<ByHand> {
    let mut all = Vec::new();
    let mut places = 0..AT_ONCE;
    loop {
        let running = RUNNING.lock();
        let end = running.places.len();
        let lot = places.start.min(end)..places.end.min(end);
        all.extend(running.places[lot].iter().flatten().cloned());
        if places.end >= end {
            break;
        }
        places = places.end..places.end + AT_ONCE;
    }
    all.sort_by_key(|by_hand| by_hand.since);
    all
}

impl List {
    const EMPTY: List = List {
        places: Vec::new(),
        free: Vec::new(),
    };

    /// Puts a task in, and tells where.
    fn put(&mut self, by_hand: ByHand) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(by_hand);
            return place;
        }
        self.places.push(Some(by_hand));
        (self.places.len() - 1) as u32
    }

    fn take(&mut self, place: u32) -> Option<ByHand> {
        self.free.push(place);
        self.places[place as usize].take()
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = BriefGuard<'static, List>;

pub(crate) fn hold() -> Held {
    RUNNING.lock()
}

/// In a child of `fork`: what runs in the parent does not run here.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::replace(&mut *held, List::EMPTY));
}
