//! Each thread's slot: what runs on it, inside of what.
//!
//! A thread pushes a frame for each thing that it is inside of. The frames lie on its own stack, each
//! knows the one around it, and the slot knows the innermost. The sentinel looks there for fan-outs with
//! unclaimed children, and the dump for everything. A callback has no frame, which would cost more than
//! it: `leaf` says what runs innermost.
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
use std::ffi::CStr;

use crate::backlog::{Backlog, Published};
use crate::cancel::Scope;
use crate::counts::{Counted, Counts};
use crate::leaf::{self, Call, Leaf};
use crate::readiness::Tree;
use crate::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crate::sync::notes::{AtomicI32, AtomicU8, AtomicU64};
use crate::sync::{Arc, Mutex, per_thread};
use crate::task_run::TaskRun;
use crate::{clock, slots};

impl Waiting {
    const ALL: [Waiting; 5] = [
        Waiting::Wait,
        Waiting::Poll,
        Waiting::HookRemove,
        Waiting::JobWait,
        Waiting::JobJoin,
    ];

    /// The function of the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Waiting::Wait => "proc_wait",
            Waiting::Poll => "proc_poll",
            Waiting::HookRemove => "proc_hook_remove",
            Waiting::JobWait => "proc_job_wait",
            Waiting::JobJoin => "proc_job_join",
        }
    }

    fn of(number: u8) -> Option<Waiting> {
        Waiting::ALL.into_iter().find(|call| *call as u8 == number)
    }
}

/// What a process runs inside of.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The calling thread's.
    pub(crate) slot: &'static Slot,
    pub(crate) scope: &'a Scope<'a>,
    /// The innermost task around it.
    pub(crate) task: Option<&'a Arc<TaskRun>>,
    /// What the whole is that it is a part of.
    pub(crate) part_of: PartOf,
}

/// Which wholes something is a part of, at any depth.
#[derive(Clone, Copy)]
pub(crate) struct PartOf {
    pub(crate) job: JobId,
    /// The tree whose services are expected.
    pub(crate) tree: Tree,
}

/// Which job something is a part of; 0: none.
pub(crate) type JobId = u64;

/// Where one thread says what runs on it.
pub(crate) struct Slot {
    leaf: Leaf,
    /// When the last thing began on the thread, if no time has passed since; else 0. The thread's own.
    began: AtomicU64,
    /// What the running callback runs inside of (S4); NULL if none runs.
    context: AtomicPtr<Context<'static>>,
    pub(crate) counts: Counts,

    /// Whether the thread is the library's.
    pub(crate) on_crew: bool,
    /// Whether the sentinel knows of it; changed by its thread only.
    pub(crate) is_watched: AtomicBool,
    innermost: Mutex<Link>,
    /// The kernel's number of the thread.
    thread: AtomicI32,
    /// In which waiting call of the library the thread is, as `Waiting` has it; 0: in none.
    waiting: AtomicU8,
}

/// The calls of the library in which a callback may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Waiting {
    Wait = 1,
    Poll,
    HookRemove,
    JobWait,
    JobJoin,
}

/// One thing that a thread is inside of.
pub(crate) struct Frame<'a> {
    pub(crate) what: What<'a>,
    pub(crate) scope: &'a Scope<'a>,
    /// The innermost task around it.
    pub(crate) task: Option<&'a Arc<TaskRun>>,
    /// As `clock::rough` tells it.
    pub(crate) since: u64,
    /// The callback that the thread ran when it came here, if it is one that runs something.
    pub(crate) caller: Call,
    around: Cell<Link>,
}

#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    /// A run that somebody asked for, by that function of the API.
    Run(&'static str),
    /// Help with the children of what another thread runs.
    Help(&'a dyn Backlog),
    /// One child or several of a combinator of that name; what is published of them, if anything is.
    Children(&'static str, Option<&'a dyn Published>),
    Sequence,
    Task(&'a CStr),
    Region(&'a CStr),
    /// What runs a child at each arrival of that signal.
    OnSignal(i32),
}

/// What runs inside of all of a thread's frames.
pub(crate) struct Running {
    pub(crate) thread: i32,
    /// `None`: it is between callbacks, or waits for others to end.
    pub(crate) call: Option<Call>,
    pub(crate) waiting: Option<Waiting>,
}

/// The innermost frame; NULL: there is none.
#[derive(Clone, Copy)]
struct Link(*const Frame<'static>);

// SAFETY: frames are looked at under the slot's lock only (S3), and refer to what threads may share.
unsafe impl Send for Link {}

impl Link {
    /// Shows this frame and those around it; to be called under the slot's lock.
    fn each(self, mut show: impl FnMut(&Frame<'_>)) {
        let mut link = self;
        // SAFETY: a frame that is in the list is in place until it is popped, under that lock (S3).
        while let Some(frame) = unsafe { link.0.as_ref() } {
            show(frame);
            link = frame.around.get();
        }
    }
}

per_thread!(MINE: Mine = Mine::new());

/// What a thread knows of its slot. There is nothing to drop here: a destructor on a thread of the
/// program might run after the library's last use.
struct Mine {
    /// The one last used. It is the thread's own only while the thread is in it, or if it is the crew's (S1).
    slot: Cell<Option<&'static Slot>>,
    /// How many times the thread is in it.
    entries: Cell<usize>,
    /// The kernel's number of the thread; 0: not asked for yet.
    thread: Cell<i32>,
}

/// Runs code that runs processes on the calling thread.
pub(crate) fn enter<T>(
    what: What<'_>,
    scope: &Scope<'_>,
    task: Option<&Arc<TaskRun>>,
    part_of: PartOf,
    code: impl FnOnce(Context<'_>) -> T,
) -> T {
    MINE.with(|mine| {
        let since = clock::rough();
        let mut frame = Frame::of(what, scope, task, since);
        frame.caller = mine.own().map_or(leaf::NONE, |slot| slot.leaf.take());
        let slot = mine.push(&frame);
        slot.began.store(since, Ordering::Relaxed);
        let _entered = Entered {
            mine,
            pushed: Pushed(slot),
            caller: frame.caller,
        };
        code(Context {
            slot,
            scope,
            task,
            part_of,
        })
    })
}

/// The entry of a thread; dropping it takes it back.
struct Entered<'a> {
    mine: &'a Mine,
    pushed: Pushed,
    caller: Call,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.pushed.0.leaf.put_back(self.caller);
        self.pushed.0.time_passed();
        self.mine.entries.set(self.mine.entries.get() - 1);
    }
}

/// Gives the calling thread, which is the library's, its slot for life.
pub(crate) fn adopt(slot: &'static Slot) {
    MINE.with(|mine| mine.claim(slot));
}

/// Takes its slot away from the calling thread, which ends, or is alone in a child of `fork`.
pub(crate) fn disown() {
    MINE.with(|mine| {
        mine.slot.set(None);
        mine.entries.set(0);
        mine.thread.set(0);
    });
}

/// What the innermost callback on the calling thread runs inside of.
pub(crate) fn with_current<T>(look: impl FnOnce(Option<&Context<'_>>) -> T) -> T {
    look(MINE.with(Mine::own).and_then(Slot::current))
}

/// Says that the calling thread waits, if it is in a callback.
pub(crate) fn while_waiting<T>(call: Waiting, wait: impl FnOnce() -> T) -> T {
    let Some(slot) = MINE.with(Mine::own) else {
        return wait();
    };
    let before = slot.waiting.load(Ordering::Relaxed);
    slot.waiting.store(call as u8, Ordering::Relaxed);
    let value = wait();
    slot.waiting.store(before, Ordering::Relaxed);
    value
}

impl Mine {
    const fn new() -> Mine {
        Mine {
            slot: Cell::new(None),
            entries: Cell::new(0),
            thread: Cell::new(0),
        }
    }

    /// The slot that the thread is in.
    fn own(&self) -> Option<&'static Slot> {
        self.slot.get().filter(|_| self.entries.get() > 0)
    }

    /// Pushes a frame in the thread's slot, or in one that it takes.
    fn push(&self, frame: &Frame<'_>) -> &'static Slot {
        let entries = self.entries.get();
        self.entries.set(entries + 1);
        match self.slot.get() {
            Some(slot) if slot.push(frame, entries > 0) => {
                if entries == 0 {
                    slot.thread.store(self.thread.get(), Ordering::Relaxed);
                }
                slot
            }
            _ => {
                let slot = slots::take(|slot| slot.push(frame, false));
                self.claim(slot);
                slot
            }
        }
    }

    fn claim(&self, slot: &'static Slot) {
        if self.thread.get() == 0 {
            // SAFETY: the call takes nothing.
            self.thread.set(unsafe { libc::gettid() });
        }
        slot.thread.store(self.thread.get(), Ordering::Relaxed);
        self.slot.set(Some(slot));
    }
}

impl Context<'_> {
    /// Runs code inside of this and of one thing more.
    pub(crate) fn inside<T>(&self, what: What<'_>, code: impl FnOnce() -> T) -> T {
        let frame = Frame::of(what, self.scope, self.task, self.slot.now());
        self.slot.push(&frame, true);
        let _pushed = Pushed(self.slot);
        code()
    }

    /// Runs a callback, whose code is at that address, inside of this.
    pub(crate) fn during<T>(&self, function: usize, callback: impl FnOnce() -> T) -> T {
        let here = std::ptr::from_ref(self).cast_mut().cast();
        let outer = self.slot.context.load(Ordering::Relaxed);
        self.slot.context.store(here, Ordering::Relaxed);
        self.slot.counts.count(Counted::Callbacks);
        // Nothing unwinds past this (`escape`).
        let value = self.slot.leaf.during(function, self.slot.now(), callback);
        self.slot.time_passed();
        self.slot.context.store(outer, Ordering::Relaxed);
        value
    }
}

impl<'a> Frame<'a> {
    fn of(
        what: What<'a>,
        scope: &'a Scope<'a>,
        task: Option<&'a Arc<TaskRun>>,
        since: u64,
    ) -> Frame<'a> {
        Frame {
            what,
            scope,
            task,
            since,
            caller: leaf::NONE,
            around: Cell::new(Link(std::ptr::null())),
        }
    }
}

impl Slot {
    pub(crate) fn new(on_crew: bool) -> Slot {
        Slot {
            on_crew,
            is_watched: AtomicBool::new(false),
            innermost: Mutex::new(Link(std::ptr::null())),
            context: AtomicPtr::new(std::ptr::null_mut()),
            leaf: Leaf::new(),
            began: AtomicU64::new(0),
            counts: Counts::new(),
            thread: AtomicI32::new(0),
            waiting: AtomicU8::new(0),
        }
    }

    /// The time, for what begins on the slot's own thread, the calling one: read once for all that begin
    /// at the same moment, a combinator, its only child and the callback.
    fn now(&self) -> u64 {
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
    fn current(&self) -> Option<&Context<'_>> {
        // SAFETY: `during` has set it, further down on this stack, to what outlives the callback (S4).
        unsafe { self.context.load(Ordering::Relaxed).as_ref() }
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

    /// How many callbacks run here: the innermost, and those that run something that has callbacks.
    pub(crate) fn callbacks(&self) -> usize {
        let mut callers = 0;
        let running = self.look(|frame| callers += usize::from(frame.caller != leaf::NONE));
        callers + usize::from(running.call.is_some())
    }

    /// Shows everything that the slot's thread is inside of, innermost first.
    pub(crate) fn each(&self, show: impl FnMut(&Frame<'_>)) {
        self.innermost.lock().each(show);
    }

    /// The same, and returns what it runs there.
    pub(crate) fn look(&self, show: impl FnMut(&Frame<'_>)) -> Running {
        let innermost = self.innermost.lock();
        innermost.each(show);
        Running {
            thread: self.thread.load(Ordering::Relaxed),
            call: self.leaf.look(),
            waiting: Waiting::of(self.waiting.load(Ordering::Relaxed)),
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

#[cfg(all(test, loom))]
#[path = "models/frames.rs"]
mod models;
