//! Whether anything is recorded, and since when: one word, which everything that is recorded looks at.
//!
//! While something is recorded, the epoch is when the present epoch began, by the monotonic clock. In each epoch, tasks
//! are introduced once (`introduce`). One begins with a trace, and others when what was said of tasks may be
//! overwritten soon.
//!
//! It is changed under the lock of the lists (`pool`).

use crate::base::events::Who;
use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::base::world;

/// Nothing is recorded.
pub(super) const OFF: u64 = 0;

/// The epoch, and the first one of the trace that is on, or of the flight recorder.
struct Epochs {
    present: AtomicU64,
    first: AtomicU64,
}

static PROGRAM: Epochs = Epochs::new();
/// Those of a run of a simulation, whose recorder is another one.
static RUN: Epochs = Epochs::new();

impl Epochs {
    const fn new() -> Epochs {
        Epochs {
            present: AtomicU64::new(OFF),
            first: AtomicU64::new(OFF),
        }
    }

    #[inline]
    fn here() -> &'static Epochs {
        if world::is_here() { &RUN } else { &PROGRAM }
    }
}

pub(super) fn is_recording() -> bool {
    current() != OFF
}

/// The epoch, or `OFF`.
#[inline]
pub(super) fn current() -> u64 {
    // Relaxed: what is recorded is ordered by the chunks that it is written to.
    Epochs::here().present.load(Ordering::Relaxed)
}

pub(super) fn first() -> u64 {
    Epochs::here().first.load(Ordering::Relaxed)
}

/// Begins to record: no task is introduced yet.
pub(super) fn begin(now: u64) {
    Epochs::here().first.store(now, Ordering::Relaxed);
    next(now);
}

/// Has tasks introduced once more.
pub(super) fn next(now: u64) {
    Epochs::here().present.store(now, Ordering::Relaxed);
    who().want(true);
}

pub(super) fn end() {
    Epochs::here().present.store(OFF, Ordering::Relaxed);
    who().want(false);
}

/// In a child of `fork`, which is in no run: that of the parent's is not for it.
pub(super) fn forget_run() {
    RUN.present.store(OFF, Ordering::Relaxed);
    Who::RUN.want(false);
}

/// A run of a simulation has a recorder of its own.
fn who() -> Who {
    if world::is_here() {
        Who::RUN
    } else {
        Who::RECORDER
    }
}
