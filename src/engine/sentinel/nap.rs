//! All processors compute, and nothing is claimed for long: then each tick takes a processor away from that work, which on a virtual machine
//! costs a tenth of the time. So the sentinel naps, and who publishes something meanwhile wakes it.
//!
//! That is short (`LONGEST_NAP`), so nothing is lost if somebody does not. Yet nobody waits for that:
//! - **F6 so is a nap.** It begins only if, after the sentinel said so, no slot holds a backlog with unclaimed children that it has not looked at.

use super::{AWAKE, LONGEST_TICK, NAPPING, Sentinel};
use crate::base::clock::{self, Duration};
use crate::base::sync::atomic::Ordering;
use crate::engine::slots;

/// For how long it does not look whether those who compute have come to wait for each other.
const LONGEST_NAP: Duration = Duration::from_millis(2);

impl Sentinel {
    /// Waits until the next look, by a nap if that is long. Tells how long the tick was.
    pub(super) fn pause(&self, tick: Duration, is_stand_in: bool) -> Duration {
        if is_stand_in || tick <= LONGEST_TICK {
            let tick = tick.min(LONGEST_TICK);
            clock::pause(tick);
            return tick;
        }
        let nap = tick.min(LONGEST_NAP);
        self.nap(nap);
        nap
    }

    /// Waits for so long, or until somebody publishes something (F6).
    pub(super) fn nap(&self, time: Duration) {
        self.state.store(NAPPING, Ordering::SeqCst);
        if slots::unclaimed()
            .iter()
            .all(|seen| seen.watch().is_known())
        {
            clock::stop_refreshing();
            let end = clock::now().checked_add(time);
            let naps = |_: &mut ()| self.state.load(Ordering::Relaxed) == NAPPING;
            drop(self.bell.wait_while_until(self.lock.lock(), end, naps));
        }
        self.state.store(AWAKE, Ordering::SeqCst);
    }
}
