//! Whether anybody wants to know what happens: what every call looks at first.
//!
//! While something is recorded, the epoch is when the present epoch began, by the monotonic clock. In each epoch, tasks
//! are made known once (`acquaint`). One begins with a trace, and others when what was made known may be
//! overwritten soon.
//!
//! Recording is changed under the lock of the lists, the hooks under theirs.

use crate::sync::notes::{AtomicU8, AtomicU64, Ordering};

/// Nothing is recorded.
pub(super) const OFF: u64 = 0;

static EPOCH: AtomicU64 = AtomicU64::new(OFF);
/// The first epoch of the trace that is on, or of the flight recorder.
static FIRST: AtomicU64 = AtomicU64::new(OFF);

const RECORDED: u8 = 1;
const HOOKED: u8 = 2;

/// Who wants to know.
static WANTED: AtomicU8 = AtomicU8::new(0);

/// Whether anybody wants to know what happens.
#[inline]
pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed) != 0
}

pub(super) fn is_recording() -> bool {
    epoch() != OFF
}

pub(super) fn is_hooked() -> bool {
    WANTED.load(Ordering::Relaxed) & HOOKED != 0
}

/// Hooks are set, or none are.
pub(super) fn hook(hooked: bool) {
    want(HOOKED, hooked);
}

fn want(who: u8, wanted: bool) {
    if wanted {
        WANTED.fetch_or(who, Ordering::Relaxed);
    } else {
        WANTED.fetch_and(!who, Ordering::Relaxed);
    }
}

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
    want(RECORDED, true);
}

pub(super) fn end() {
    EPOCH.store(OFF, Ordering::Relaxed);
    want(RECORDED, false);
}
