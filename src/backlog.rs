//! What a fan-out shows of itself to those who help it along: the sentinel, and helpers.

use crate::notes::Notes;
use crate::sync::atomic::AtomicUsize;
use crate::sync::{Arc, Mutex};

/// Work that one thread has published and others may help with.
pub(crate) trait Backlog: Send + Sync {
    /// What the combinator is called.
    fn name(&self) -> &'static str;
    /// How many children nobody has claimed yet.
    fn unclaimed(&self) -> usize;
    /// Claims children and runs them, on the calling thread, until there are none.
    fn help(&self);
    /// Fails all unclaimed children: no thread can be had for them.
    fn give_up(&self);
    /// The sentinel's own, which it finds again here.
    fn watch(&self) -> &Watch;
}

/// A backlog as its caller holds it.
pub(crate) trait Published {
    fn backlog(&self) -> &dyn Backlog;
    fn share(&self) -> Arc<dyn Backlog>;
}

/// What the sentinel knows of a backlog.
#[derive(Default)]
pub(crate) struct Watch {
    /// How many helpers were lent to it that have not arrived yet.
    pub(crate) coming: AtomicUsize,
    pub(crate) notes: Mutex<Notes>,
}
