//! Numbers that look random (splitmix64), for what must not happen everywhere at the same moment. No secret is made of them.

use std::process;

use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::base::{clock, world};

/// A row of numbers, which is its seed and nothing else.
pub(crate) struct Random(u64);

impl Random {
    /// A row that is another one each time, also in another process.
    pub(crate) fn new() -> Random {
        if let Some(world) = world::here() {
            return Random::seeded(world.random());
        }
        static ROWS: AtomicU64 = AtomicU64::new(0);
        let row = ROWS.fetch_add(1, Ordering::Relaxed);
        let mut seed = clock::exact();
        for more in [process::id().into(), row] {
            seed = Random(seed ^ more).next();
        }
        Random::seeded(seed)
    }

    pub(crate) fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One from 0 to that, both included.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        let scaled = u128::from(self.next()) * (u128::from(most) + 1);
        (scaled >> 64) as u64
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_row() {
        let row = |seed| {
            let mut random = Random::seeded(seed);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        assert_ne!(Random::new().next(), Random::new().next());
    }

    #[test]
    fn all_numbers_come_and_no_others() {
        let mut random = Random::seeded(1);
        let mut times = [0; 5];
        for _ in 0..1000 {
            times[random.up_to(4) as usize] += 1;
        }
        assert!(
            times.iter().all(|times| (150..250).contains(times)),
            "{times:?}"
        );
        assert_eq!(random.up_to(0), 0);
        assert_ne!(random.up_to(u64::MAX), random.up_to(u64::MAX));
    }
}
