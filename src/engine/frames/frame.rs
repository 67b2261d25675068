//! One thing that a thread is inside of, and what links those of a thread.
//!
//! unsafe: threads look at what is linked by addresses. S3 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::CStr;

use crate::base::clock::{self, Duration, Instant};
use crate::base::common::Common;
use crate::base::sync::Arc;
use crate::base::sync::notes::{AtomicU8, AtomicU64, Ordering};
use crate::engine::backlog::{Backlog, Published};
use crate::engine::leaf::{self, Call};
use crate::engine::start_site::{JobSite, StartSite};
use crate::scope::cancel::Scope;
use crate::scope::task_run::TaskRun;

/// One thing that a thread is inside of.
pub(crate) struct Frame<'a> {
    pub(crate) what: What<'a>,
    pub(crate) scope: &'a Scope<'a>,
    /// The innermost task around it.
    pub(crate) task: Option<&'a Common<TaskRun>>,
    /// As `clock::rough` tells it.
    pub(crate) since: u64,
    /// The callback that the thread ran when it came here, if it is one that runs something (L3).
    pub(super) caller: Cell<Call>,
    pub(super) around: Cell<Link>,
    /// If something is published in it, or helped with: the next such one around it. Else `Link::NOT_PUBLISHED`.
    pub(super) published_around: Cell<Link>,
}

#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    /// A run that somebody asked for, by that function of the API.
    Run(&'static str),
    /// A job, which was started there.
    Job(&'a JobSite),
    /// Help with the children of what another thread runs.
    Help(&'a dyn Backlog),
    /// One child or several of a combinator of that name; what is published of them, if anything is.
    Children(&'static str, Option<&'a dyn Published>),
    Sequence,
    /// What is to be cleaned up after, or (true) what cleans up.
    Finally(bool),
    /// The run of the innermost task around it, which is in the frame.
    Task,
    Region(&'a Arc<CStr>),
    /// What a cancellation from above reaches later.
    Shield,
    /// What is cancelled when its time is up.
    Timeout,
    /// What runs a child at times; what the monotonic clock shows when it goes on, if it waits for that, else 0.
    Every(&'a AtomicU64),
    /// It waits until then; `None`: for ever.
    Delay(Option<Instant>),
    /// It waits for a promise.
    Await,
    /// It has a turn in a queue, or runs in place what it would have there.
    Queue,
    /// A turn in a queue, of what has begun there.
    Turn(&'a StartSite),
    /// It runs the program of that name. What the monotonic clock shows when its group is killed, if that is being stopped, else 0;
    /// `u64::MAX`: it is never killed.
    Program(&'a Arc<CStr>, &'a AtomicU64),
    /// What runs a child at each arrival of that signal.
    OnSignal(i32),
    /// What runs a child again when it fails.
    Supervise(&'a Supervision),
    /// The child of a stack that has this number.
    Layer(usize, &'a Stage),
}

/// What a supervisor says of itself to who looks.
#[derive(Default)]
pub(crate) struct Supervision {
    restarts: AtomicU64,
    /// Until when it waits before it runs its child again, by the monotonic clock in nanoseconds; 0: it does not wait;
    /// `u64::MAX`: for ever.
    waits_until: AtomicU64,
}

impl Supervision {
    /// Waits for so long before the child is run again.
    pub(crate) fn while_it_waits<T>(&self, time: Duration, wait: impl FnOnce() -> T) -> T {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let until = clock::exact().saturating_add(time);
        self.waits_until.store(until, Ordering::Relaxed);
        let value = wait();
        self.waits_until.store(0, Ordering::Relaxed);
        value
    }

    pub(crate) fn note_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Until when it waits, as the monotonic clock will show that, if it does; `u64::MAX`: for ever.
    pub(crate) fn waits_until(&self) -> Option<u64> {
        let until = self.waits_until.load(Ordering::Relaxed);
        (until != 0).then_some(until)
    }
}

/// How far a layer of a stack is.
#[derive(Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const UP: u8 = 1;
    const STOPPING: u8 = 2;

    pub(crate) fn note_up(&self) {
        let _ = self.change(0, Stage::UP);
    }

    pub(crate) fn note_stopping(&self) {
        self.0.store(Stage::STOPPING, Ordering::Relaxed);
    }

    fn change(&self, from: u8, to: u8) -> Result<u8, u8> {
        (self.0).compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.0.load(Ordering::Relaxed) {
            Stage::UP => "up",
            Stage::STOPPING => "stopping",
            _ => "starting",
        }
    }
}

impl<'a> What<'a> {
    /// What is published there, or helped with.
    #[inline(always)]
    pub(in crate::engine) fn backlog(&self) -> Option<&'a dyn Backlog> {
        match self {
            What::Help(work) => Some(*work),
            What::Children(_, Some(work)) => Some(work.backlog()),
            _ => None,
        }
    }
}

/// A frame; NULL: none.
#[derive(Clone, Copy)]
pub(super) struct Link(pub(super) *const Frame<'static>);

// SAFETY: frames are looked at as S3 has it only, and refer to what threads may share.
unsafe impl Send for Link {}

impl Link {
    pub(super) const NONE: Link = Link(std::ptr::null());
    /// No frame is there.
    pub(super) const NOT_PUBLISHED: Link = Link(std::ptr::dangling());
}

impl<'a> Frame<'a> {
    #[inline(always)]
    pub(super) fn of(
        what: What<'a>,
        scope: &'a Scope<'a>,
        task: Option<&'a Common<TaskRun>>,
        since: u64,
    ) -> Frame<'a> {
        Frame {
            what,
            scope,
            task,
            since,
            caller: Cell::new(leaf::NONE),
            around: Cell::new(Link::NONE),
            published_around: Cell::new(match what.backlog() {
                Some(_) => Link::NONE,
                None => Link::NOT_PUBLISHED,
            }),
        }
    }
}

impl Frame<'_> {
    /// Whether something is published in it, or helped with.
    #[inline(always)]
    pub(super) fn publishes(&self) -> bool {
        self.published_around.get().0 != Link::NOT_PUBLISHED.0
    }

    /// The callback that runs what is in this frame, if one does.
    pub(crate) fn caller(&self) -> Option<Call> {
        Some(self.caller.get()).filter(|caller| *caller != leaf::NONE)
    }
}
