//! How many hold a value, and how many know it, in one word.

use crate::base::sync::notes::{AtomicU64, Ordering};

/// The holders in the lower half, those who know it in the upper one, of whom the holders together are one (CO2).
pub(super) struct Count<W = AtomicU64>(W);

/// What the count is in. The models of this room have one of loom's, and those of others one that loom does not look at: holders and
/// those who know come and go everywhere.
pub(super) trait Word {
    fn new(count: u64) -> Self;
    fn load(&self, order: Ordering) -> u64;
    fn add(&self, count: u64, order: Ordering) -> u64;
    fn sub(&self, count: u64, order: Ordering) -> u64;
    fn change(&self, from: u64, to: u64, order: Ordering) -> Result<u64, u64>;
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            #[inline(always)]
            fn new(count: u64) -> Self {
                <$type>::new(count)
            }
            #[inline(always)]
            fn load(&self, order: Ordering) -> u64 {
                self.load(order)
            }
            #[inline(always)]
            fn add(&self, count: u64, order: Ordering) -> u64 {
                self.fetch_add(count, order)
            }
            #[inline(always)]
            fn sub(&self, count: u64, order: Ordering) -> u64 {
                self.fetch_sub(count, order)
            }
            #[inline(always)]
            fn change(&self, from: u64, to: u64, order: Ordering) -> Result<u64, u64> {
                self.compare_exchange(from, to, order, Ordering::Relaxed)
            }
        }
    };
}

word!(AtomicU64);

const HOLDER: u64 = 1;
const KNOWS: u64 = 1 << 32;

/// More than that many are not kept apart: some program has leaked them, and would go on to use what was released.
const MOST: u64 = 1 << 31;

impl<W: Word> Count<W> {
    pub(super) fn one_holder() -> Count<W> {
        Count(W::new(HOLDER + KNOWS))
    }

    /// One more holds it, as the caller does.
    #[inline(always)]
    pub(super) fn hold(&self) {
        expect_few(self.0.add(HOLDER, Ordering::Relaxed) % KNOWS);
    }

    /// One more knows it, as the caller does, or holds it.
    #[inline(always)]
    pub(super) fn know(&self) {
        expect_few(self.0.add(KNOWS, Ordering::Relaxed) / KNOWS);
    }

    /// One more holds it, unless nobody does any more; tells whether that is so.
    pub(super) fn hold_again(&self) -> bool {
        let mut count = self.0.load(Ordering::Relaxed);
        while count % KNOWS != 0 {
            expect_few(count % KNOWS);
            match self.0.change(count, count + HOLDER, Ordering::Acquire) {
                Ok(_) => return true,
                Err(other) => count = other,
            }
        }
        false
    }

    /// One holds it no more. Tells whether he was the last, who has seen what the others have done (CO1).
    #[inline(always)]
    pub(super) fn let_go(&self) -> bool {
        self.is_alone() || self.0.sub(HOLDER, Ordering::AcqRel) % KNOWS == HOLDER
    }

    /// One knows it no more; or all holders together, of whom none is left. Tells whether nobody else does.
    #[inline(always)]
    pub(super) fn forget(&self) -> bool {
        let others = |count: u64| count / KNOWS != 1;
        !others(self.0.load(Ordering::Acquire)) || !others(self.0.sub(KNOWS, Ordering::AcqRel))
    }

    /// CO3.
    #[inline(always)]
    pub(super) fn is_alone(&self) -> bool {
        self.0.load(Ordering::Acquire) == HOLDER + KNOWS
    }

    pub(super) fn holders(&self) -> usize {
        (self.0.load(Ordering::Acquire) % KNOWS) as usize
    }
}

#[inline(always)]
fn expect_few(count: u64) {
    if count > MOST {
        std::process::abort();
    }
}

#[cfg(all(test, loom))]
#[path = "../models/count.rs"]
mod models;
