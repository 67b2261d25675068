//! Whether anybody wants to know what happens: what every call looks at first.
//!
//! While something is recorded, the epoch is when the present epoch began, by the monotonic clock. In each epoch, tasks
//! are made known once (`acquaint`). One begins with a trace, and others when what was made known may be
//! overwritten soon.
//!
//! Recording is changed under the lock of the lists, the hooks under theirs.

use crate::sync::notes::{AtomicU32, AtomicU64, Ordering};

/// Nothing is recorded.
pub(super) const OFF: u64 = 0;

static EPOCH: AtomicU64 = AtomicU64::new(OFF);
/// The first epoch of the trace that is on, or of the flight recorder.
static FIRST: AtomicU64 = AtomicU64::new(OFF);

/// Who wants to know: in the half at the word's own address, how many have attached to probes, which their
/// tools count there (16 bits); in the other half, whether something is recorded, or hooks are set.
pub(super) static WANTED: AtomicU32 = AtomicU32::new(0);

const HALVES: [u32; 2] = if cfg!(target_endian = "little") {
    [0, 16]
} else {
    [16, 0]
};
const PROBED: u32 = 0xFFFF << HALVES[0];
const RECORDED: u32 = 1 << HALVES[1];
const HOOKED: u32 = 2 << HALVES[1];

/// Whether anybody wants to know what happens.
#[inline]
pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed) != 0
}

pub(super) fn is_recording() -> bool {
    epoch() != OFF
}

pub(super) fn is_probed() -> bool {
    WANTED.load(Ordering::Relaxed) & PROBED != 0
}

pub(super) fn is_hooked() -> bool {
    WANTED.load(Ordering::Relaxed) & HOOKED != 0
}

/// Hooks are set, or none are.
pub(super) fn hook(hooked: bool) {
    want(HOOKED, hooked);
}

fn want(who: u32, wanted: bool) {
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
