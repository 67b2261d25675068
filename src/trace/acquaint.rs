//! Making tasks known: what began before the trace, or so long ago that its beginning is overwritten.
//!
//! Before anything of a task is recorded, the task and those around it are made known, if that was not
//! done in this epoch. So no list of all tasks that live is needed.

use std::ffi::CStr;

use super::pen;
use super::record::Kind;
use super::switch;
use crate::clock;
use crate::sync::atomic::{AtomicU64, Ordering};

/// One run of a task, as the trace sees it.
pub(crate) trait Task {
    /// Never 0, and never used again.
    fn id(&self) -> u64;
    fn name(&self) -> &CStr;
    /// The innermost task around it.
    fn parent(&self) -> Option<&Self>;
    fn seen(&self) -> &Seen;
}

/// When a task was last made known; a part of each task.
pub(crate) struct Seen(AtomicU64);

/// The task has ended. Only one that is ended by hand can be seen then, below another one.
const ENDED: u64 = 1;
/// What was to make it known then is lost.
const MISSED: u64 = 2;
/// Where the time begins.
const TIME: u32 = 2;

impl Seen {
    pub(crate) fn never() -> Seen {
        Seen(AtomicU64::new(0))
    }

    /// To be called when a task ends that others may outlive of which it is the parent.
    pub(crate) fn end(&self) {
        self.0.fetch_or(ENDED, Ordering::Relaxed);
    }

    #[inline]
    fn is_in(&self, epoch: u64) -> bool {
        let seen = self.0.load(Ordering::Relaxed);
        seen >= epoch << TIME && seen & MISSED == 0
    }
}

/// Records the beginning of a task.
pub(super) fn begin(task: &impl Task) {
    let epoch = switch::epoch();
    let parent = task.parent();
    if let Some(parent) = parent {
        acquaint(parent, epoch);
    }
    let words = [task.id(), id(parent)];
    let recorded = pen::record(Kind::TaskBegin, words, [task.name().to_bytes()]);
    let seen = match recorded {
        Some(time) => time << TIME,
        None => clock::exact() << TIME | MISSED,
    };
    // Nobody else knows the task yet.
    task.seen().0.store(seen, Ordering::Relaxed);
}

/// Makes a task known, if it is not; returns its id. Outside of tasks, that is 0.
#[inline]
pub(super) fn known(task: Option<&impl Task>) -> u64 {
    if let Some(task) = task {
        let epoch = switch::epoch();
        if !task.seen().is_in(epoch) {
            acquaint(task, epoch);
        }
    }
    id(task)
}

#[inline]
fn id(task: Option<&impl Task>) -> u64 {
    task.map_or(0, Task::id)
}

/// Makes a task known, and before it those around it that are not.
#[cold]
fn acquaint(task: &impl Task, epoch: u64) {
    let unknown = |task: &&_| !Task::seen(*task).is_in(epoch);
    let around = std::iter::successors(Some(task), |task| task.parent());
    let unknown: Vec<_> = around.take_while(unknown).collect();
    for task in unknown.into_iter().rev() {
        introduce(task, epoch);
    }
}

/// Makes one task known, unless another thread is doing so.
fn introduce(task: &impl Task, epoch: u64) {
    let seen = &task.seen().0;
    let swap = |from, to| seen.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    let before = seen.load(Ordering::Relaxed);
    let ended = before & ENDED;
    let now = clock::exact() << TIME | ended;
    if task.seen().is_in(epoch) || swap(before, now).is_err() {
        return;
    }
    let words = [task.id(), id(task.parent())];
    let recorded = pen::record(how(before), words, [task.name().to_bytes()]);
    // If it is lost, it is to be tried again.
    let _ = swap(now, recorded.map_or(before, |time| time << TIME | ended));
}

/// How to introduce a task that was seen like that before.
fn how(seen: u64) -> Kind {
    if seen & ENDED != 0 {
        Kind::TaskEnded
    } else if seen < switch::first_epoch() << TIME {
        Kind::TaskBefore
    } else if seen & MISSED != 0 {
        Kind::TaskMissed
    } else {
        Kind::TaskAgain
    }
}
