//! Where a thread says what runs on it.
//!
//! unsafe: a slot does not know how long its frames live, nor the context of its callback. S3 and S4 are what makes
//! that sound.
#![allow(unsafe_code)]

use super::Context;
use super::frame::{Frame, Link};
use crate::base::clock;
use crate::base::counts::Counts;
use crate::base::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crate::base::sync::notes::{AtomicI32, AtomicU64};
use crate::base::sync::spin_lock::BriefLock;
use crate::engine::leaf::{self, Call, Leaf, Waiting};

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
    pub(super) innermost: BriefLock<Link>,
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
            innermost: BriefLock::new(Link(std::ptr::null())),
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

    /// Pushes a frame if the slot is the caller's or nobody's.
    pub(super) fn push(&self, frame: &Frame<'_>, is_mine: bool) -> bool {
        self.push_and(frame, is_mine, || ())
    }

    /// The same, with a frame that has what the thread's callback runs: it takes the callback along (L3).
    pub(super) fn push_run(&self, frame: &Frame<'_>, is_mine: bool) -> bool {
        self.push_and(frame, is_mine, || frame.caller.set(self.leaf.take()))
    }

    #[inline(always)]
    fn push_and(&self, frame: &Frame<'_>, is_mine: bool, then: impl FnOnce()) -> bool {
        let mut innermost = self.innermost.lock();
        let is_mine = is_mine || self.on_crew || innermost.0.is_null();
        if is_mine {
            then();
            frame.around.set(*innermost);
            *innermost = Link(std::ptr::from_ref(frame).cast());
        }
        is_mine
    }

    /// The kernel's number of the thread that was in it last.
    pub(in crate::engine) fn thread(&self) -> i32 {
        self.thread.load(Ordering::Relaxed)
    }

    /// Whether no thread of the program is in it (S1).
    pub(in crate::engine) fn is_nobodys(&self) -> bool {
        self.innermost.lock().0.is_null()
    }

    /// How many callbacks run here: the innermost, and those that run something that has callbacks.
    pub(in crate::engine) fn callbacks(&self) -> usize {
        let mut callers = 0;
        let running = self.look(|frame| callers += usize::from(frame.caller().is_some()));
        callers + usize::from(running.call.is_some())
    }

    /// Shows everything that the slot's thread is inside of, innermost first.
    pub(in crate::engine) fn each(&self, show: impl FnMut(&Frame<'_>)) {
        self.innermost.lock().each(show);
    }

    /// The same, and returns what it runs there.
    pub(crate) fn look(&self, show: impl FnMut(&Frame<'_>)) -> Running {
        let innermost = self.innermost.lock();
        innermost.each(show);
        let leaf = self.leaf.look();
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
        let mut innermost = self.0.innermost.lock();
        // SAFETY: as in `each`. The innermost frame is the one that was pushed: they are nested as
        // the calls are.
        if let Some(frame) = unsafe { innermost.0.as_ref() } {
            self.0.leaf.put_back(frame.caller.get()); // L3
            *innermost = frame.around.get();
        }
    }
}
