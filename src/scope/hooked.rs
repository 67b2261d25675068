//! A hook on a handle.

use crate::base::sync::Arc;
use crate::base::user_data::Notice;
use crate::scope::cancel::Cancel;
use crate::scope::hook::Hook;

/// Dropping this removes the hook, and waits for its run, if it has to (C3). It holds the
/// handle, so that a cancellation from above finds it for as long as the hook is there.
pub(crate) struct Hooked {
    cancel: Cancel,
    hook: Arc<Hook>,
}

impl Hooked {
    /// Has this code run when the handle is cancelled, or at once if it is already (C3).
    pub(crate) fn on(cancel: Cancel, notice: Notice) -> Hooked {
        let hook = Arc::new(Hook::new(notice, cancel.task().cloned()));
        hook.release_by_owner();
        let early = cancel.observe(|observers, cancelled| {
            if !cancelled {
                observers.add(hook.clone());
            }
            !cancelled
        });
        if !early {
            cancel.await_all_below(); // C8
            hook.run();
        }
        Hooked { cancel, hook }
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        // Also one that is not in the list any more: a cancellation may be about to run it.
        self.hook.stop();
        self.cancel
            .observe(|observers, _| observers.remove(&self.hook));
    }
}

#[cfg(all(test, loom))]
#[path = "models/hooked.rs"]
mod models;
