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
//! - **C8 all the way down.** See `strike`.
//! - **X1, X2** See `deadline`.
//! - **C9 apart.** A handle that is apart belongs to what is around it, to its task and its run of `proc_main`, and hangs
//!   below nothing: no cancellation above reaches it.
//! - **C10 several above.** See `several`.
//! - **C11 drain handles.** See `drains`.
//! - **C14, C15** See `holding`.
//! - **C16** See `scope`.
//! - **C17, C18** See `own`.
//!
//! A parent keeps its children's nodes alive, and a child its parent's, which it *holds* as long as it is held itself. So there are two
//! counts: a `Common` counts who may look at a node, and `holding` counts who still wants it linked: the
//! program, the engine, its children and its hooks. Two nodes are never locked at the same time.
//!
//! These files are one room, because they know each other: a strike goes from node to node, and a node knows which one has come to it.

mod above;
mod asked;
mod bell;
mod birth;
mod deadline;
mod drains;
mod holding;
mod inherited;
mod observed;
mod own;
mod scope;
mod several;
mod strike;

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use crate::base::common::{Common, Known};
use crate::base::error::Error;
use crate::base::intrusive_list::{IntrusiveList, Member};
use crate::base::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use crate::base::sync::notes::{self, AtomicU64};
use crate::base::sync::spin_lock::BriefLock;
use crate::base::written::Written;
use crate::scope::drain::Main;
use crate::scope::hook::Lent;
use crate::scope::observers::Observers;
use crate::scope::task_run::{TaskRun, Tree};

use above::{Above, LastHolder, View};
use asked::STRUCK;
use bell::Bell;
pub(crate) use deadline::{Deadline, Striker, TimeLimit};
use holding::Linked;
pub(crate) use inherited::{Chain, Entry, Key, Value};
pub(crate) use own::{Own, SpareHandle};
pub(crate) use scope::Scope;
use strike::Strike;
pub(crate) use strike::{Held, Struck, forget, hold};

/// One holder of a cancel handle.
pub(crate) struct Cancel(ManuallyDrop<Common<Node>>);

/// A cancel handle as its readers see it.
pub(crate) struct Node {
    last: LastHolder,
    /// `RUNS`, `TIMED` or `STRUCK`. Of a view it says only whether the cancellation has come down to it (C7).
    state: AtomicU8,
    /// Written under the lock of `links`, or before anybody else knows the node.
    cause: Written<Error>,
    /// When it was cancelled, by the monotonic clock in nanoseconds.
    struck_at: AtomicU64,
    holders: AtomicUsize,
    /// The one above it, also when it is unlinked from that; `None`: none, or several (C10).
    parent: Above,
    /// Whether it counts as one holder of that one.
    holds_parent: bool,
    /// Spares a handle that is not below several, and has no drain handle, its lock when it is let go of.
    is_linked_further: notes::AtomicBool,
    /// Spares a handle that nothing has hung below the lock.
    was_held_from_below: notes::AtomicBool,
    /// If it is a task's: the handle of which it is a view, through all the tasks around (C7).
    view_of: View,
    /// If it is a drain handle: that of which it is one (C11).
    drains_for: Above,
    /// The innermost task that the handle is in.
    task: Option<Common<TaskRun>>,
    /// The run of `proc_main` that it is below.
    main: Main,
    /// What it has from those above it.
    inherited: Chain,
    /// Its own deadline, if that is nearer than those above it.
    own_deadline: Option<Deadline>,
    /// Else the one above it that has the nearest.
    deadline_of: Above,
    /// Where this node is among its parent's children; guarded by the parent's lock.
    place: AtomicUsize,
    links: BriefLock<Links>,
    /// Every wait of the library for a cancellation is here or in `poll`.
    bell: Bell,
}

struct Links {
    /// Empty once cancelled: then there is nothing left to pass on.
    children: IntrusiveList<Linked>,
    /// Which strike takes, or took, the cancellation to the children; `strike::NONE` if there were none.
    struck_by: strike::Number,
    /// How many hold it from below (`holding`).
    held_from_below: u32,
    /// Nobody else holds it any more: the last of these lets go of it.
    is_left: bool,
    /// One of its hooks; most handles have none or one. None once cancelled.
    hook: Option<Lent>,
    rare: Option<Box<Rare>>,
    /// How many threads wait: to ring for nobody is a system call all the same.
    waiting: u32,
}

/// What few handles have.
struct Rare {
    observers: Observers,
    /// Several of which it is a child (C10), and holds each.
    further: Vec<Common<Node>>,
    /// It is a child that does not hold this one: to hold that is to hold this (C11).
    drain_handle: Option<Common<Node>>,
}

impl Cancel {
    /// Whether there is more than this reference to it, or anything that hangs below it.
    pub(crate) fn is_held_elsewhere(&self) -> bool {
        self.is_shared() || Common::holders(&self.0) > 1
    }

    /// What tells this handle from others, and does not hold it.
    pub(crate) fn downgrade(&self) -> Known<Node> {
        Common::downgrade(&self.0)
    }

    /// Whoever kept the handle of what has ended must not wait for it forever.
    pub(crate) fn close(&self, name: &str) {
        if self.is_shared() && !self.cancelled() {
            let text = format!("the {name} has ended");
            self.trigger(Error::new(libc::ECANCELED, &text));
        }
    }

    /// Turns this hold into a pointer that stands for it, without counting.
    pub(crate) fn into_raw(self) -> *const Node {
        Common::as_ptr(&ManuallyDrop::new(self).0)
    }

    /// Takes over the hold for which a reference made of a pointer from `into_raw` stands.
    pub(crate) fn from_common(node: Common<Node>) -> Cancel {
        Cancel::of(node)
    }
}

impl Deref for Cancel {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Node {
    /// The run of `proc_main` that it is below.
    pub(crate) fn main(&self) -> Main {
        self.main
    }

    /// Its values, for a handle that is not below it.
    pub(crate) fn values(&self) -> Chain {
        inherited::values(&self.inherited)
    }

    /// Its value of that key; NULL if there is none.
    pub(crate) fn value(&self, key: Key) -> *mut c_void {
        let inherited = self.inherited.as_ref();
        inherited.map_or(std::ptr::null_mut(), |inherited| inherited.value(key))
    }

    /// The innermost layer of a stack that it is in, as `readiness` numbers them; 0: none.
    pub(crate) fn layer(&self) -> Tree {
        let inherited = self.inherited.as_ref();
        inherited
            .and_then(|inherited| inherited.layer())
            .unwrap_or(0)
    }

    /// The innermost task that the handle is in.
    pub(crate) fn task(&self) -> Option<&Common<TaskRun>> {
        self.task.as_ref()
    }

    /// Cancels a handle of which nobody but the library knows, or not yet: nobody is told of that, and it is not
    /// counted, for it is no cancellation of the program's.
    pub(crate) fn strike_alone(&self, cause: &Error) {
        self.strike(&mut Strike::of(cause));
    }

    /// Cancels this one node, unless it is already; returns those to which the cancellation must go on.
    fn strike(&self, strike: &mut Strike<'_>) -> Option<Vec<Common<Node>>> {
        let mut links = self.links.lock();
        if self.state.load(Ordering::Relaxed) == STRUCK {
            strike.meet(links.struck_by);
            return None;
        }
        let children = links.children.take().into_iter();
        let mut children: Vec<_> = children.map(Linked::keep).collect();
        if let Some(rare) = &links.rare {
            children.extend(rare.drain_handle.clone());
        }
        if !children.is_empty() {
            links.struck_by = strike.number();
        }
        // The flag is stored with release, so who sees it sees the cause (C1).
        self.decide(strike.cause());
        self.struck_at
            .store(self.time_of_strike(), Ordering::Relaxed);
        self.store_struck();
        let is_awaited = links.waiting > 0;
        strike.add_hooks(links.hook.take());
        if let Some(rare) = &mut links.rare {
            let (listeners, hooks) = rare.observers.tell();
            strike.add_listeners(listeners);
            strike.add_hooks(hooks);
        }
        drop(links);
        if is_awaited {
            self.bell.ring();
        }
        Some(children)
    }

    /// Which strike takes, or took, the cancellation of this handle to those below it.
    fn struck_by(&self) -> strike::Number {
        self.viewed().links.lock().struck_by
    }
}

impl Links {
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_with(|| {
            Box::new(Rare {
                observers: Observers::new(),
                further: Vec::new(),
                drain_handle: None,
            })
        })
    }
}

impl Member for Node {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}

#[cfg(all(test, loom))]
#[path = "../models/cancel.rs"]
mod models;
