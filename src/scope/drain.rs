//! Which run of `proc_main` is asked to stop soon. A cancel handle knows by a number whether it is below one, so
//! that asking costs no more than asking whether it is cancelled.

use crate::base::sync::notes::{AtomicU32, Ordering};
use crate::base::world::per_world;

/// A run of `proc_main`; 0: none.
pub(super) type Main = u32;

per_world!(LAST: AtomicU32 = AtomicU32::new(0));
// The one that drains.
per_world!(DRAINING: AtomicU32 = AtomicU32::new(0));

/// A number of its own for a run.
pub(crate) fn number() -> Main {
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    // After four thousand million runs the numbers begin anew, without that of none.
    last.checked_add(1).unwrap_or_else(number)
}

pub(super) fn begin(main: Main) {
    DRAINING.store(main, Ordering::Release);
}

pub(super) fn drains(main: Main) -> bool {
    main != 0 && DRAINING.load(Ordering::Acquire) == main
}
