//! The tree of cancel handles: says once, and for good, that work should stop, and why.
//!
//! Invariants:
//! - **C1 once.** Once cancelled, always cancelled, with one cause, set before the flag is seen.
//! - **C2 downwards.** A handle below a cancelled one is, or is about to be, cancelled; a handle made
//!   below a cancelled one is born cancelled.
//! - **C4 no callbacks under locks.** What a cause carries is never released under a lock.
//! - **C5 nothing left.** A handle that nobody holds is unlinked from its parent in O(1).
//! - **C6 any depth.** Handles may hang below each other without end, so nothing here recurses.
//!
//! A parent keeps its children's nodes alive, and a child *holds* its parent. So there are two
//! counts: an `Arc` counts who may look at a node, `holders` counts who still wants it linked: the
//! program, the engine, and its children. Two nodes are never locked at the same time.

use std::ops::Deref;

use crate::clock::Instant;
use crate::error::Error;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Arc, Condvar, Mutex, OnceLock};

/// One holder of a cancel handle.
pub(crate) struct Cancel(Arc<Node>);

/// The handle that a process runs in. If nobody gave one, it is made when somebody first asks: a
/// group has a handle of its own, and below one that nobody knows it may as well have none above.
pub(crate) struct Scope {
    given: Option<Cancel>,
    made: OnceLock<Cancel>,
}

/// A cancel handle as its readers see it.
pub(crate) struct Node {
    cancelled: AtomicBool,
    cause: OnceLock<Error>,
    holders: AtomicUsize,
    /// Spares a handle that hangs below nothing the lock when it is let go of.
    has_parent: bool,
    /// Where this node is among its parent's children; guarded by the parent's lock.
    place: AtomicUsize,
    links: Mutex<Links>,
    /// Rung once, at the cancellation. Every wait of the library for a cancellation is here.
    bell: Condvar,
}

struct Links {
    /// The parent, on which this node counts as one holder.
    parent: Option<Arc<Node>>,
    /// Empty once cancelled: then there is nothing left to pass on.
    children: Vec<Arc<Node>>,
}

impl Cancel {
    /// A handle with nothing above it.
    pub(crate) fn root() -> Cancel {
        Cancel(Arc::new(Node::new(None)))
    }

    /// A handle below this one.
    pub(crate) fn child(&self) -> Cancel {
        let mut links = self.0.links.lock();
        // The lock orders this against `strike`, so no child can slip in behind a cancellation (C2).
        if let Some(cause) = self.cause() {
            let born = Cancel::root();
            born.trigger(cause.clone());
            return born;
        }
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        let child = Arc::new(Node::new(Some(self.0.clone())));
        child.place.store(links.children.len(), Ordering::Relaxed);
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

impl Scope {
    /// The scope of a handle, or of none that anybody knows.
    pub(crate) fn of(given: Option<Cancel>) -> Scope {
        let made = OnceLock::new();
        Scope { given, made }
    }

    pub(crate) fn handle(&self) -> &Cancel {
        match &self.given {
            Some(given) => given,
            None => self.made.get_or_init(Cancel::root),
        }
    }

    /// A handle below this one.
    pub(crate) fn child(&self) -> Cancel {
        let above = self.given.as_ref().or_else(|| self.made.get());
        above.map_or_else(Cancel::root, Cancel::child)
    }
}

impl From<Cancel> for Scope {
    fn from(cancel: Cancel) -> Scope {
        Scope::of(Some(cancel))
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
    fn new(parent: Option<Arc<Node>>) -> Node {
        Node {
            cancelled: AtomicBool::new(false),
            cause: OnceLock::new(),
            holders: AtomicUsize::new(1),
            has_parent: parent.is_some(),
            place: AtomicUsize::new(0),
            links: Mutex::new(Links {
                parent,
                children: Vec::new(),
            }),
            bell: Condvar::new(),
        }
    }

    /// One atomic load.
    pub(crate) fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn cause(&self) -> Option<&Error> {
        if self.cancelled() {
            self.cause.get()
        } else {
            None
        }
    }

    /// Cancels this handle and all below it. Only the first cause of a handle counts (C1).
    pub(crate) fn trigger(&self, cause: Error) {
        let mut below = self.strike(&cause);
        while let Some(node) = below.pop() {
            below.append(&mut node.strike(&cause));
        }
    }

    /// Cancels this one node; returns those to which the cancellation must go on.
    fn strike(&self, cause: &Error) -> Vec<Arc<Node>> {
        let mut links = self.links.lock();
        if self.cancelled() {
            return Vec::new();
        }
        // The flag is stored last, with release, so who sees it sees the cause (C1).
        let _ = self.cause.set(cause.clone());
        self.cancelled.store(true, Ordering::Release);
        // A waiter checks the flag under the lock that is held here, so it cannot miss the bell.
        self.bell.notify_all();
        std::mem::take(&mut links.children)
    }

    /// Blocks until cancelled (true) or until the deadline, if there is one (false).
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        let waits = |_: &mut Links| !self.cancelled();
        drop(
            self.bell
                .wait_while_until(self.links.lock(), deadline, waits),
        );
        self.cancelled()
    }

    /// Gives up one hold. The last one unlinks the node (C5); then its hold on its parent, which is
    /// returned, is to be given up too.
    fn let_go(this: &Arc<Node>) -> Option<Arc<Node>> {
        if this.holders.fetch_sub(1, Ordering::AcqRel) != 1 || !this.has_parent {
            return None;
        }
        let parent = this.links.lock().parent.take()?;
        parent.unlink(this);
        Some(parent)
    }

    fn unlink(&self, child: &Arc<Node>) {
        let mut links = self.links.lock();
        let place = child.place.load(Ordering::Relaxed);
        // A cancellation has taken the children out already.
        if !links
            .children
            .get(place)
            .is_some_and(|found| Arc::ptr_eq(found, child))
        {
            return;
        }
        links.children.swap_remove(place);
        if let Some(moved) = links.children.get(place) {
            moved.place.store(place, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, loom))]
#[path = "models/cancel.rs"]
mod models;
