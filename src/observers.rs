//! Who hears of a cancellation other than by waiting for it: hooks, and who watches a descriptor.

use std::io::Result;
use std::os::fd::RawFd;

use crate::callback::Notice;
use crate::cancel::{Cancel, Node};
use crate::hook::Hook;
use crate::placed_list::PlacedList;
use crate::ready_fd::ReadyFd;
use crate::sync::Arc;

/// The observers of one handle, guarded by its lock. Few handles have any.
pub(crate) struct Observers {
    /// Empty once cancelled.
    hooks: PlacedList<Hook>,
    fd: ReadyFd,
}

/// A hook on a handle; dropping this removes it. It holds the handle, so that a cancellation from
/// above finds it for as long as the hook is there.
pub(crate) struct Hooked {
    cancel: Cancel,
    hook: Arc<Hook>,
}

impl Observers {
    pub(crate) fn new() -> Observers {
        Observers {
            hooks: PlacedList::new(),
            fd: ReadyFd::default(),
        }
    }

    /// Tells those that there are now that the handle is cancelled, but for the hooks, which are
    /// returned: they run under no lock (C4).
    pub(crate) fn tell(&mut self) -> Vec<Arc<Hook>> {
        self.fd.set_ready();
        self.hooks.take()
    }
}

impl Hooked {
    /// Has this code run when the handle is cancelled, or at once if it is already (C3).
    pub(crate) fn on(cancel: Cancel, notice: Notice) -> Hooked {
        let hook = Arc::new(Hook::new(notice, cancel.task().cloned()));
        let early = cancel.observe(|observers, cancelled| {
            if !cancelled {
                observers.hooks.push(hook.clone());
            }
            !cancelled
        });
        if !early {
            hook.run();
        }
        Hooked { cancel, hook }
    }

    /// From now on it does not run, but on the calling thread, if it does so already (C3).
    pub(crate) fn stop(&self) {
        self.hook.stop();
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        self.stop();
        let unhook = |observers: &mut Observers, _| observers.hooks.remove(&self.hook);
        self.cancel.observe(unhook);
    }
}

/// A descriptor that is readable once the handle is cancelled, made when somebody first asks for it.
pub(crate) fn fd(cancel: &Node) -> Result<RawFd> {
    cancel.observe(|observers, cancelled| observers.fd.get(cancelled))
}

#[cfg(all(test, loom))]
#[path = "models/observers.rs"]
mod models;
