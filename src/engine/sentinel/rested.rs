//! A program that rests between what it does: to wake a sentinel there, which then ticks for a while, costs more than to send a helper at once.
//!
//! So who publishes something for which one helper is enough, in a program that has rested, wakes a parked thread in the place of the
//! sentinel that sleeps, and nobody needs to watch (F1): each child that comes while the sentinel sleeps has a helper
//! sent for it after it has come, or the sentinel roused. What comes soon after rouses it, so a burst does not wake a thread each.

use super::{ABSENT, ASLEEP, Sentinel, send_parked_watched};
use crate::base::clock::{self, Duration};
use crate::base::sync::Arc;
use crate::base::sync::atomic::Ordering;
use crate::base::sync::notes::AtomicU64;
use crate::engine::backlog::Backlog;
use crate::engine::crew;

/// How long it is that nothing was published for which somebody was woken, after which a program has rested.
const REST: Duration = Duration::from_micros(500);

/// When the sentinel last fell asleep, or somebody else was woken in its place.
pub(super) struct Rested(AtomicU64);

impl Rested {
    pub(super) const fn new() -> Rested {
        Rested(AtomicU64::new(0))
    }

    /// It is so at this moment.
    pub(super) fn note(&self) {
        self.0.store(now(), Ordering::Relaxed);
    }

    /// Whether the program has rested. It has not when this is asked soon again.
    fn take(&self) -> bool {
        let now = now();
        let before = self.0.swap(now, Ordering::Relaxed);
        before == PRETENDED || u128::from(now.saturating_sub(before)) >= REST.as_nanos()
    }

    #[cfg(all(test, loom))]
    pub(super) fn pretend(&self) {
        self.0.store(PRETENDED, Ordering::Relaxed);
    }
}

/// What a model says instead of a moment, for in a model no time passes.
const PRETENDED: u64 = u64::MAX;

fn now() -> u64 {
    if cfg!(loom) { 0 } else { clock::exact() }
}

impl Sentinel {
    /// Sends a parked thread to what the calling one has published, if that can be in the place of this one, which sleeps or is not there.
    pub(super) fn is_spared<B>(&self, backlog: &Arc<B>) -> bool
    where
        B: Backlog + 'static,
    {
        let sleeps = matches!(self.state.load(Ordering::Relaxed), ASLEEP | ABSENT);
        sleeps && crew::parked() > 0 && self.rested.take() && {
            let backlog: Arc<dyn Backlog> = backlog.clone();
            // Who is on his way already was sent for what came before.
            let is_first = backlog.watch().coming.load(Ordering::Relaxed) == 0;
            is_first && send_parked_watched(&backlog, 1).is_ok()
        }
    }
}
