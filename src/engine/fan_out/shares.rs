//! What is unclaimed, divided: two threads that both count one counter up wait for each other at each child.
//!
//! The caller has it all to begin with. Who comes to help has a share of its own from its second child on, and who has used up his own
//! takes half of the largest one. What is in a share nobody has claimed, its owner neither: if a child holds him up, others
//! take what is left. So any number of threads may claim from any of them.
//!
//! Invariant:
//! - **F13 in one share.** What is unclaimed is in one share, and in no other. It goes from one to another under the fan-out's lock,
//!   under which it is looked for, so who finds nothing there knows that all is claimed.
//!
//! A share is of numbers of 32 bits, so that it is divided in one step. What is beyond them is claimed under the lock.

use std::ops::Range;

use super::{FanOut, State};
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicU64, Ordering};
use crate::engine::children::Children;
use crate::engine::rule::Rule;

/// How many children are in shares at most: so each thread that finds one used up can count it up some times more, and it is used up still.
const MOST: usize = 1 << 31;

/// From how many children on that is worth its while.
const WORTHWHILE: usize = if cfg!(loom) { 4 } else { 256 };

/// How many threads have a share of their own.
const MOST_SHARES: usize = 64;

/// Children that nobody has claimed, from one up to another. The lower half of the word is the first, the upper half where they end.
pub(super) struct Share(AtomicU64);

/// One beside which nothing lies that others write.
#[repr(align(128))]
pub(super) struct Apart(Share);

impl std::ops::Deref for Apart {
    type Target = Share;
    fn deref(&self) -> &Share {
        &self.0
    }
}

fn word_of(range: Range<usize>) -> u64 {
    (range.end as u64) << 32 | range.start as u64
}

fn halves(word: u64) -> (usize, usize) {
    (word as u32 as usize, (word >> 32) as usize)
}

/// The first of one that is used up may be behind its end.
fn range_of(word: u64) -> Range<usize> {
    let (next, end) = halves(word);
    next.min(end)..end
}

impl Share {
    fn of(range: Range<usize>) -> Share {
        Share(AtomicU64::new(word_of(range)))
    }

    /// Claims the first of them. Relaxed: the children are immutable, and what they leave behind is passed on by the fan-out's lock.
    #[inline(always)]
    pub(super) fn claim(&self) -> Option<usize> {
        let (next, end) = halves(self.0.fetch_add(1, Ordering::Relaxed));
        (next < end).then_some(next)
    }

    /// Those that are unclaimed now.
    pub(super) fn left(&self) -> Range<usize> {
        range_of(self.0.load(Ordering::Relaxed))
    }

    /// Claims all.
    fn take_all(&self) -> Range<usize> {
        range_of(self.0.swap(0, Ordering::Relaxed))
    }

    /// Takes the second half out, if there is anything.
    fn take_half(&self) -> Option<Range<usize>> {
        let half = |left: Range<usize>| left.start + left.len() / 2..left.end;
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let left = range_of(word);
                let kept = left.start..half(left.clone()).start;
                (!left.is_empty()).then(|| word_of(kept))
            });
        taken.ok().map(|word| half(range_of(word)))
    }

    /// Fills one that is empty. Under the fan-out's lock.
    pub(super) fn fill(&self, range: Range<usize>) {
        self.0.store(word_of(range), Ordering::Relaxed);
    }
}

/// What is unclaimed but for the caller's share.
#[derive(Default)]
pub(super) struct Shares {
    /// Those of helpers.
    of_helpers: Vec<Arc<Apart>>,
    /// What is in no share yet.
    pub(super) beyond: Range<usize>,
}

/// The caller's share, if so many are claimed for him already.
#[inline(always)]
pub(super) fn of_caller(count: usize, claimed: usize) -> Share {
    Share::of(claimed..count.min(MOST))
}

/// What is not in that, if it is not all.
#[inline(always)]
pub(super) fn beyond_caller(count: usize) -> Option<Box<Shares>> {
    (count > MOST).then(|| beyond_most(count))
}

#[cold]
fn beyond_most(count: usize) -> Box<Shares> {
    Box::new(Shares {
        beyond: MOST..count,
        ..Shares::default()
    })
}

/// Claims the first one that is in no share, where nothing is in any. Under the fan-out's lock. That share was counted up in vain, and begins
/// anew: else it would be counted up into its other half.
pub(super) fn claim_beyond(shares: &mut Option<Box<Shares>>, used_up: &Share) -> Option<usize> {
    used_up.fill(0..0);
    shares.as_mut()?.beyond.next()
}

/// Whether who helps with that many children has a share of its own. Where they begin in order, or stop when one has decided, all claim
/// from one.
#[inline(always)]
pub(super) fn is_divided(count: usize, rule: Rule, can_wait: bool) -> bool {
    count >= WORTHWHILE && rule.limit >= count && !rule.is_contest() && !can_wait
}

impl<C> State<C> {
    fn others(&self) -> &[Arc<Apart>] {
        (self.shares.as_ref()).map_or(&[], |shares| &shares.of_helpers)
    }

    fn beyond(&self) -> usize {
        (self.shares.as_ref()).map_or(0, |shares| shares.beyond.len())
    }
}

impl<C: Children> FanOut<C> {
    /// Whether there may be something elsewhere when the caller's share is used up.
    #[inline(always)]
    pub(super) fn looks_elsewhere(&self) -> bool {
        self.is_divided || self.count > MOST
    }

    /// How many nobody has claimed.
    pub(super) fn not_claimed(&self) -> usize {
        if self.looks_elsewhere() {
            self.not_claimed_by(&self.state.lock())
        } else {
            self.first.left().len()
        }
    }

    /// The same under the lock.
    pub(super) fn not_claimed_by(&self, state: &State<C>) -> usize {
        let others = state.others().iter().map(|share| share.left().len());
        self.first.left().len() + others.sum::<usize>() + state.beyond()
    }

    /// A share for a thread that helps, if it is to have one of its own.
    pub(super) fn share_for_helper(&self) -> Option<Arc<Apart>> {
        if !self.is_divided {
            return None;
        }
        let mut state = self.state.lock();
        let inside = state.inside;
        let shares = &mut state.shares.get_or_insert_default().of_helpers;
        if shares.len() == MOST_SHARES {
            return Some(shares[inside % MOST_SHARES].clone());
        }
        let share = Arc::new(Apart(Share::of(0..0)));
        shares.push(share.clone());
        Some(share)
    }

    /// This share is used up: fills it with half of the largest one, and claims one of that (F13).
    #[cold]
    pub(super) fn claim_elsewhere(&self, own: &Share) -> Option<usize> {
        let mut state = self.state.lock();
        loop {
            if let Some(index) = own.claim() {
                return Some(index); // Another thread has filled it.
            }
            let (left, largest) = self.largest(&state);
            match largest.take_half() {
                Some(half) => own.fill(half),
                None if left == 0 => return claim_beyond(&mut state.shares, own),
                None => {} // It was used up meanwhile, which says nothing of the others.
            }
        }
    }

    /// In which share most is left, and how much that was; 0: in none is anything, for none is filled under the lock but by who has it.
    fn largest<'a>(&'a self, state: &'a State<C>) -> (usize, &'a Share) {
        let first = (self.first.left().len(), &self.first);
        let others = state.others().iter();
        let others = others.map(|share| (share.left().len(), &***share));
        others.fold(
            first,
            |most, other| if other.0 > most.0 { other } else { most },
        )
    }

    /// Claims all that is unclaimed, which is not to begin any more (F9). Tells which they are.
    pub(super) fn close(&self, state: &mut State<C>) -> impl Iterator<Item = usize> + use<C> {
        let of_caller = self.first.take_all();
        let mut others: Vec<_> = state
            .others()
            .iter()
            .map(|share| share.take_all())
            .collect();
        if let Some(shares) = &mut state.shares {
            others.push(std::mem::take(&mut shares.beyond));
        }
        of_caller.chain(others.into_iter().flatten())
    }
}

#[cfg(all(test, loom))]
#[path = "../models/shares.rs"]
mod models;
