//! What a child is a part of that goes on on a thread which is not lent for it: I1 holds there, too.

use crate::base::sync::{Arc, Weak};
use crate::scope::activity::{self, Activities, Id};

/// What has such a child, and is told while that runs, as it knows of the threads that run its others.
pub(super) trait Host: Send + Sync {
    fn arrives(&self, activity: Id);
    fn leaves(&self, activity: Id);
}

pub(crate) struct Part {
    activities: Activities,
    host: Option<Weak<dyn Host>>,
}

impl Part {
    /// A part of what the calling thread is a part of.
    pub(crate) fn here() -> Part {
        Part {
            activities: activity::current(),
            host: None,
        }
    }

    /// A part of these, and a child of that one.
    pub(super) fn of(activities: Activities, host: Weak<dyn Host>) -> Part {
        let host = Some(host);
        Part { activities, host }
    }

    /// What it is a part of.
    pub(crate) fn activities(&self) -> &Activities {
        &self.activities
    }

    /// Runs code as that part, on whatever thread.
    pub(crate) fn inside<T>(self, code: impl FnOnce() -> T) -> T {
        activity::also_within(&self.activities, || {
            match self.host.and_then(|host| host.upgrade()) {
                Some(host) => Visit::begin(host).during(code),
                None => code(),
            }
        })
    }
}

/// The child runs as an activity of its own; dropping this ends that.
struct Visit {
    host: Arc<dyn Host>,
    activity: Id,
}

impl Visit {
    fn begin(host: Arc<dyn Host>) -> Visit {
        let activity = activity::new_id();
        host.arrives(activity);
        Visit { host, activity }
    }

    fn during<T>(self, code: impl FnOnce() -> T) -> T {
        activity::inside(self.activity, code)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.host.leaves(self.activity);
    }
}
