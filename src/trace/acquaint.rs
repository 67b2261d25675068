//! Making tasks known: what began before the trace, or so long ago that its beginning is overwritten.
//!
//! Before anything of a task is recorded, the task and those around it are made known, if that was not
//! done in this epoch. So no list of all tasks that live is needed.

use super::pen;
use super::record::Kind;
use super::switch;
use crate::clock;
use crate::sync::notes::{AtomicBool, AtomicU64, Ordering};
use crate::task_run::TaskRun;

/// What has been told of a task; a part of each.
pub(crate) struct Seen {
    /// When it was last made known.
    told: AtomicU64,
    /// It can be seen after that, too: below it, or through a handle that somebody kept.
    ended: AtomicBool,
}

/// What was to make it known then is lost.
const MISSED: u64 = 1;
/// Where the time begins.
const TIME: u32 = 1;

impl Seen {
    pub(crate) fn never() -> Seen {
        Seen {
            told: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    /// The task has ended. To be called after that is recorded, and whether or not anything is.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn is_in(&self, epoch: u64) -> bool {
        let told = self.told.load(Ordering::Relaxed);
        told >= epoch << TIME && told & MISSED == 0
    }
}

/// Records the beginning of a task.
pub(super) fn begin(task: &TaskRun) {
    let words = [task.id(), known(task.outer())];
    let recorded = pen::record(Kind::TaskBegin, words, [task.name().to_bytes()]);
    let told = match recorded {
        Some(time) => time << TIME,
        None => clock::exact() << TIME | MISSED,
    };
    // Nobody else knows the task yet.
    task.seen().told.store(told, Ordering::Relaxed);
}

/// Makes a task known, if it is not; returns its id. Outside of tasks, that is 0.
#[inline]
pub(super) fn known(task: Option<&TaskRun>) -> u64 {
    if let Some(task) = task {
        let epoch = switch::epoch();
        if !task.seen().is_in(epoch) {
            acquaint(task, epoch);
        }
    }
    id(task)
}

#[inline]
fn id(task: Option<&TaskRun>) -> u64 {
    task.map_or(0, TaskRun::id)
}

/// Makes a task known, and before it those around it that are not.
#[cold]
fn acquaint(task: &TaskRun, epoch: u64) {
    let unknown = |task: &&TaskRun| !task.seen().is_in(epoch);
    let around = std::iter::successors(Some(task), |task| task.outer());
    let unknown: Vec<_> = around.take_while(unknown).collect();
    for task in unknown.into_iter().rev() {
        introduce(task, epoch);
    }
}

/// Makes one task known, unless another thread is doing so.
fn introduce(task: &TaskRun, epoch: u64) {
    let Seen { told, ended } = task.seen();
    let swap = |from, to| told.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    let before = told.load(Ordering::Relaxed);
    let now = clock::exact() << TIME;
    if task.seen().is_in(epoch) || swap(before, now).is_err() {
        return;
    }
    let kind = how(before, ended.load(Ordering::Relaxed));
    let words = [task.id(), id(task.outer())];
    let recorded = pen::record(kind, words, [task.name().to_bytes()]);
    // If it is lost, it is to be tried again.
    let _ = swap(now, recorded.map_or(before, |time| time << TIME));
}

/// How to introduce a task that was told of then.
fn how(told: u64, ended: bool) -> Kind {
    if ended {
        Kind::TaskEnded
    } else if told < switch::first_epoch() << TIME {
        Kind::TaskBefore
    } else if told & MISSED != 0 {
        Kind::TaskMissed
    } else {
        Kind::TaskAgain
    }
}
