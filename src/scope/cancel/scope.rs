//! The handle that a process runs in, as the engine hands it down.
//!
//! Invariant:
//! - **C16 made by one.** Only the thread that a scope is of makes the handle. Others see it once it is there.
//!
//! unsafe: what one thread writes, others read. C16 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;

use super::inherited::{Entry, Inherited};
use super::{Cancel, Deadline};
use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::scope::task_run::TaskRun;

/// The handle that a process runs in. If nobody gave one, it is made when somebody first asks: a
/// group has a handle of its own, and below one that nobody knows it may as well have none above.
pub(crate) struct Scope<'a> {
    given: Option<&'a Cancel>,
    /// The scope of which this is a task's view (C7).
    above: Option<&'a Scope<'a>>,
    task: Option<&'a Common<TaskRun>>,
    made: Made,
}

impl<'a> Scope<'a> {
    /// The scope of a handle, or of none that anybody knows, which is then in that task.
    pub(crate) fn of(given: Option<&'a Cancel>, task: Option<&'a Common<TaskRun>>) -> Scope<'a> {
        Scope {
            given,
            above: None,
            task,
            made: Made::new(),
        }
    }

    /// This scope as a task inside of it sees it (C7).
    pub(crate) fn view(&'a self, task: &'a Common<TaskRun>) -> Scope<'a> {
        Scope {
            given: None,
            above: Some(self),
            task: Some(task),
            made: Made::new(),
        }
    }

    pub(crate) fn handle(&self) -> &Cancel {
        match self.given {
            Some(given) => given,
            None => self.made.get_or_make(|| self.make()),
        }
    }

    #[cold]
    fn make(&self) -> Cancel {
        let task = self.task.cloned();
        match self.above {
            Some(above) => above.nearest().handle().below(task, true),
            None => Cancel::root(task),
        }
    }

    /// A handle below this scope, in its task.
    pub(crate) fn child(&self) -> Cancel {
        let task = self.task.cloned();
        match self.existing() {
            Some(above) => above.below(task, false),
            None => Cancel::root(task),
        }
    }

    /// The same, with one thing more that it hands down.
    pub(crate) fn child_with(&self, entry: Entry) -> Cancel {
        let task = self.task.cloned();
        match self.existing() {
            Some(above) => above.below_with(task, entry),
            None => Cancel::root_with(task, entry),
        }
    }

    /// A handle below this scope, in its task, with a deadline.
    pub(crate) fn child_until(&self, deadline: Deadline) -> Cancel {
        let task = self.task.cloned();
        match self.existing() {
            Some(above) => above.until(task, deadline),
            None => Cancel::root_until(task, deadline),
        }
    }

    /// A handle of this scope's that is apart (C9).
    pub(crate) fn apart(&self) -> Cancel {
        let task = self.task.cloned();
        match self.existing() {
            Some(around) => Cancel::alone(task, around.main, around.values()),
            None => Cancel::root(task),
        }
    }

    /// The same, which knows what is around it: what that will soon be told, this drains for.
    pub(crate) fn shielded(&self) -> Cancel {
        let task = self.task.cloned();
        match self.existing() {
            Some(around) => {
                let shield = Entry::Shield(around.clone());
                let inherited = Inherited::new(shield, around.inherited.clone());
                Cancel::alone(task, around.main, Some(inherited))
            }
            None => Cancel::root(task),
        }
    }

    /// The nearest scope that has a handle already, or else the outermost: a view need not have one for
    /// there to be handles below it.
    fn nearest(&self) -> &Scope<'a> {
        let mut scope = self;
        while let (None, Some(above)) = (scope.known(), scope.above) {
            scope = above;
        }
        scope
    }

    /// The handle that says whether this scope is cancelled, if there is one yet.
    pub(crate) fn existing(&self) -> Option<&Cancel> {
        self.nearest().known()
    }

    /// Whether it is cancelled. No handle is made to tell that.
    pub(crate) fn cancelled(&self) -> bool {
        self.existing().is_some_and(|handle| handle.cancelled())
    }

    /// Whether it has the handle of the scope around it, unless it has one of its own (C7).
    pub(crate) fn is_view(&self) -> bool {
        self.above.is_some()
    }

    /// See `Node::causes`.
    pub(crate) fn causes(&self) -> Vec<Error> {
        self.existing()
            .map_or_else(Vec::new, |handle| handle.causes())
    }

    /// Its own handle, if it has one yet.
    pub(crate) fn known(&self) -> Option<&Cancel> {
        self.given.or_else(|| self.made.get())
    }
}

/// A handle that is made later, or never.
struct Made {
    is_there: AtomicBool,
    handle: UnsafeCell<Option<Cancel>>,
}

impl Made {
    fn new() -> Made {
        Made {
            is_there: AtomicBool::new(false),
            handle: UnsafeCell::new(None),
        }
    }

    #[inline(always)]
    fn get(&self) -> Option<&Cancel> {
        let is_there = self.is_there.load(Ordering::Acquire);
        // SAFETY: from then on nobody writes it (C16).
        is_there.then(|| unsafe { (*self.handle.get()).as_ref() })?
    }

    /// On the thread that the scope is of.
    #[inline(always)]
    fn get_or_make(&self, make: impl FnOnce() -> Cancel) -> &Cancel {
        if !self.is_there.load(Ordering::Relaxed) {
            let made = make();
            // SAFETY: nobody reads it yet, and nobody else writes it (C16).
            unsafe { *self.handle.get() = Some(made) };
            self.is_there.store(true, Ordering::Release);
        }
        // SAFETY: as above.
        unsafe { (*self.handle.get()).as_ref().unwrap_unchecked() }
    }
}
