//! Each thread's slot: the fan-outs that run on it, innermost last.
//!
//! A thread publishes a fan-out in its slot until it has nothing left to claim in it, and the sentinel
//! looks at all slots.
//!
//! Invariants:
//! - **S1 one owner.** A slot with frames belongs to the thread that published them. An empty slot
//!   belongs to nobody and may be taken by any thread, so a slot needs no clean-up when its thread
//!   ends, and there are never more slots than threads that were publishing at the same time.
//! - **S2 for good.** Slots are never freed; they are reached from `SLOTS` at all times.

use std::cell::Cell;

use crate::clock::Instant;
use crate::sync::atomic::AtomicUsize;
use crate::sync::{Arc, Mutex, MutexGuard, global, per_thread};

/// Work that one thread has published and others may help with.
pub(crate) trait Backlog: Send + Sync {
    /// How many children nobody has claimed yet.
    fn unclaimed(&self) -> usize;
    /// Claims children and runs them, until there are none.
    fn help(&self);
    /// Fails all unclaimed children: no thread can be had for them.
    fn give_up(&self);
    /// The sentinel's own, which it finds again here.
    fn watch(&self) -> &Watch;
}

/// What the sentinel knows of a backlog.
#[derive(Default)]
pub(crate) struct Watch {
    /// How many helpers were lent to it that have not arrived yet.
    pub(crate) coming: AtomicUsize,
    pub(crate) notes: Mutex<Notes>,
}

/// What the sentinel remembers from one look to the next.
#[derive(Default)]
pub(crate) struct Notes {
    /// How many children were unclaimed at the last look; 0 before the first.
    pub(crate) unclaimed: usize,
    /// How many helpers were lent for cores, not for stalls.
    pub(crate) for_cores: usize,
    /// How many helpers were lent at the last look because it stalled.
    pub(crate) burst: usize,
    /// Since when it has stalled and no thread could be had for it.
    pub(crate) denied: Option<Instant>,
}

/// Where one thread publishes.
pub(crate) struct Slot {
    frames: Mutex<Vec<Arc<dyn Backlog>>>,
}

/// A fan-out in its thread's slot; dropping it takes it out again.
pub(crate) struct Published(&'static Slot);

global!(SLOTS: Slots = Slots::new(Vec::new()));

type Slots = Mutex<Vec<&'static Slot>>;

per_thread!(MINE: Mine = Mine::new((None, 0)));

/// The slot last used by this thread, and how many frames the thread has in it. It is the thread's
/// own only while that number is not 0 (S1). There is nothing to drop here: a destructor on a thread
/// of the program might run after the library's last use.
type Mine = Cell<(Option<&'static Slot>, usize)>;

/// Makes a fan-out of the calling thread visible to the sentinel.
pub(crate) fn publish(backlog: Arc<dyn Backlog>) -> Published {
    let (slot, frames) = MINE.with(Mine::get);
    let slot = match slot {
        Some(slot) if slot.push(&backlog, frames) => slot,
        _ => take_slot(&backlog),
    };
    MINE.with(|mine| mine.set((Some(slot), frames + 1)));
    Published(slot)
}

impl Drop for Published {
    fn drop(&mut self) {
        let popped = self.0.frames.lock().pop();
        let (_, frames) = MINE.with(Mine::get);
        // In a child of `fork` there is nothing left to count.
        MINE.with(|mine| mine.set((Some(self.0), frames.saturating_sub(1))));
        // Outside of the lock: this may be the last reference to the fan-out.
        drop(popped);
    }
}

/// Publishes in a slot that is nobody's, which is made if there is none.
fn take_slot(backlog: &Arc<dyn Backlog>) -> &'static Slot {
    let mut slots = SLOTS.lock();
    if let Some(free) = slots.iter().find(|slot| slot.push(backlog, 0)) {
        return free;
    }
    let slot: &'static Slot = Box::leak(Box::new(Slot {
        frames: Mutex::new(vec![backlog.clone()]),
    }));
    slots.push(slot);
    slot
}

impl Slot {
    /// Publishes here if the slot is the caller's, who has so many frames in it, or is nobody's.
    fn push(&self, backlog: &Arc<dyn Backlog>, own_frames: usize) -> bool {
        let mut frames = self.frames.lock();
        let is_mine = own_frames > 0 || frames.is_empty();
        if is_mine {
            frames.push(backlog.clone());
        }
        is_mine
    }
}

/// Every published backlog that has unclaimed children.
pub(crate) fn unclaimed() -> Vec<Arc<dyn Backlog>> {
    let mut found = Vec::new();
    for slot in SLOTS.lock().iter() {
        let frames = slot.frames.lock();
        found.extend(frames.iter().filter(|frame| frame.unclaimed() > 0).cloned());
    }
    found
}

/// The locks of this room, held across a `fork`.
pub(crate) struct Held {
    slots: MutexGuard<'static, Vec<&'static Slot>>,
    frames: Vec<MutexGuard<'static, Vec<Arc<dyn Backlog>>>>,
}

pub(crate) fn hold() -> Held {
    let slots = SLOTS.lock();
    let frames = slots.iter().map(|slot| slot.frames.lock()).collect();
    Held { slots, frames }
}

impl Held {
    /// In a child of `fork`: no fan-out of the parent runs here. Nothing is released, because what
    /// they hold is the parent's.
    pub(crate) fn forget(mut self) {
        for frames in &mut self.frames {
            std::mem::forget(std::mem::take(&mut **frames));
        }
        MINE.with(|mine| mine.set((None, 0)));
        drop(self.slots);
    }
}
