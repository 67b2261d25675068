//! The handle that a process runs in, as the engine hands it down.
//!
//! Invariant:
//! - **C16 made by one.** Only the thread that a scope is of makes the handle. Others see it once it is there.
//!
//! unsafe: it is made without a lock. C16 is what makes that sound.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;

use super::inherited::{Entry, Inherited};
use super::{Cancel, Deadline, Own, SpareHandle};
use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::written::Written;
use crate::scope::task_run::TaskRun;

/// The handle that a process runs in. If nobody gave one, it is made when somebody first asks: a
/// group has a handle of its own, and below one that nobody knows it may as well have none above.
pub(crate) struct Scope<'a> {
    given: Option<&'a Cancel>,
    /// The scope of which this is a task's view (C7).
    above: Option<&'a Scope<'a>>,
    task: Option<&'a Common<TaskRun>>,
    /// What is above it, the scope keeps in place until it is dropped (C17).
    made: Written<ManuallyDrop<Cancel>>,
    /// Of the slot that it runs in: where there is room for handles.
    place: Cell<Option<&'static SpareHandle>>,
}

impl<'a> Scope<'a> {
    /// The scope of a handle, or of none that anybody knows, which is then in that task.
    pub(crate) fn of(given: Option<&'a Cancel>, task: Option<&'a Common<TaskRun>>) -> Scope<'a> {
        Scope {
            given,
            above: None,
            task,
            made: Written::new(),
            place: Cell::new(None),
        }
    }

    /// This scope as a task inside of it sees it (C7).
    pub(crate) fn view(&'a self, task: &'a Common<TaskRun>) -> Scope<'a> {
        Scope {
            given: None,
            above: Some(self),
            task: Some(task),
            made: Written::new(),
            place: self.place.clone(),
        }
    }

    /// The scope of that handle, inside of what this is the scope of.
    pub(crate) fn within<'b>(
        &self,
        given: &'b Cancel,
        task: Option<&'b Common<TaskRun>>,
    ) -> Scope<'b> {
        let scope = Scope::of(Some(given), task);
        scope.place.set(self.place.get());
        scope
    }

    /// From now on the calling thread is inside of a slot that has room there.
    pub(crate) fn enter(&self, place: &'static SpareHandle) {
        self.place.set(Some(place));
    }

    /// It is about to leave, and lets go of the handle that was made, which is taken away while nobody looks, by that.
    pub(crate) fn leave(&self, while_nobody_looks: impl FnOnce(&mut dyn FnMut())) {
        let place = self.place.take();
        if self.made.get().is_none() {
            return;
        }
        let mut made = None;
        // SAFETY: nobody reads or writes it meanwhile.
        while_nobody_looks(&mut || made = unsafe { self.made.take_out() });
        self.let_go(made, place);
    }

    fn let_go(&self, made: Option<ManuallyDrop<Cancel>>, place: Option<&'static SpareHandle>) {
        // SAFETY: what is above it and the task are in place for as long as this is.
        drop(made.map(|made| unsafe { Own::of_cancel(made, place) }));
    }

    pub(crate) fn handle(&self) -> &Cancel {
        match self.given {
            Some(given) => given,
            // SAFETY: nobody else makes it (C16).
            None => unsafe { self.made.get_or_make(|| self.make()) },
        }
    }

    #[cold]
    fn make(&self) -> ManuallyDrop<Cancel> {
        let made = match self.above {
            Some(above) => Own::below(above.nearest().handle(), self.task, true, self.place.get()),
            None => Own::root(self.task, self.place.get()),
        };
        made.into_cancel() // It is let go of when this is dropped, or before.
    }

    /// A handle below this scope, in its task, for as long as both are there.
    pub(crate) fn own_child(&self) -> Own<'_> {
        match self.existing() {
            Some(above) => Own::below(above, self.task, false, self.place.get()),
            None => Own::root(self.task, self.place.get()),
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
        self.given.or_else(|| self.made.get().map(|made| &**made))
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            self.let_go(Some(made), self.place.get());
        }
    }
}
