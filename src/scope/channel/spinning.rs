//! Who would have to wait looks again for a moment before he does: what he waits for most often comes sooner than a thread wakes.
//!
//! The moment is longer than it takes to wake a thread. Else two threads that have once begun to sleep go on so: each finds the other one still
//! waking, and sleeps itself. The thread does not give way meanwhile (`sched_yield`): where others compute, it would come back after
//! milliseconds, and who sleeps is woken sooner.
//!
//! Where that is in vain, for nobody is at the other end, or that has no processor, it is done more and more seldom.

use crate::base::clock::{self, Duration};
use crate::base::sync::notes::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use crate::base::world;

/// For how long: some times what it takes to fall asleep and to be woken.
const MOMENT: Duration = Duration::from_micros(20);

/// How often the processor is told between two looks that this thread waits. Each look takes from the other end the memory that it counts in.
const PAUSES: usize = 8;

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
    /// Looks how many there are until there are some, or the moment is over, or it is not to be looked for (`None`). One does at a time. In a
    /// model, and in a simulation, no time passes.
    #[cold]
    pub(super) fn for_a_moment(&self, how_many: impl Fn() -> Option<usize>) {
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

    fn look(&self, how_many: impl Fn() -> Option<usize>) -> usize {
        let several = self.seen.load(Ordering::Relaxed) > 1;
        match until_some(&how_many) {
            0 => 0,
            _ if several => until_enough(how_many),
            some => some,
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

/// Looks until there are some; 0 if there are none.
fn until_some(how_many: impl Fn() -> Option<usize>) -> usize {
    let end = clock::now() + MOMENT;
    loop {
        let seen = how_many();
        if seen != Some(0) || clock::has_come(end) {
            return seen.unwrap_or(0);
        }
        pause();
    }
}

/// Looks a while longer, where there are some.
fn until_enough(how_many: impl Fn() -> Option<usize>) -> usize {
    let end = clock::now() + GATHERING;
    loop {
        pause();
        let seen = how_many().unwrap_or(ENOUGH);
        if seen >= ENOUGH || clock::has_come(end) {
            return seen;
        }
    }
}

fn pause() {
    for _ in 0..PAUSES {
        std::hint::spin_loop();
    }
}
