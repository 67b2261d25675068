//! A handle that the library makes for what runs on one thread. Most often nobody else ever holds it, or knows it.
//!
//! Invariants:
//! - **C17 lent to a handle.** What such a handle has above it, its parent and its task, is lent to it, and not counted, by whom it is made for. He keeps
//!   both in place until he lets go of it; if others hold the handle or know it then, they are counted for it before.
//! - **C18 room for the next one.** The memory of one that nobody else has is kept for the next one that is made inside of the same slot. Only the thread
//!   that is inside of a slot makes such handles there, and lets go of them before it leaves.
//!
//! unsafe: C17 is what makes references sound that are not counted, and C18 memory that is taken without a lock.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::deadline::Nearest;
use super::{Cancel, Chain, Node, View};
use crate::base::common::{Common, Room, Spare};
use crate::base::sync::atomic::Ordering;
use crate::scope::task_run::TaskRun;

/// The handle, for as long as what is above it is lent.
pub(crate) struct Own<'a> {
    cancel: ManuallyDrop<Cancel>,
    place: Place,
    _lent: PhantomData<&'a Cancel>,
}

/// Room for a handle.
pub(crate) type SpareHandle = Spare<Node>;

/// Where that is kept.
type Place = Option<&'static SpareHandle>;

fn room(place: Place) -> Room<Node> {
    // SAFETY: the place is this thread's alone (C18).
    let spare = place.and_then(|spare| unsafe { spare.take() });
    spare.unwrap_or_else(Room::new)
}

impl<'a> Own<'a> {
    /// One with nothing above it, in that task.
    pub(super) fn root(task: Option<&'a Common<TaskRun>>, place: Place) -> Own<'a> {
        // SAFETY: the task is lent for as long as this is there (C17).
        let task = task.map(|task| unsafe { lent(task) });
        let node = Common::new_in(room(place), || {
            Node::new(None, task, 0, None, View::NONE, Nearest::NONE)
        });
        Own::of(Cancel::of(node), place)
    }

    /// One below that, in that task; a view (C7) or not.
    pub(super) fn below(
        above: &'a Cancel,
        task: Option<&'a Common<TaskRun>>,
        is_view: bool,
        place: Place,
    ) -> Own<'a> {
        // SAFETY: both are lent for as long as this is there (C17).
        let (parent, task) = unsafe { (lent(above.node()), task.map(|task| lent(task))) };
        let inherited: Chain = above.inherited.clone();
        let cancel = above.born_in(room(place), parent, task, is_view, inherited, None);
        Own::of(cancel, place)
    }

    /// The handle alone, for somebody who sees to it himself that what is lent stays in place until he has put both together again.
    pub(super) fn into_cancel(self) -> ManuallyDrop<Cancel> {
        let this = ManuallyDrop::new(self);
        // SAFETY: it is taken once, for that one is not dropped.
        unsafe { std::ptr::read(&raw const this.cancel) }
    }

    /// # Safety
    /// The handle is from `into_cancel`, and what is lent to it is still in place.
    pub(super) unsafe fn of_cancel(cancel: ManuallyDrop<Cancel>, place: Place) -> Own<'a> {
        Own::of(ManuallyDrop::into_inner(cancel), place)
    }

    fn of(cancel: Cancel, place: Place) -> Own<'a> {
        Own {
            cancel: ManuallyDrop::new(cancel),
            place,
            _lent: PhantomData,
        }
    }
}

/// One more who holds it, and is not counted.
///
/// # Safety
/// It is held by somebody else until this is forgotten, or counted.
unsafe fn lent<T>(held: &Common<T>) -> Common<T> {
    // SAFETY: as promised by the caller.
    unsafe { Common::from_raw(Common::as_ptr(held)) }
}

impl Deref for Own<'_> {
    type Target = Cancel;
    fn deref(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Own<'_> {
    #[inline]
    fn drop(&mut self) {
        let node = self.cancel.node();
        node.release_by_holder();
        if node.holders.load(Ordering::Acquire) > 1 {
            return self.let_go();
        }
        Node::leave_if_done(node); // Else what is below it has it.
        // SAFETY: it is taken once, for this is being dropped, and its only holder keeps its memory (C14).
        let node = unsafe { Common::from_raw(Common::as_ptr(self.cancel.node())) };
        match Common::into_room(node, Node::give_back_lent) {
            Ok(room) => self.give_back(room),
            Err(node) => {
                node.keep_lent();
                drop(node);
            }
        }
    }
}

impl Own<'_> {
    #[inline(always)]
    fn give_back(&self, room: Room<Node>) {
        if let Some(spare) = self.place {
            // SAFETY: the place is this thread's alone (C18).
            unsafe { spare.put(room) };
        }
    }

    /// Others go on to hold it.
    #[cold]
    #[inline(never)]
    fn let_go(&mut self) {
        self.cancel.node().keep_lent();
        // SAFETY: it is taken once, for this is being dropped.
        drop(unsafe { ManuallyDrop::take(&mut self.cancel) });
    }
}

impl Node {
    /// What is lent to it is counted from now on (C17).
    #[cold]
    fn keep_lent(&self) {
        std::mem::forget((self.parent.0.clone(), self.task.clone()));
    }

    /// What is lent to it was never counted, and nobody has it any more (C17).
    fn give_back_lent(&mut self) {
        std::mem::forget((self.parent.0.take(), self.task.take()));
    }
}

#[cfg(all(test, loom))]
#[path = "../models/own.rs"]
mod models;
