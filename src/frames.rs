//! Each thread's slot: what runs on it, inside of what.
//!
//! A thread pushes a frame for each thing that it is inside of. The frames lie on its own stack, each
//! knows the one around it, and the slot knows the innermost. The sentinel looks there for fan-outs with
//! unclaimed children.
//!
//! Invariants:
//! - **S1 one owner.** A slot with frames belongs to the thread that pushed them, and a slot of the crew
//!   to its thread for life. Any other that is empty is nobody's and may be taken by any thread of the
//!   program, so it needs no clean-up when that thread ends.
//! - **S2 in reach.** A slot is in `slots` from before its first frame until after its last.
//! - **S3 in place.** A frame is pushed and popped under its slot's lock. So whoever looks at it under
//!   that lock finds it, and what it refers to, in place.
//! - **S4 to itself.** What the running callback runs inside of is told to its own thread only.
//!
//! unsafe: a slot does not know how long its frames live, nor a thread the context of its callback. S3
//! and S4 are what makes that sound.
#![allow(unsafe_code)]

use std::cell::Cell;

use crate::backlog::Published;
use crate::cancel::Scope;
use crate::slots;
use crate::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crate::sync::{Arc, Mutex, per_thread};
use crate::task_run::TaskRun;

/// What a process runs inside of.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The calling thread's.
    pub(crate) slot: &'static Slot,
    pub(crate) scope: &'a Scope<'a>,
    /// The innermost task around it.
    pub(crate) task: Option<&'a Arc<TaskRun>>,
}

/// Where one thread says what runs on it.
pub(crate) struct Slot {
    /// Whether the thread is the library's.
    pub(crate) on_crew: bool,
    /// Whether the sentinel knows of it; changed by its thread only.
    pub(crate) is_watched: AtomicBool,
    innermost: Mutex<Link>,
    /// What the running callback runs inside of (S4); NULL if none runs.
    context: AtomicPtr<Context<'static>>,
}

/// One thing that a thread is inside of.
pub(crate) struct Frame<'a> {
    what: What<'a>,
    around: Cell<Link>,
}

pub(crate) enum What<'a> {
    /// A process that somebody runs, or others' work that this thread helps with.
    Entry,
    /// Work that this thread has published.
    FanOut(&'a dyn Published),
}

/// The innermost frame; NULL: there is none.
#[derive(Clone, Copy)]
struct Link(*const Frame<'static>);

// SAFETY: frames are looked at under the slot's lock only (S3), and refer to what threads may share.
unsafe impl Send for Link {}

per_thread!(MINE: Mine = Mine::new((None, 0)));

/// The slot last used by this thread, and how many entries it has in it. It is the thread's own only while
/// that number is not 0, or if it is the crew's (S1). There is nothing to drop here: a destructor on a
/// thread of the program might run after the library's last use.
type Mine = Cell<(Option<&'static Slot>, usize)>;

/// Runs code that runs processes on the calling thread.
pub(crate) fn enter<T>(code: impl FnOnce(&'static Slot) -> T) -> T {
    let frame = Frame::of(What::Entry);
    MINE.with(|mine| {
        let (known, entries) = mine.get();
        let slot = match known {
            Some(slot) if slot.push(&frame, entries > 0) => slot,
            _ => slots::take(|slot| slot.push(&frame, false)),
        };
        mine.set((Some(slot), entries + 1));
        let _entered = Entered(Pushed(slot), mine, entries);
        code(slot)
    })
}

/// The entry of a thread; dropping it takes it back.
struct Entered<'a>(Pushed, &'a Mine, usize);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.1.set((Some(self.0.0), self.2));
    }
}

/// Says whose slot the calling thread's is, for life; `None`: it has none of its own.
pub(crate) fn adopt(slot: Option<&'static Slot>) {
    MINE.with(|mine| mine.set((slot, 0)));
}

/// What the innermost callback on the calling thread runs inside of.
pub(crate) fn with_current<T>(look: impl FnOnce(Option<&Context<'_>>) -> T) -> T {
    let (slot, entries) = MINE.with(Mine::get);
    look(slot.filter(|_| entries > 0).and_then(Slot::current))
}

impl<'a> Context<'a> {
    /// Runs a callback that runs inside of this.
    pub(crate) fn during<T>(&self, callback: impl FnOnce() -> T) -> T {
        let here = std::ptr::from_ref(self).cast_mut().cast();
        let outer = self.slot.context.load(Ordering::Relaxed);
        self.slot.context.store(here, Ordering::Relaxed);
        // Nothing unwinds past this (`escape`).
        let value = callback();
        self.slot.context.store(outer, Ordering::Relaxed);
        value
    }
}

impl<'a> Frame<'a> {
    fn of(what: What<'a>) -> Frame<'a> {
        let around = Cell::new(Link(std::ptr::null()));
        Frame { what, around }
    }
}

impl Slot {
    pub(crate) fn new(on_crew: bool) -> Slot {
        Slot {
            on_crew,
            is_watched: AtomicBool::new(false),
            innermost: Mutex::new(Link(std::ptr::null())),
            context: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// What the callback that runs on the slot's own thread, the calling one, runs inside of.
    fn current(&self) -> Option<&Context<'_>> {
        // SAFETY: `during` has set it, further down on this stack, to what outlives the callback (S4).
        unsafe { self.context.load(Ordering::Relaxed).as_ref() }
    }

    /// Runs code of the slot's own thread inside of this.
    pub(crate) fn inside<T>(&'static self, what: What<'_>, code: impl FnOnce() -> T) -> T {
        let frame = Frame::of(what);
        self.push(&frame, true);
        let _pushed = Pushed(self);
        code()
    }

    /// Pushes a frame if the slot is the caller's or nobody's.
    fn push(&self, frame: &Frame<'_>, is_mine: bool) -> bool {
        let mut innermost = self.innermost.lock();
        let is_mine = is_mine || self.on_crew || innermost.0.is_null();
        if is_mine {
            frame.around.set(*innermost);
            *innermost = Link(std::ptr::from_ref(frame).cast());
        }
        is_mine
    }

    /// Shows everything that this thread is inside of, innermost first.
    pub(crate) fn each(&self, mut show: impl FnMut(&What<'_>)) {
        let innermost = self.innermost.lock();
        let mut link = *innermost;
        // SAFETY: a frame that is in the list is in place until it is popped, under this lock (S3).
        while let Some(frame) = unsafe { link.0.as_ref() } {
            show(&frame.what);
            link = frame.around.get();
        }
    }
}

/// A frame in its slot, which belongs to the calling thread; dropping it pops it.
struct Pushed(&'static Slot);

impl Drop for Pushed {
    fn drop(&mut self) {
        let mut innermost = self.0.innermost.lock();
        // SAFETY: as in `each`. The innermost frame is the one that was pushed: they are nested as
        // the calls are.
        if let Some(frame) = unsafe { innermost.0.as_ref() } {
            *innermost = frame.around.get();
        }
    }
}
