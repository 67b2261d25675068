//! The tree of cancel handles: says once, and for good, that work should stop, and why.
//!
//! Invariants:
//! - **C1 once.** Once cancelled, always cancelled, with one cause, set before the flag is seen.
//! - **C2 downwards.** A handle below a cancelled one is, or is about to be, cancelled; a handle made
//!   below a cancelled one is born cancelled.
//! - **C3 once or never.** See `hook`.
//! - **C4 no callbacks under locks.** What a cause carries is never released, and no hook is run, under a
//!   lock.
//! - **C5 nothing left.** A handle that nobody holds is unlinked from its parent in O(1).
//! - **C6 any depth.** Handles may hang below each other without end, so nothing here recurses.
//! - **C7 one scope.** A task's handle is a view: it says in which task it is, and is otherwise the one it
//!   is a view of. Cancelling either cancels both, at one moment: both read the same flag.
//!
//! A parent keeps its children's nodes alive, and a child *holds* its parent. So there are two
//! counts: an `Arc` counts who may look at a node, `holders` counts who still wants it linked: the
//! program, the engine, its children and its hooks. Two nodes are never locked at the same time.

use std::ops::Deref;

use crate::clock::{self, Instant};
use crate::counts::{self, Counted};
use crate::drain::{self, Main};
use crate::error::Error;
use crate::hook::Hook;
use crate::observers::Observers;
use crate::placed_list::{Placed, PlacedList};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::notes::AtomicU64;
use crate::sync::{Arc, Condvar, Mutex, OnceLock};
use crate::task_run::TaskRun;
use crate::trace;

/// One holder of a cancel handle.
pub(crate) struct Cancel(Arc<Node>);

/// The handle that a process runs in. If nobody gave one, it is made when somebody first asks: a
/// group has a handle of its own, and below one that nobody knows it may as well have none above.
pub(crate) struct Scope<'a> {
    given: Option<Cancel>,
    /// The scope of which this is a task's view (C7).
    above: Option<&'a Scope<'a>>,
    task: Option<&'a Arc<TaskRun>>,
    made: OnceLock<Cancel>,
}

/// A cancel handle as its readers see it.
pub(crate) struct Node {
    /// Of a view it says only that the cancellation has come down to it (C7).
    cancelled: AtomicBool,
    cause: OnceLock<Error>,
    /// When it was cancelled, by the monotonic clock in nanoseconds.
    struck_at: AtomicU64,
    holders: AtomicUsize,
    /// Spares a handle that hangs below nothing the lock when it is let go of.
    has_parent: bool,
    /// If it is a task's: the handle of which it is a view, through all the tasks around (C7).
    view_of: Option<Arc<Node>>,
    /// The innermost task that the handle is in.
    task: Option<Arc<TaskRun>>,
    /// The run of `proc_main` that it is below.
    main: Main,
    /// Where this node is among its parent's children; guarded by the parent's lock.
    place: AtomicUsize,
    links: Mutex<Links>,
    /// Rung once, at the cancellation. Every wait of the library for one is here or in `poll`.
    bell: Condvar,
}

struct Links {
    /// The parent, on which this node counts as one holder.
    parent: Option<Arc<Node>>,
    /// Empty once cancelled: then there is nothing left to pass on.
    children: PlacedList<Node>,
    observers: Option<Box<Observers>>,
}

impl Cancel {
    /// A handle with nothing above it.
    pub(crate) fn root(task: Option<Arc<TaskRun>>) -> Cancel {
        Cancel::of_main(task, 0)
    }

    /// The handle of a run of `proc_main`.
    pub(crate) fn of_main(task: Option<Arc<TaskRun>>, main: Main) -> Cancel {
        Cancel(Arc::new(Node::new(None, task, main, None)))
    }

    /// A handle below this one, in the same task.
    pub(crate) fn child(&self) -> Cancel {
        self.below(self.task.clone(), false)
    }

    /// A handle below this one, in a task of its own.
    pub(crate) fn child_in(&self, task: Arc<TaskRun>) -> Cancel {
        self.below(Some(task), false)
    }

    /// A handle below this one, in a task.
    fn below(&self, task: Option<Arc<TaskRun>>, is_view: bool) -> Cancel {
        let mut links = self.0.links.lock();
        // The lock orders this against `strike`, so no child can slip in behind a cancellation (C2).
        if let Some(cause) = self.cause() {
            let born = Cancel::of_main(task, self.main);
            born.strike(cause, &mut Vec::new());
            return born;
        }
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        let view_of = is_view.then(|| self.view_of.as_ref().unwrap_or(&self.0).clone());
        let child = Arc::new(Node::new(Some(self.0.clone()), task, self.main, view_of));
        links.children.push(child.clone());
        Cancel(child)
    }

    /// Whether anyone but the caller holds this handle.
    pub(crate) fn is_shared(&self) -> bool {
        self.0.holders.load(Ordering::Acquire) > 1
    }

    /// Turns this hold into a reference that stands for one.
    pub(crate) fn into_arc(self) -> Arc<Node> {
        // One hold for the reference; the one of `self` ends here.
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        self.0.clone()
    }

    /// Takes over the hold for which a reference from `into_arc` stands.
    pub(crate) fn from_arc(node: Arc<Node>) -> Cancel {
        Cancel(node)
    }
}

impl<'a> Scope<'a> {
    /// The scope of a handle, or of none that anybody knows, which is then in that task.
    pub(crate) fn of(given: Option<Cancel>, task: Option<&'a Arc<TaskRun>>) -> Scope<'a> {
        Scope {
            given,
            above: None,
            task,
            made: OnceLock::new(),
        }
    }

    /// This scope as a task inside of it sees it (C7).
    pub(crate) fn view(&'a self, task: &'a Arc<TaskRun>) -> Scope<'a> {
        Scope {
            given: None,
            above: Some(self),
            task: Some(task),
            made: OnceLock::new(),
        }
    }

    pub(crate) fn handle(&self) -> &Cancel {
        match &self.given {
            Some(given) => given,
            None => self.made.get_or_init(|| self.make()),
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

    fn known(&self) -> Option<&Cancel> {
        self.given.as_ref().or_else(|| self.made.get())
    }
}

impl Deref for Cancel {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Clone for Cancel {
    fn clone(&self) -> Cancel {
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        Cancel(self.0.clone())
    }
}

impl Drop for Cancel {
    /// Lets go of the handle and of each one above that was held only by what is below (C6).
    fn drop(&mut self) {
        let mut above = Node::let_go(&self.0);
        while let Some(node) = above {
            above = Node::let_go(&node);
        }
    }
}

impl Node {
    fn new(
        parent: Option<Arc<Node>>,
        task: Option<Arc<TaskRun>>,
        main: Main,
        view_of: Option<Arc<Node>>,
    ) -> Node {
        Node {
            cancelled: AtomicBool::new(false),
            cause: OnceLock::new(),
            struck_at: AtomicU64::new(0),
            holders: AtomicUsize::new(1),
            has_parent: parent.is_some(),
            view_of,
            task,
            main,
            place: AtomicUsize::new(0),
            links: Mutex::new(Links {
                parent,
                children: PlacedList::new(),
                observers: None,
            }),
            bell: Condvar::new(),
        }
    }

    /// One atomic load.
    pub(crate) fn cancelled(&self) -> bool {
        self.viewed().cancelled.load(Ordering::Acquire)
    }

    /// The handle whose flag and cause are those of this one (C7).
    fn viewed(&self) -> &Node {
        self.view_of.as_deref().unwrap_or(self)
    }

    /// Whether it is cancelled, or will soon be. Two atomic loads.
    pub(crate) fn draining(&self) -> bool {
        drain::drains(self.main) || self.cancelled()
    }

    /// The run of `proc_main` that it is below.
    pub(crate) fn main(&self) -> Main {
        self.main
    }

    pub(crate) fn cause(&self) -> Option<&Error> {
        self.cancelled().then(|| self.viewed().cause.get())?
    }

    /// When it was cancelled, by the monotonic clock in nanoseconds.
    pub(crate) fn struck_at(&self) -> u64 {
        self.viewed().struck_at.load(Ordering::Relaxed)
    }

    /// The innermost task that the handle is in.
    pub(crate) fn task(&self) -> Option<&Arc<TaskRun>> {
        self.task.as_ref()
    }

    /// Cancels this handle and all below it. Only the first cause of a handle counts (C1).
    pub(crate) fn trigger(&self, cause: Error) {
        // The hooks are for the end, so that one that takes its time delays no cancellation.
        let mut hooks = Vec::new();
        self.viewed().strike_all(&cause, &mut hooks);
        // Under no lock (C4).
        hooks.iter().for_each(|hook| hook.run());
    }

    /// Cancels this node and all below it; adds the hooks that are to run then.
    fn strike_all(&self, cause: &Error, hooks: &mut Vec<Arc<Hook>>) {
        let Some(mut below) = self.strike(cause, hooks) else {
            return;
        };
        counts::count_elsewhere(Counted::Cancellations);
        trace::cancel(self, cause);
        while let Some(node) = below.pop() {
            below.append(&mut node.strike(cause, hooks).unwrap_or_default());
        }
    }

    /// Cancels this one node, unless it is already; returns those to which the cancellation must go on, and
    /// adds the hooks that are to run then.
    fn strike(&self, cause: &Error, hooks: &mut Vec<Arc<Hook>>) -> Option<Vec<Arc<Node>>> {
        let mut links = self.links.lock();
        if self.cancelled.load(Ordering::Relaxed) {
            return None;
        }
        // The flag is stored last, with release, so who sees it sees the cause (C1).
        let _ = self.cause.set(cause.clone());
        self.struck_at.store(clock::exact(), Ordering::Relaxed);
        self.cancelled.store(true, Ordering::Release);
        // A waiter checks the flag under the lock that is held here, so it cannot miss the bell.
        self.bell.notify_all();
        if let Some(observers) = &mut links.observers {
            hooks.append(&mut observers.tell());
        }
        Some(links.children.take())
    }

    /// Adds an observer or takes one away, who is told whether the handle is cancelled. That is under the
    /// lock of `strike`: either the cancellation is seen here, or it finds what is done here.
    pub(crate) fn observe<T>(&self, code: impl FnOnce(&mut Observers, bool) -> T) -> T {
        let mut links = self.links.lock();
        let observers = &mut links.observers;
        let observers = observers.get_or_insert_with(|| Box::new(Observers::new()));
        code(observers, self.cancelled())
    }

    /// Blocks until cancelled (true) or until the deadline, if there is one (false).
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let waits = |_: &mut Links| !self.cancelled();
        let links = self.links.lock();
        drop(self.bell.wait_while_until(links, deadline, waits));
        self.cancelled()
    }

    /// Gives up one hold. The last one unlinks the node (C5); then its hold on its parent, which is
    /// returned, is to be given up too.
    fn let_go(this: &Arc<Node>) -> Option<Arc<Node>> {
        if this.holders.fetch_sub(1, Ordering::AcqRel) != 1 || !this.has_parent {
            return None;
        }
        let parent = this.links.lock().parent.take()?;
        parent.links.lock().children.remove(this);
        Some(parent)
    }
}

impl Placed for Node {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}

#[cfg(all(test, loom))]
#[path = "models/cancel.rs"]
mod models;
