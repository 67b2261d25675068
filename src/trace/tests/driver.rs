//! What the engine will be: tasks that are begun and ended.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::trace::{self, Ended, Seen, Task};

/// No task.
pub(super) const NONE: Option<&Run> = None;

/// One run of a task.
pub(super) struct Run {
    id: u64,
    name: CString,
    parent: Option<Arc<Run>>,
    seen: Seen,
}

impl Task for Run {
    fn id(&self) -> u64 {
        self.id
    }
    fn name(&self) -> &CStr {
        &self.name
    }
    fn parent(&self) -> Option<&Self> {
        self.parent.as_deref()
    }
    fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Run {
    pub(super) fn begin(name: &CStr, parent: Option<&Arc<Run>>) -> Arc<Run> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let run = Arc::new(Run {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            parent: parent.cloned(),
            seen: Seen::never(),
        });
        trace::task_begin(&*run);
        run
    }

    pub(super) fn end(&self, how: Ended<'_>) {
        trace::task_end(self, how);
    }

    /// What is to be done with tasks that are ended by hand, also while nothing is recorded.
    pub(super) fn note_end(&self) {
        self.seen.end();
    }
}

/// Runs code on a thread of that name.
pub(super) fn named_thread<T: Send + 'static>(
    name: &str,
    code: impl FnOnce() -> T + Send + 'static,
) -> T {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(code);
    thread.expect("a thread").join().expect("it ends")
}
