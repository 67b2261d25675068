//! Whether a handle is cancelled, why, and since when.

use super::Node;
use crate::base::clock;
use crate::base::error::{Error, Outcome};
use crate::base::race_detector;
use crate::base::sync::atomic::Ordering;
use crate::scope::drain;

/// It is not cancelled, and has no deadline: who asks needs to know no more.
pub(super) const RUNS: u8 = 0;
/// The same, but for its deadline, which may have come.
pub(super) const TIMED: u8 = 1;
/// A cancellation has come to it, other than by the clock alone.
pub(super) const STRUCK: u8 = 2;

impl Node {
    /// One atomic load; and, if there is a deadline above it, a look at the clock (X1).
    #[inline]
    pub(crate) fn cancelled(&self) -> bool {
        match self.view_of.get() {
            None => self.is_cancelled_in(self.state()),
            Some(_) => self.is_view_cancelled(),
        }
    }

    /// A call of its own, so that a handle which is no view is looked at without a wait for another one's address.
    #[inline(never)]
    extern "C" fn is_view_cancelled(&self) -> bool {
        self.is_cancelled_in(self.viewed().state())
    }

    #[inline(always)]
    fn is_cancelled_in(&self, state: u8) -> bool {
        state != RUNS && self.is_struck_or_over(state)
    }

    /// The rest of that look, which callbacks take again and again. It is a call that never unwinds, so who takes only the first part needs no frame.
    #[cold]
    #[inline(never)]
    extern "C" fn is_struck_or_over(&self, state: u8) -> bool {
        if state == STRUCK {
            race_detector::acquire(&raw const self.viewed().state);
        }
        state == STRUCK || self.is_over()
    }

    /// A cancellation has come to it. With release: who finds that sees the cause (C1), and what was done before.
    pub(super) fn store_struck(&self) {
        race_detector::release(&raw const self.state);
        self.state.store(STRUCK, Ordering::Release);
    }

    /// Whether a cancellation has come to it, other than by the clock alone.
    pub(super) fn is_struck(&self) -> bool {
        self.viewed().state() == STRUCK
    }

    /// What it says itself. With acquire, so who finds it struck sees its cause (C1).
    pub(super) fn state(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    /// The handle whose state and cause are those of this one (C7).
    pub(super) fn viewed(&self) -> &Node {
        self.view_of.get().unwrap_or(self)
    }

    /// Whether it is cancelled, or will soon be. Two atomic loads, and two more for each shield that it is inside of.
    pub(crate) fn draining(&self) -> bool {
        let mut around = Some(self);
        while let Some(node) = around {
            if drain::drains(node.main) || node.cancelled() {
                return true;
            }
            let inherited = node.inherited.as_ref();
            let shield = inherited.and_then(|inherited| inherited.around_shield());
            around = shield.map(|around| &**around);
        }
        false
    }

    /// Why it is cancelled, if it is.
    pub(crate) fn cause(&self) -> Option<&Error> {
        self.cancelled().then(|| self.viewed().settled_cause())
    }

    /// Fails with the cause, if it is cancelled.
    pub(crate) fn echo(&self) -> Outcome {
        self.cause().cloned().map_or(Ok(()), Err)
    }

    /// When it was cancelled, by the monotonic clock in nanoseconds.
    pub(crate) fn struck_at(&self) -> u64 {
        match self.deadline() {
            Some(deadline) if !self.is_struck() => clock::shown_at(deadline.moment()),
            _ => self.viewed().struck_at.load(Ordering::Relaxed),
        }
    }
}
