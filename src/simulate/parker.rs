//! What one thread of a run stops at, until another one lets it go on: a word, and one call of the kernel for each.

use crate::base::clock::Duration;
use crate::base::sync::notes::{AtomicU32, Ordering};
use crate::base::sys::futex;

/// Let go once, it goes on once, whichever comes first.
pub(super) struct Parker(AtomicU32);

const STOPS: u32 = 0;
const GOES_ON: u32 = 1;

impl Parker {
    pub(super) const fn new() -> Parker {
        Parker(AtomicU32::new(STOPS))
    }

    pub(super) fn let_go(&self) {
        if self.0.swap(GOES_ON, Ordering::Release) == STOPS {
            futex::wake_one(&self.0);
        }
    }

    pub(super) fn stop(&self) {
        while !self.takes() {
            futex::wait(&self.0, STOPS, None);
        }
    }

    /// The same for so long at most. Tells whether it was let go.
    pub(super) fn stop_for(&self, time: Duration) -> bool {
        let time = time.as_nanos().try_into().unwrap_or(u64::MAX);
        self.takes() || {
            futex::wait(&self.0, STOPS, Some(time));
            self.takes()
        }
    }

    fn takes(&self) -> bool {
        self.0.swap(STOPS, Ordering::Acquire) == GOES_ON
    }
}
