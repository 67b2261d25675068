//! Who hears of a cancellation other than by waiting for it: who listens, hooks, and who watches a descriptor.

use std::io::Result;
use std::os::fd::RawFd;

use crate::base::intrusive_list::IntrusiveList;
use crate::base::sync::Arc;
use crate::scope::hook::{Hook, Lent};
use crate::scope::listener::Listening;
use crate::scope::ready_fd::ReadyFd;

/// The observers of one handle, guarded by its lock. Few handles have any.
pub(super) struct Observers {
    /// Empty once cancelled.
    listeners: IntrusiveList<Arc<Listening>>,
    /// But for the one that the handle keeps itself. Empty once cancelled.
    hooks: IntrusiveList<Lent>,
    /// What programs watch.
    lent_fd: ReadyFd,
    /// What the library polls where the program has asked for none.
    own_fd: ReadyFd,
}

impl Observers {
    pub(super) fn new() -> Observers {
        Observers {
            listeners: IntrusiveList::new(),
            hooks: IntrusiveList::new(),
            lent_fd: ReadyFd::default(),
            own_fd: ReadyFd::default(),
        }
    }

    /// Adds one who listens, to a handle that is not cancelled.
    pub(super) fn listen(&mut self, listening: Arc<Listening>) {
        self.listeners.push(listening);
    }

    /// He does not any more, if he still did.
    pub(super) fn unlisten(&mut self, listening: &Arc<Listening>) {
        self.listeners.remove(listening);
    }

    /// Adds a hook, of a handle that is not cancelled.
    pub(super) fn add(&mut self, hook: Lent) {
        self.hooks.push(hook);
    }

    /// Takes a hook away, if it is still there, which is told.
    pub(super) fn remove(&mut self, hook: &Hook) -> bool {
        self.hooks.remove(hook).is_some()
    }

    /// A descriptor for the program that is readable once the handle is cancelled, made when somebody first asks for it.
    pub(super) fn fd(&mut self, cancelled: bool) -> Result<RawFd> {
        self.lent_fd.lent(cancelled)
    }

    /// The same for a wait of the library's.
    pub(super) fn fd_to_poll(&mut self, cancelled: bool) -> Result<RawFd> {
        match self.lent_fd.usable() {
            Some(fd) => Ok(fd),
            None => self.own_fd.own(cancelled),
        }
    }

    /// The same for a look at it (`ReadyFd::own_unchecked`).
    pub(super) fn fd_to_look_at(&mut self, cancelled: bool) -> Result<RawFd> {
        match self.lent_fd.unchecked() {
            Some(fd) => Ok(fd),
            None => self.own_fd.own_unchecked(cancelled),
        }
    }

    /// Tells those who watch the descriptor that the handle is cancelled. The others are returned: they hear of it under
    /// no lock (C4).
    pub(super) fn tell(&mut self) -> (Vec<Arc<Listening>>, Vec<Lent>) {
        self.lent_fd.set_ready();
        self.own_fd.set_ready();
        (self.listeners.take(), self.hooks.take())
    }
}
