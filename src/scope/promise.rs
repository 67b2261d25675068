//! A promise: what somebody completes once, for those who wait for it.
//!
//! Invariants:
//! - **Y1 once.** The first completion counts, and stays.
//! - **Y2 nobody waits for ever.** Who waits has no reference. When the last reference goes, the promise is completed, with
//!   `EPIPE`, unless it is complete.
//! - **Y3 complete or told.** Who begins to listen looks under the lock under which it is completed: either he finds it complete, or he
//!   is told.

use crate::base::error::{Error, Outcome};
use crate::base::intrusive_list::IntrusiveList;
use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::base::sync::{Arc, Mutex};
use crate::scope::listener::{Listener, Listening};

/// A reference to a promise.
pub(crate) struct Promise(Arc<Node>);

/// A promise as those see it who wait for it (Y2).
pub(crate) struct Node {
    references: AtomicUsize,
    state: Mutex<State>,
}

struct State {
    /// `None`: it is not complete.
    outcome: Option<Outcome>,
    /// Empty once it is.
    listeners: IntrusiveList<Arc<Listening>>,
}

impl Promise {
    pub(crate) fn new() -> Promise {
        let state = State {
            outcome: None,
            listeners: IntrusiveList::new(),
        };
        Promise(Arc::new(Node {
            references: AtomicUsize::new(1),
            state: Mutex::new(state),
        }))
    }

    /// Completes it, unless it is complete (Y1). Tells whether it has.
    pub(crate) fn complete(&self, outcome: Outcome) -> bool {
        self.0.complete(|| outcome)
    }

    /// What is no reference.
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    /// Turns this reference into a pointer that stands for it, without counting.
    pub(crate) fn into_raw(self) -> *const Node {
        let pointer = Arc::as_ptr(&self.0);
        std::mem::forget(self);
        pointer
    }

    /// Takes over a reference made of a pointer from `into_raw`.
    pub(crate) fn from_arc(node: Arc<Node>) -> Promise {
        Promise(node)
    }
}

impl Clone for Promise {
    fn clone(&self) -> Promise {
        self.0.references.fetch_add(1, Ordering::Relaxed);
        Promise(self.0.clone())
    }
}

impl Drop for Promise {
    /// Y2. Who has completed it has done so before he gave his reference up.
    fn drop(&mut self) {
        if self.0.references.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.complete(|| Err(broken()));
        }
    }
}

fn broken() -> Error {
    let text = "proc_await: the promise was released without being completed";
    Error::new(libc::EPIPE, text)
}

impl Node {
    fn complete(&self, outcome: impl FnOnce() -> Outcome) -> bool {
        let listeners = {
            let mut state = self.state.lock();
            if state.outcome.is_some() {
                return false;
            }
            state.outcome = Some(outcome());
            race_detector::release(&raw const self.state);
            state.listeners.take()
        };
        listeners.iter().for_each(|listening| listening.tell());
        true
    }

    /// What it was completed with, if it is complete.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let outcome = self.state.lock().outcome.clone();
        if outcome.is_some() {
            race_detector::acquire(&raw const self.state);
        }
        outcome
    }

    /// From now on that one is told when it is completed (true); or it is complete (false), and he is not (Y3).
    pub(crate) fn listen(&self, listening: &Arc<Listening>) -> bool {
        let mut state = self.state.lock();
        let is_open = state.outcome.is_none();
        if is_open {
            state.listeners.push(listening.clone());
        }
        is_open
    }

    /// He does not listen any more.
    pub(crate) fn unlisten(&self, listening: &Arc<Listening>) {
        self.state.lock().listeners.remove(listening);
    }
}

#[cfg(all(test, loom))]
#[path = "models/promise.rs"]
mod models;
