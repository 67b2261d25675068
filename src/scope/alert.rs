//! A thread that waits for something of its own is woken by a cancellation too. It waits no longer than until a deadline of the handle
//! (`Node::at_the_latest`), so that need not wake it.

use crate::base::sync::Arc;
use crate::scope::cancel::Cancel;
use crate::scope::listener::Listening;
use crate::scope::waiter::Waiter;

/// That a waiter hears of a cancellation; dropping this ends it.
pub(crate) struct Alert<'a> {
    cancel: &'a Cancel,
    listening: Arc<Listening>,
}

impl Alert<'_> {
    /// Has a waiter rung when the handle is cancelled, or at once if it is already.
    pub(crate) fn on<'a>(cancel: &'a Cancel, waiter: &Arc<Waiter>) -> Alert<'a> {
        let listening = Listening::of(waiter.clone());
        if !cancel.listen(&listening) {
            waiter.ring();
        }
        Alert { cancel, listening }
    }
}

impl Drop for Alert<'_> {
    fn drop(&mut self) {
        self.cancel.unlisten(&self.listening);
    }
}
