//! Which jobs a thread is still to tell of, because no other thread could be had for them: it has started them.
//!
//! Invariant:
//! - **J6 one after the other.** Nobody is told of a job inside of the call that starts it while the calling thread
//!   tells of another one: what is told may start the next, and so on for ever. It is told after that.
//!
//! Who joins such a job before its turn tells of it (`job`).

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::ManuallyDrop;

use crate::base::sync::{Arc, per_thread};

/// What somebody is to be told of.
pub(super) trait Untold {
    /// Tells of it, unless somebody has begun to.
    fn tell_if_untold(&self);
}

type Queue = ManuallyDrop<VecDeque<Arc<dyn Untold>>>;

// The jobs of which the calling thread is to tell next; `None`: it tells of none. There is nothing to drop when it ends.
per_thread!(NEXT: Cell<Option<Queue>> = Cell::new(None));

/// Tells of a job, if nobody has begun to: now, or when the thread has told of those before it (J6).
pub(super) fn now_or_later(job: Arc<dyn Untold>) {
    match NEXT.with(Cell::take) {
        Some(mut queue) => {
            queue.push_back(job);
            set(Some(queue));
        }
        None => outermost(|| job.tell_if_untold()),
    }
}

/// Runs code that tells of a job, and then tells of those that have come meanwhile. What runs inside of such
/// code leaves that to it.
pub(super) fn outermost(code: impl FnOnce()) {
    let around = NEXT.with(Cell::take);
    let is_outermost = around.is_none();
    set(Some(around.unwrap_or_default()));
    code();
    if is_outermost {
        while let Some(job) = next() {
            job.tell_if_untold();
        }
        drop(NEXT.with(Cell::take).map(ManuallyDrop::into_inner));
    }
}

fn next() -> Option<Arc<dyn Untold>> {
    let mut queue = NEXT.with(Cell::take)?;
    let job = queue.pop_front();
    set(Some(queue));
    job
}

fn set(queue: Option<Queue>) {
    NEXT.with(|next| next.set(queue));
}
