//! Where a thread says what runs on it.
//!
//! unsafe: a slot does not know how long the context of its callback lives. S4 is what makes that sound.
#![allow(unsafe_code)]

use std::any::Any;

use super::Context;
use super::frame::Frame;
use super::list::Frames;
use crate::base::clock;
use crate::base::counts::Counts;
use crate::base::in_place::{Sole, SpareArc};
use crate::base::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crate::base::sync::looking::Look;
use crate::base::sync::notes::{AtomicI32, AtomicU64};
use crate::engine::leaf::{self, Call, Leaf, Waiting};
use crate::scope::activity::{self, SpareActivity};
use crate::scope::cancel::SpareHandle;
use crate::scope::hooked::SpareHook;

/// Where one thread says what runs on it.
pub(crate) struct Slot {
    pub(super) leaf: Leaf,
    /// When the last thing began on the thread, if no time has passed since; else 0. The thread's own.
    pub(super) began: AtomicU64,
    /// What the running callback runs inside of (S4); NULL if none runs.
    pub(super) context: AtomicPtr<Context<'static>>,
    pub(crate) counts: Counts,

    /// Whether the thread is the library's.
    pub(crate) on_crew: bool,
    /// Whether the sentinel knows of it; changed by its thread only.
    pub(in crate::engine) is_watched: AtomicBool,
    pub(super) frames: Frames,
    /// Room for a handle of the thread that is in it.
    pub(super) spare_handle: SpareHandle,
    /// And for a hook.
    pub(super) spare_hook: SpareHook,
    /// And for an activity.
    spare_activity: SpareActivity,
    /// And for a fan-out of that thread.
    pub(in crate::engine) spare_fan_out: SpareArc,
    /// And a nursery of it that is over.
    spare_nursery: SpareArc,
    /// The kernel's number of the thread.
    pub(super) thread: AtomicI32,
}

/// What runs inside of all of a thread's frames.
pub(crate) struct Running {
    pub(crate) thread: i32,
    /// `None`: it is between callbacks, or waits for others to end.
    pub(crate) call: Option<Call>,
    pub(crate) waiting: Option<Waiting>,
}

impl Slot {
    pub(in crate::engine) fn new(on_crew: bool) -> Slot {
        Slot {
            on_crew,
            is_watched: AtomicBool::new(false),
            frames: Frames::new(),
            spare_handle: SpareHandle::new(),
            spare_hook: SpareHook::new(),
            spare_activity: SpareActivity::new(),
            spare_fan_out: SpareArc::none(),
            spare_nursery: SpareArc::none(),
            context: AtomicPtr::new(std::ptr::null_mut()),
            leaf: Leaf::new(),
            began: AtomicU64::new(0),
            counts: Counts::new(),
            thread: AtomicI32::new(0),
        }
    }

    /// What tells it from other slots.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The callback that runs on the slot's own thread, the calling one.
    pub(in crate::engine) fn call(&self) -> Option<Call> {
        Some(self.leaf.current()).filter(|call| *call != leaf::NONE)
    }

    /// The time, for what begins on the slot's own thread, the calling one: read once for all that begin
    /// at the same moment, a combinator, its only child and the callback.
    pub(super) fn now(&self) -> u64 {
        match self.began.load(Ordering::Relaxed) {
            0 => clock::rough(),
            began => began,
        }
    }

    /// Says that what begins next on the slot's own thread does not begin at the same moment.
    pub(crate) fn time_passed(&self) {
        self.began.store(0, Ordering::Relaxed);
    }

    /// What the callback that runs on the slot's own thread, the calling one, runs inside of.
    pub(super) fn current(&self) -> Option<&Context<'_>> {
        // SAFETY: `during` has set it, further down on this stack, to what outlives the callback (S4).
        unsafe { self.context.load(Ordering::Relaxed).as_ref() }
    }

    /// Pushes a frame on the slot's own thread, the calling one.
    #[inline(always)]
    pub(super) fn push(&self, frame: &Frame<'_>) {
        self.frames.push(frame, || ());
    }

    /// The same, with a frame that has what the thread's callback runs: it takes the callback along (L3).
    pub(super) fn push_run(&self, frame: &Frame<'_>) {
        self.frames.push(frame, || self.take_along(frame));
    }

    /// The same with the first frame in a slot that is the calling thread's or nobody's, unless it is somebody else's by now.
    pub(super) fn push_first(&self, frame: &Frame<'_>) -> bool {
        self.frames.push_first(frame, || self.take_along(frame))
    }

    /// Does something of the slot's own thread, the calling one, while nobody looks.
    pub(super) fn while_nobody_looks(&self, code: &mut dyn FnMut()) {
        self.frames.while_nobody_looks(code);
    }

    /// The nursery that was kept here, if it was such a one, on the slot's own thread, the calling one.
    pub(crate) fn take_nursery<T: Any + Send + Sync>(&self) -> Option<Sole<T>> {
        // SAFETY: while a thread is in it, the slot is that thread's (S1).
        unsafe { self.spare_nursery.take_sole() }
    }

    /// Keeps one that is over for the next one, on the slot's own thread, the calling one.
    pub(crate) fn keep_nursery<T: Any + Send + Sync>(&self, over: Sole<T>) {
        // SAFETY: as above.
        unsafe { self.spare_nursery.put_sole(over) };
    }

    /// Runs code as a part of one more activity, on the slot's own thread, the calling one.
    pub(in crate::engine) fn inside_activity<T>(
        &self,
        id: activity::Id,
        code: impl FnOnce() -> T,
    ) -> T {
        // SAFETY: while a thread is in it, the slot is that thread's (S1).
        unsafe { activity::inside_at(&self.spare_activity, id, code) }
    }

    fn take_along(&self, frame: &Frame<'_>) {
        frame.caller.set(self.leaf.take());
    }

    /// The kernel's number of the thread that was in it last.
    pub(in crate::engine) fn thread(&self) -> i32 {
        self.thread.load(Ordering::Relaxed)
    }

    /// Whether no thread of the program was in it a moment ago (S1).
    pub(in crate::engine) fn is_nobodys(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many callbacks run here: the innermost, and those that run something that has callbacks.
    pub(in crate::engine) fn callbacks(&self, look: &Look) -> usize {
        let mut callers = 0;
        let count = |frame: &Frame<'_>| callers += usize::from(frame.caller().is_some());
        let running = self.look(look, count);
        callers + usize::from(running.call.is_some())
    }

    /// Shows what is published here, or helped with, innermost first.
    pub(in crate::engine) fn each_published(&self, show: impl FnMut(&Frame<'_>)) {
        self.frames.each_published(show);
    }

    /// Shows everything that the slot's own thread, the calling one, is inside of, innermost first.
    pub(super) fn each_own(&self, show: impl FnMut(&Frame<'_>)) {
        self.frames.each_own(show);
    }

    /// Shows everything that the slot's thread is inside of, innermost first, and returns what it runs there.
    pub(crate) fn look(&self, look: &Look, show: impl FnMut(&Frame<'_>)) -> Running {
        let leaf = self.frames.look(look, show, || self.leaf.look());
        Running {
            thread: self.thread(),
            call: leaf.map(|(call, _)| call),
            waiting: leaf.and_then(|(_, waiting)| Waiting::of(waiting)),
        }
    }
}

/// A frame in its slot, which belongs to the calling thread; dropping it pops it.
pub(super) struct Pushed(pub(super) &'static Slot);

impl Drop for Pushed {
    fn drop(&mut self) {
        // The innermost frame is the one that was pushed: they are nested as the calls are.
        (self.0.frames).pop(|frame| self.0.leaf.put_back(frame.caller.get())); // L3
    }
}
