//! Who would have to wait looks again for a moment before he does: what he waits for most often comes sooner than a thread wakes.
//!
//! Where that is in vain, for nobody is at the other end, or that has no processor, it is done more and more seldom.

use crate::base::clock::{self, Duration};
use crate::base::sync::notes::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use crate::base::world;

/// For how long: about what it takes to fall asleep and to be woken.
const MOMENT: Duration = Duration::from_micros(5);

/// How long who has seen something goes on to look, if there have been several at a time lately: to go on after each single one would have both ends ask each
/// other for the same words all the time.
const GATHERING: Duration = Duration::from_nanos(500);

/// How many are enough to go on at once.
const ENOUGH: usize = 32;

/// How often at most, as a power of two, it is not done again after it was in vain.
const SELDOM: u8 = 6;

/// Who looks at one end, and what he has seen.
#[derive(Default)]
pub(super) struct Spinning {
    is_taken: AtomicBool,
    /// How often in a row it was in vain.
    in_vain: AtomicU8,
    /// How often more it is not done.
    skips: AtomicU8,
    /// How many there were the last time.
    seen: AtomicUsize,
}

impl Spinning {
    /// Looks how many there are until there are some, or the moment is over. One does at a time. In a model, and in a simulation, no time passes.
    #[cold]
    pub(super) fn for_a_moment(&self, how_many: impl Fn() -> usize) {
        if cfg!(loom) || world::is_here() || self.is_skipped() {
            return;
        }
        if self.is_taken.swap(true, Ordering::Relaxed) {
            return;
        }
        let seen = self.look(how_many);
        self.seen.store(seen, Ordering::Relaxed);
        self.note(seen > 0);
        self.is_taken.store(false, Ordering::Relaxed);
    }

    fn look(&self, how_many: impl Fn() -> usize) -> usize {
        let several = self.seen.load(Ordering::Relaxed) > 1;
        let mut end = clock::now() + MOMENT;
        let mut before = 0;
        loop {
            let seen = how_many();
            if seen >= ENOUGH || (seen > 0 && !several) || clock::has_come(end) {
                return seen;
            }
            if seen > 0 && before == 0 {
                end = clock::now() + GATHERING;
            }
            before = seen;
            std::hint::spin_loop();
        }
    }

    fn is_skipped(&self) -> bool {
        let skips = self.skips.load(Ordering::Relaxed);
        if skips > 0 {
            self.skips.store(skips - 1, Ordering::Relaxed);
        }
        skips > 0
    }

    fn note(&self, has_seen: bool) {
        let before = self.in_vain.load(Ordering::Relaxed);
        let in_vain = if has_seen { 0 } else { SELDOM.min(before + 1) };
        self.in_vain.store(in_vain, Ordering::Relaxed);
        self.skips.store((1 << in_vain) - 1, Ordering::Relaxed);
    }
}
