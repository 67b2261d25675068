//! Whether anything is recorded: what every call looks at first.
//!
//! While something is, this is when the present epoch began, by the monotonic clock. In each epoch, tasks
//! are made known once (`acquaint`). One begins with a trace, and others when what was made known may be
//! overwritten soon.
//!
//! Changed under the lock of the lists.

use crate::sync::notes::{AtomicU64, Ordering};

/// Nothing is recorded.
pub(super) const OFF: u64 = 0;

static EPOCH: AtomicU64 = AtomicU64::new(OFF);
/// The first epoch of the trace that is on, or of the flight recorder.
static FIRST: AtomicU64 = AtomicU64::new(OFF);

/// The epoch, or `OFF`.
#[inline]
pub(super) fn epoch() -> u64 {
    // Relaxed: what is recorded is ordered by the chunks that it is written to.
    EPOCH.load(Ordering::Relaxed)
}

pub(super) fn first_epoch() -> u64 {
    FIRST.load(Ordering::Relaxed)
}

/// Begins to record: nothing is known yet.
pub(super) fn begin(now: u64) {
    FIRST.store(now, Ordering::Relaxed);
    next_epoch(now);
}

/// Has what is known made known once more.
pub(super) fn next_epoch(now: u64) {
    EPOCH.store(now, Ordering::Relaxed);
}

pub(super) fn end() {
    EPOCH.store(OFF, Ordering::Relaxed);
}
