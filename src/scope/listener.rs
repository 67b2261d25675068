//! Who hears of something that comes once: that a handle is cancelled, or that a promise is complete.
//!
//! That is code of ours, and short: it rings a bell, or says to somebody else that there is something to do. It is told
//! under no lock, and may be told once more when it has stopped to listen.

use crate::base::intrusive_list::Member;
use crate::base::sync::Arc;
use crate::base::sync::atomic::AtomicUsize;

pub(crate) trait Listener: Send + Sync {
    fn tell(&self);
}

/// One that listens at one place.
pub(crate) struct Listening {
    listener: Arc<dyn Listener>,
    place: AtomicUsize,
}

impl Listening {
    pub(crate) fn of(listener: Arc<dyn Listener>) -> Arc<Listening> {
        let place = AtomicUsize::new(0);
        Arc::new(Listening { listener, place })
    }
}

impl Listener for Listening {
    fn tell(&self) {
        self.listener.tell();
    }
}

impl Member for Listening {
    fn place(&self) -> &AtomicUsize {
        &self.place
    }
}
