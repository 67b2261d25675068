//! Who waits for which activity to end, from inside of which others: a ring of such waits would never end.
//!
//! A job that another one joins may join that one in turn: it is no part of it, but waits for it just as well.
//!
//! Invariants:
//! - **I2 no ring.** Of the waits that form a ring, one is refused: the one for the oldest activity, whichever began
//!   first. So if what a job has started, and waits for, wants to wait for the job, it is that which is refused.
//! - **I3 who is refused hears of it.** It is woken under the lock under which it looks.
//!
//! A wait from inside of no activity is in no ring, and a timed one ends by itself: neither is noted here.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Arc, Mutex, MutexGuard, global};
use crate::scope::activity::{self, Activities, Id};

/// What threads wait for.
pub(crate) trait Awaited: Send + Sync {
    /// Wakes who waits for it, to look again, under the lock under which they look (I3).
    fn ring(&self);
}

/// The waits that have begun and not ended, by each activity inside of which they are.
pub(super) type Waits = BTreeMap<Id, Vec<Arc<Wait>>>;

pub(crate) struct Wait {
    inside_of: Activities,
    activity: Id,
    awaited: Arc<dyn Awaited>,
    is_refused: AtomicBool,
}

global!(WAITS: Mutex<Waits> = Mutex::new(Waits::new()));

/// A wait of the calling thread; dropping this ends it.
pub(crate) struct Waiting(Option<Arc<Wait>>);

/// The calling thread begins to wait for that activity. It is to do so until it is refused.
pub(crate) fn begin(activity: Id, awaited: impl FnOnce() -> Arc<dyn Awaited>) -> Waiting {
    let inside_of = activity::current();
    if inside_of.ids().next().is_none() {
        return Waiting(None);
    }
    let wait = Arc::new(Wait {
        inside_of,
        activity,
        awaited: awaited(),
        is_refused: AtomicBool::new(false),
    });
    let refused = {
        let mut waits = WAITS.lock();
        note(&mut waits, &wait);
        refuse(&waits, &wait)
    };
    refused.iter().for_each(|wait| wait.awaited.ring());
    Waiting(Some(wait))
}

fn note(waits: &mut Waits, wait: &Arc<Wait>) {
    for id in wait.inside_of.ids() {
        waits.entry(id).or_default().push(wait.clone());
    }
}

/// Refuses waits until the one that has just begun is in no ring (I2). Returns them.
fn refuse(waits: &Waits, new: &Arc<Wait>) -> Vec<Arc<Wait>> {
    let mut refused = Vec::new();
    while !new.is_refused() {
        let Some(oldest) = oldest_in_ring(waits, new) else {
            break;
        };
        oldest.is_refused.store(true, Ordering::Relaxed);
        refused.push(oldest);
    }
    refused
}

/// The wait for the oldest activity in a ring that this wait is in, if it is in one.
fn oldest_in_ring(waits: &Waits, new: &Arc<Wait>) -> Option<Arc<Wait>> {
    // Each wait that this one waits for, and the oldest on the way there.
    let mut reached = vec![(new, new)];
    let mut seen = BTreeSet::new();
    while let Some((wait, oldest)) = reached.pop() {
        if new.inside_of.ids().any(|id| id == wait.activity) {
            return Some(oldest.clone());
        }
        if seen.insert(wait.activity) {
            let next = waits.get(&wait.activity).into_iter().flatten();
            let next = next.filter(|next| !next.is_refused());
            reached.extend(next.map(|next| (next, older(oldest, next))));
        }
    }
    None
}

fn older<'a>(one: &'a Arc<Wait>, other: &'a Arc<Wait>) -> &'a Arc<Wait> {
    if other.activity < one.activity {
        other
    } else {
        one
    }
}

impl Wait {
    fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }
}

impl Waiting {
    /// Under the lock under which the thread is woken (I3).
    pub(crate) fn is_refused(&self) -> bool {
        self.0.as_ref().is_some_and(|wait| wait.is_refused())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(wait) = self.0.take() else { return };
        let mut waits = WAITS.lock();
        for id in wait.inside_of.ids() {
            let Some(inside) = waits.get_mut(&id) else {
                continue;
            };
            inside.retain(|other| !Arc::ptr_eq(other, &wait));
            if inside.is_empty() {
                waits.remove(&id);
            }
        }
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Waits>;

pub(crate) fn hold() -> Held {
    WAITS.lock()
}

/// In a child of `fork`: those who wait are not there.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::take(&mut *held));
}

#[cfg(all(test, loom))]
#[path = "models/wait_graph.rs"]
mod models;
