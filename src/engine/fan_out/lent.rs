//! What the caller lends to those who come to help: it lies on the caller's stack, where it costs no counting, and most fan-outs need no help.
//!
//! Invariant:
//! - **F11 lent.** What is lent is looked at under the fan-out's lock while the fan-out is open. The caller, who keeps all of it
//!   in place, closes the fan-out under that lock before it goes on, or is unwound.
//!
//! Its place, when it is over and no helper has come late, is that of the next one in the same slot.
//!
//! unsafe: a fan-out does not know how long its caller's stack is in place. F11 is what makes that sound.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use super::{FanOut, Work};
use crate::base::common::Common;
use crate::base::events::{self, Origin};
use crate::base::in_place::Place;
use crate::base::sync::Arc;
use crate::engine::children::Children;
use crate::engine::frames::Context;
use crate::scope::activity::{self, Activities};
use crate::scope::cancel::Cancel;
use crate::scope::task_run::{TaskRun, Tree};

pub(super) struct Lent<C> {
    children: NonNull<C>,
    cancel: NonNull<Cancel>,
    task: Option<NonNull<Common<TaskRun>>>,
    tree: Tree,
    activities: Activities,
    origin: Origin,
}

// SAFETY: what it points to threads may share, as `Children` are, and it is in place when they look (F11).
unsafe impl<C: Children> Send for Lent<C> {}

impl<C: Children> Lent<C> {
    pub(super) fn of(children: &C, context: &Context<'_>) -> Lent<C> {
        Lent {
            children: NonNull::from(children),
            cancel: NonNull::from(context.scope.handle()),
            task: context.task.map(NonNull::from),
            tree: context.tree,
            activities: activity::current(),
            origin: events::origin(context.task.map(|task| &**task)),
        }
    }

    /// What a helper needs, to hold for itself; to be called under the fan-out's lock.
    pub(super) fn work(&self) -> Work<C> {
        // SAFETY: it is called while the fan-out is open, and under its lock, so all of it is in place (F11).
        unsafe {
            Work {
                children: self.children.as_ref().clone(),
                cancel: self.cancel.as_ref().clone(),
                task: self.task.map(|task| task.as_ref().clone()),
                tree: self.tree,
                activities: self.activities.clone(),
                origin: self.origin,
            }
        }
    }
}

/// The place of the last fan-out in the calling thread's slot, if it was one of such children.
pub(super) fn place<C: Children>(context: &Context<'_>) -> Option<Place<FanOut<C>>> {
    // SAFETY: the slot is the calling thread's (S1).
    unsafe { context.slot.spare_fan_out.take() }
}

/// Keeps the place of one that is over, in which nothing of the program's is left (F4).
pub(super) fn keep_place<C: Children>(fan_out: Arc<FanOut<C>>, context: &Context<'_>) {
    // SAFETY: as above.
    unsafe { context.slot.spare_fan_out.put(fan_out) };
}

#[cfg(all(test, loom))]
#[path = "../models/lent.rs"]
mod models;
