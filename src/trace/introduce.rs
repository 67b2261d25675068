//! Introducing tasks: those that began before the trace, or so long ago that their beginning is overwritten.
//!
//! Before anything of a task is recorded, the task and those around it are introduced, if that was not
//! done in this epoch. So no list of all tasks that live is needed.

use super::epoch;
use super::record::Kind;
use super::thread_buffer::record;
use crate::base::clock;
use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::scope::task_run::{Label, TaskRun};

/// What was to introduce it then is lost.
const MISSED: u64 = 1;
/// Where the time begins.
const TIME: u32 = 1;

/// When a task was last introduced: what the recorder remembers of it.
#[inline]
fn introduced(task: &TaskRun) -> &AtomicU64 {
    &task.memory().recorder
}

#[inline]
fn is_introduced(task: &TaskRun, epoch: u64) -> bool {
    let introduced = introduced(task).load(Ordering::Relaxed);
    introduced >= epoch << TIME && introduced & MISSED == 0
}

/// Records the beginning of a task, which nobody else knows yet.
pub(super) fn begin(task: &TaskRun) {
    let words = [task.first_id(), known(task.outer())];
    let recorded = record(Kind::TaskBegin, words, [task.name().to_bytes()]);
    let told = match recorded {
        Some(time) => time << TIME,
        None => clock::exact() << TIME | MISSED,
    };
    introduced(task).store(told, Ordering::Relaxed);
}

/// Introduces a task, if it is not; returns its id. Outside of tasks, that is 0.
#[inline]
pub(super) fn known(task: Option<&TaskRun>) -> u64 {
    if let Some(task) = task {
        let epoch = epoch::current();
        if !is_introduced(task, epoch) {
            introduce_all(task, epoch);
        }
    }
    id(task)
}

#[inline]
fn id(task: Option<&TaskRun>) -> u64 {
    task.map_or(0, TaskRun::id)
}

/// Introduces a task, and before it those around it that are not.
#[cold]
fn introduce_all(task: &TaskRun, epoch: u64) {
    let unknown = |task: &&TaskRun| !is_introduced(task, epoch);
    let around = std::iter::successors(Some(task), |task| task.outer());
    let unknown: Vec<_> = around.take_while(unknown).collect();
    for task in unknown.into_iter().rev() {
        introduce(task, epoch);
    }
}

/// A label as records have it: none is an empty one.
pub(super) fn in_trace(label: &Label) -> &[u8] {
    label.as_ref().map_or(b"", |label| label.to_bytes())
}

/// Introduces one task, unless another thread is doing so.
fn introduce(task: &TaskRun, epoch: u64) {
    let introduced = introduced(task);
    let swap =
        |from, to| introduced.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    let before = introduced.load(Ordering::Relaxed);
    let now = clock::exact() << TIME;
    if is_introduced(task, epoch) || swap(before, now).is_err() {
        return;
    }
    let kind = how(before, task.has_ended());
    let words = [task.id(), id(task.outer())];
    let label = task.label();
    let texts = [task.name().to_bytes(), in_trace(&label)];
    let recorded = record(kind, words, texts);
    // If it is lost, it is to be tried again.
    let _ = swap(now, recorded.map_or(before, |time| time << TIME));
}

/// How to introduce a task that was last introduced then.
fn how(introduced: u64, has_ended: bool) -> Kind {
    if has_ended {
        Kind::TaskEnded
    } else if introduced < epoch::first() << TIME {
        Kind::TaskBefore
    } else if introduced & MISSED != 0 {
        Kind::TaskMissed
    } else {
        Kind::TaskAgain
    }
}
