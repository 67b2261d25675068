//! Waiting until no child is left.

use super::places::How;
use super::spawn::wait_under;
use super::{Child, Nursery, State};
use crate::base::clock::{self, Instant};
use crate::base::sync::Arc;
use crate::engine::crew::Due;
use crate::engine::leaf::Waiting;
use crate::engine::waiting;
use crate::scope::activity;
use crate::scope::waiter::Waiter;

/// How a wait ended.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// No child is left but those that waited for that.
    Left,
    /// The time is up, or it was cancelled.
    Given,
    /// Those that are left wait for the caller, or for places that it and its like have (W4).
    Deadlock,
}

impl<C: Child> Nursery<C> {
    /// What is due meanwhile because no thread could be had, is done by who waits: a child may wait for that.
    pub(crate) fn rest(self: &Arc<Self>, deadline: Option<Instant>) -> Rest {
        loop {
            match self.rest_or_settle(deadline) {
                Ok(rest) => {
                    if rest == Rest::Left {
                        self.acquire_from_children();
                    }
                    return rest;
                }
                Err(due) => due.into_iter().for_each(Due::settle),
            }
        }
    }

    fn rest_or_settle(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Rest, Vec<Due>> {
        let mut state = self.lock();
        state.nothing_due()?;
        let how = match deadline {
            None => How::Rests,
            Some(_) => How::RestsForAWhile,
        };
        let thread = activity::innermost(|id| state.places.runs_children(id));
        state.places.begin_to_wait(thread, how);
        let is_at_rest = state.places.is_at_rest();
        if is_at_rest || state.places.is_deadlock(thread, how) {
            let rested = state.places.take_rested();
            state.places.end_wait(thread, how);
            drop(state);
            rested.iter().for_each(|waiter| waiter.ring());
            return Ok(if is_at_rest {
                Rest::Left
            } else {
                Rest::Deadlock
            });
        }
        let waiter = Arc::new(Waiter::new());
        state.places.rest(waiter.clone(), thread, how);
        let handles = state.heard();
        drop(state);
        waiting::during(Waiting::NurseryWait, || {
            wait_under(&handles, &waiter, deadline)
        });
        let mut state = self.lock();
        if !state.places.leave_rest(&waiter) {
            return Ok(Rest::Left);
        }
        let is_over = deadline.is_some_and(clock::has_come);
        let is_given = is_over || handles.iter().any(|handle| handle.cancelled());
        // Another one who was rung for what is due may have it by now.
        is_given
            .then_some(Rest::Given)
            .ok_or_else(|| std::mem::take(&mut state.due))
    }
}

impl<C> State<C> {
    /// Whether nothing is due; else gives it away, to be settled.
    fn nothing_due(&mut self) -> Result<(), Vec<Due>> {
        if self.due.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut self.due))
    }
}
