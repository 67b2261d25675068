//! What a thread knows of its slot, and says of itself there.
//!
//! unsafe: it asks the kernel for its number.
#![allow(unsafe_code)]

use std::cell::Cell;

use super::frame::Frame;
use super::slot::Slot;
use crate::base::counts::{self, Counted};
use crate::base::sync::atomic::Ordering;
use crate::base::sync::per_thread;
use crate::base::sys::thread;
use crate::engine::leaf::Waiting;
use crate::engine::slots;
use crate::scope::hooked::SpareHook;

per_thread!(pub(super) MINE: Mine = Mine::new());

/// What a thread knows of its slot. There is nothing to drop here: a destructor on a thread of the
/// program might run after the library's last use.
pub(super) struct Mine {
    /// The one last used. It is the thread's own only while the thread is in it, or if it is the crew's (S1).
    pub(super) slot: Cell<Option<&'static Slot>>,
    /// How many times the thread is in it.
    pub(super) entries: Cell<usize>,
    /// The kernel's number of the thread; 0: not asked for yet.
    thread: Cell<i32>,
    /// The backlog to which the thread last added something, by address, if it has not waited since; else 0.
    added_to: Cell<usize>,
}

/// Gives the calling thread, which is the library's, its slot for life.
pub(in crate::engine) fn adopt(slot: &'static Slot) {
    MINE.with(|mine| mine.claim(slot));
}

/// Takes its slot away from the calling thread, which ends, or is alone in a child of `fork`.
pub(in crate::engine) fn disown() {
    MINE.with(|mine| {
        mine.slot.set(None);
        mine.entries.set(0);
        mine.thread.set(0);
    });
}

/// The kernel's number of the calling thread, which has a slot.
pub(crate) fn this_thread() -> i32 {
    MINE.with(|mine| mine.thread.get())
}

/// The slot that the calling thread is in.
pub(in crate::engine) fn own_slot() -> Option<&'static Slot> {
    MINE.with(Mine::own)
}

/// Where the calling thread keeps room for a hook, if it is in a slot, and as long as it is.
pub(crate) fn spare_hook() -> Option<&'static SpareHook> {
    own_slot().map(|slot| &slot.spare_hook)
}

/// Says that what begins next on the calling thread does not begin at the same moment as the last thing did.
pub(crate) fn time_passed() {
    if let Some(slot) = MINE.with(Mine::own) {
        slot.time_passed();
    }
}

/// Says that the calling thread, which may be in no slot, has added a child to that backlog, by address.
#[inline]
pub(crate) fn note_spawned(backlog: usize) {
    MINE.with(|mine| {
        mine.added_to.set(backlog);
        match mine.own() {
            Some(slot) => _ = slot.counts.count(Counted::ChildrenSpawned),
            None => counts::count_elsewhere(Counted::ChildrenSpawned),
        }
    });
}

/// The backlog to which it has last added something, if it has not waited since.
pub(crate) fn take_added() -> Option<usize> {
    let backlog = MINE.with(|mine| mine.added_to.replace(0));
    Some(backlog).filter(|backlog| *backlog != 0)
}

/// Says that the calling thread waits, if it is in a callback.
pub(crate) fn while_waiting<T>(call: Waiting, wait: impl FnOnce() -> T) -> T {
    let Some(slot) = MINE.with(Mine::own) else {
        return wait();
    };
    let waiting = &slot.leaf.waiting;
    let before = waiting.load(Ordering::Relaxed);
    waiting.store(call as u8, Ordering::Relaxed);
    let value = wait();
    waiting.store(before, Ordering::Relaxed);
    value
}

/// In which call the calling thread waits, as it has said.
pub(crate) fn waits_in() -> Option<Waiting> {
    let slot = MINE.with(Mine::own)?;
    Waiting::of(slot.leaf.waiting.load(Ordering::Relaxed))
}

impl Mine {
    const fn new() -> Mine {
        Mine {
            slot: Cell::new(None),
            entries: Cell::new(0),
            thread: Cell::new(0),
            added_to: Cell::new(0),
        }
    }

    /// The slot that the thread is in.
    pub(super) fn own(&self) -> Option<&'static Slot> {
        self.slot.get().filter(|_| self.entries.get() > 0)
    }

    /// Pushes a frame in the thread's slot, or in one that it takes.
    pub(super) fn push(&self, frame: &Frame<'_>) -> &'static Slot {
        let entries = self.entries.get();
        self.entries.set(entries + 1);
        match self.slot.get() {
            Some(slot) if entries > 0 || slot.on_crew => {
                slot.push_run(frame);
                slot
            }
            Some(slot) if slot.push_first(frame) => {
                slot.thread.store(self.thread.get(), Ordering::Relaxed);
                slot
            }
            _ => {
                let slot = slots::take(|slot| slot.push_first(frame));
                self.claim(slot);
                slot
            }
        }
    }

    fn claim(&self, slot: &'static Slot) {
        if self.thread.get() == 0 {
            self.thread.set(thread::number());
        }
        slot.thread.store(self.thread.get(), Ordering::Relaxed);
        self.slot.set(Some(slot));
    }
}
