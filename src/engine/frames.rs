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
//! - **S3 in place.** A frame is pushed and popped while nobody looks, as `list` has it (S6, S7). So whoever looks at it
//!   finds it, and what it refers to, in place.
//! - **S4 to itself.** What the running callback runs inside of is told to its own thread only.
//!
//! The rooms, in reading order:
//!
//! - `mine`: what a thread knows of its slot.
//! - `slot`: where it says what runs on it.
//! - `list`: the list of what it is inside of.
//! - `frame`: one thing that it is inside of.

mod frame;
mod list;
mod mine;
mod slot;

use crate::base::clock;
use crate::base::common::Common;
use crate::base::counts::Counted;
use crate::base::sync::atomic::Ordering;
use crate::engine::leaf::Call;
use crate::engine::start_site::{By, JobSite, StartSite};
use crate::scope::cancel::{Cancel, Scope};
use crate::scope::task_run::{TaskRun, Tree};
use mine::{MINE, Mine};
use slot::Pushed;

pub(crate) use frame::{Frame, Stage, Supervision, What};
pub(super) use mine::{adopt, disown, own_slot};
pub(crate) use mine::{
    note_spawned, spare_hook, take_added, this_thread, time_passed, waits_in, while_waiting,
};
pub(crate) use slot::{Running, Slot};

/// What a process runs inside of.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The calling thread's.
    pub(crate) slot: &'static Slot,
    pub(crate) scope: &'a Scope<'a>,
    /// The innermost task around it.
    pub(crate) task: Option<&'a Common<TaskRun>>,
    /// The tree whose services are expected that it is a part of.
    pub(crate) tree: Tree,
}

/// Runs code that runs processes on the calling thread.
pub(crate) fn enter<T>(
    what: What<'_>,
    scope: &Scope<'_>,
    task: Option<&Common<TaskRun>>,
    tree: Tree,
    code: impl FnOnce(Context<'_>) -> T,
) -> T {
    MINE.with(|mine| {
        let since = clock::rough_and_checked();
        let frame = Frame::of(what, scope, task, since);
        let slot = mine.push(&frame);
        slot.began.store(since, Ordering::Relaxed);
        scope.enter(&slot.spare_handle);
        let _entered = Entered {
            mine,
            scope,
            pushed: Pushed(slot),
        };
        code(Context {
            slot,
            scope,
            task,
            tree,
        })
    })
}

/// The entry of a thread; dropping it takes it back.
struct Entered<'a> {
    mine: &'a Mine,
    scope: &'a Scope<'a>,
    pushed: Pushed,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let slot = self.pushed.0;
        slot.time_passed();
        self.mine.entries.set(self.mine.entries.get() - 1);
        // Before the frame is popped, by which the slot may be nobody's (C18).
        self.scope.leave(|take| slot.while_nobody_looks(take));
    }
}

/// What the innermost callback on the calling thread runs inside of.
pub(crate) fn with_current<T>(look: impl FnOnce(Option<&Context<'_>>) -> T) -> T {
    look(MINE.with(Mine::own).and_then(Slot::current))
}

/// What is started on the calling thread at this moment, under that handle.
pub(crate) fn start_site(under: &Cancel) -> StartSite {
    StartSite {
        under: Some(under.downgrade()),
        by: with_current(|asking| asking?.by()),
    }
}

/// The same of a job, to which the program gives a handle or not.
pub(crate) fn job_site(is_given: bool) -> JobSite {
    let by = with_current(|asking| asking?.by());
    JobSite { is_given, by }
}

impl Context<'_> {
    /// Runs code inside of this and of one thing more.
    pub(crate) fn inside<T>(&self, what: What<'_>, code: impl FnOnce() -> T) -> T {
        let frame = Frame::of(what, self.scope, self.task, self.slot.now());
        self.slot.push(&frame);
        let _pushed = Pushed(self.slot);
        code()
    }

    /// Runs code inside of this and under that handle.
    #[inline(always)]
    pub(crate) fn under<T>(&self, handle: &Cancel, code: impl FnOnce(&Context<'_>) -> T) -> T {
        let scope = self.scope.within(handle, self.task);
        code(&Context {
            scope: &scope,
            ..*self
        })
    }

    /// Whether the calling thread is inside of a run by that function of the API, and of nothing further in but what is
    /// such as that.
    pub(crate) fn is_within_run(
        &self,
        function: &str,
        is_such: impl Fn(&What<'_>) -> bool,
    ) -> bool {
        let mut answer = None;
        self.slot.each_own(|frame| match frame.what {
            What::Run(run) => _ = answer.get_or_insert(run == function),
            ref what if !is_such(what) => _ = answer.get_or_insert(false),
            _ => (),
        });
        answer.unwrap_or(false)
    }

    /// The callback that runs inside of this on the calling thread.
    pub(crate) fn by(&self) -> Option<By> {
        Some(By {
            callback: (self.slot.address(), self.slot.call()?),
            handle: self.scope.handle().downgrade(),
        })
    }

    /// Runs a callback, whose code is at that address, inside of this.
    pub(crate) fn during<T>(&self, function: usize, callback: impl FnOnce() -> T) -> T {
        let here = std::ptr::from_ref(self).cast_mut().cast();
        let outer = self.slot.context.load(Ordering::Relaxed);
        self.slot.context.store(here, Ordering::Relaxed);
        let call = Call {
            function,
            since: self.slot.now(),
            number: self.slot.counts.count(Counted::Callbacks),
        };
        // Nothing unwinds past this (`guard`).
        let value = self.slot.leaf.during(call, callback);
        self.slot.time_passed();
        self.slot.context.store(outer, Ordering::Relaxed);
        value
    }
}

#[cfg(all(test, loom))]
#[path = "models/frames.rs"]
mod models;
