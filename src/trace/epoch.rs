//! Whether anything is recorded, and since when: one word, which everything that is recorded looks at.
//!
//! While something is recorded, the epoch is when the present epoch began, by the monotonic clock. In each epoch, tasks
//! are introduced once (`introduce`). One begins with a trace, and others when what was said of tasks may be
//! overwritten soon.
//!
//! It is changed under the lock of the lists (`pool`).

use crate::base::events::Who;
use crate::base::sync::notes::{AtomicU64, Ordering};

/// Nothing is recorded.
pub(super) const OFF: u64 = 0;

static EPOCH: AtomicU64 = AtomicU64::new(OFF);
/// The first epoch of the trace that is on, or of the flight recorder.
static FIRST: AtomicU64 = AtomicU64::new(OFF);

pub(super) fn is_recording() -> bool {
    current() != OFF
}

/// The epoch, or `OFF`.
#[inline]
pub(super) fn current() -> u64 {
    // Relaxed: what is recorded is ordered by the chunks that it is written to.
    EPOCH.load(Ordering::Relaxed)
}

pub(super) fn first() -> u64 {
    FIRST.load(Ordering::Relaxed)
}

/// Begins to record: no task is introduced yet.
pub(super) fn begin(now: u64) {
    FIRST.store(now, Ordering::Relaxed);
    next(now);
}

/// Has tasks introduced once more.
pub(super) fn next(now: u64) {
    EPOCH.store(now, Ordering::Relaxed);
    Who::RECORDER.want(true);
}

pub(super) fn end() {
    EPOCH.store(OFF, Ordering::Relaxed);
    Who::RECORDER.want(false);
}
