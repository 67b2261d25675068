//! How long a thread is asked for again and again before that fails.

use super::NoThread;
use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::Mutex;
use crate::base::sync::atomic::{AtomicU32, Ordering};
use crate::base::world::per_world;
use crate::engine::backlog_policy::PATIENCE;

/// How long to wait before asking again for a thread that was denied.
pub(super) const RETRY: Duration = Duration::from_millis(2);

/// How long after a wait that was in vain the next one may be as long as the first again.
const RECOVERY: Duration = Duration::from_secs(1);

// How often in a row it was waited in vain. Without threads each further wait is half as long, so that a tree of
// a thousand fan-outs does not wait a thousand times: all of it waits for two tenths of a second out of a second.
per_world!(IN_VAIN: AtomicU32 = AtomicU32::new(0));

// When that was last.
per_world!(LAST: Mutex<Option<Instant>> = Mutex::new(None));

/// Says that a thread could be had.
pub(super) fn restore() {
    IN_VAIN.store(0, Ordering::Relaxed);
}

/// A run of a simulation begins, in which nobody has waited yet.
pub(super) fn begin_world() {
    restore();
    *LAST.lock() = None;
}

/// Asks for a thread again and again, for a bounded time.
pub(crate) fn patiently(mut ask: impl FnMut() -> Result<(), NoThread>) -> Result<(), NoThread> {
    if ask().is_ok() {
        return Ok(());
    }
    let in_vain = in_vain();
    let end = clock::now() + patience_after(in_vain);
    while !clock::has_come(end) {
        clock::pause(RETRY);
        if ask().is_ok() {
            return Ok(());
        }
        if clock::has_come(end) {
            note_one_more(in_vain);
        }
    }
    Err(NoThread)
}

fn patience_after(in_vain: u32) -> Duration {
    let patience = PATIENCE / 2_u32.saturating_pow(in_vain);
    if patience < RETRY {
        Duration::ZERO
    } else {
        patience
    }
}

/// How often in a row it was waited in vain.
fn in_vain() -> u32 {
    let is_long_ago = |last: Instant| clock::has_come(last + RECOVERY);
    if LAST.lock().is_none_or(is_long_ago) {
        restore();
    }
    IN_VAIN.load(Ordering::Relaxed)
}

/// Several who wait at the same time count as one.
fn note_one_more(before: u32) {
    let (order, now) = (Ordering::Relaxed, before + 1);
    if IN_VAIN.compare_exchange(before, now, order, order).is_ok() {
        *LAST.lock() = Some(clock::now());
    }
}
