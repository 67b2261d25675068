//! One run of a task, as what runs inside of it knows it.

use std::cell::Cell;
use std::ffi::{CStr, CString};

use crate::readiness::Service;
use crate::sync::notes::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, per_thread};
use crate::thread_name::ThreadName;
use crate::trace::{self, Seen, WordOfTask};

/// What all runs of a task are called.
pub(crate) struct Name {
    pub(crate) task_type: CString,
    pub(crate) on_thread: ThreadName,
}

/// One run of a task; shared by the threads that work in it.
pub(crate) struct TaskRun {
    name: Arc<Name>,
    outer: Option<Arc<TaskRun>>,
    service: Option<Service>,
    /// 0: nobody has asked for it yet.
    id: AtomicU64,
    seen: Seen,
    word: WordOfTask,
    /// A program has begun it by hand, and has not ended it.
    by_hand: AtomicBool,
}

impl Name {
    pub(crate) fn new(task_type: &CStr) -> Name {
        Name {
            task_type: task_type.to_owned(),
            on_thread: ThreadName::of(task_type),
        }
    }
}

impl TaskRun {
    pub(crate) fn begin(
        name: Arc<Name>,
        outer: Option<Arc<TaskRun>>,
        service: Option<Service>,
    ) -> Arc<TaskRun> {
        TaskRun::make(name, outer, service, false)
    }

    /// One that a program is to end.
    pub(crate) fn begin_by_hand(name: Arc<Name>, outer: Option<Arc<TaskRun>>) -> Arc<TaskRun> {
        TaskRun::make(name, outer, None, true)
    }

    #[inline(always)] // A call costs as much as all else that the trace takes of a task while it is off.
    fn make(
        name: Arc<Name>,
        outer: Option<Arc<TaskRun>>,
        service: Option<Service>,
        by_hand: bool,
    ) -> Arc<TaskRun> {
        let run = Arc::new(TaskRun {
            name,
            outer,
            service,
            id: AtomicU64::new(0),
            seen: Seen::never(),
            word: WordOfTask::none(),
            by_hand: AtomicBool::new(by_hand),
        });
        trace::task_begin(&run);
        run
    }

    /// The right to end one that was begun by hand: it is given once.
    pub(crate) fn claim_end(&self) -> bool {
        self.by_hand.swap(false, Ordering::Relaxed)
    }

    /// A number that no other run has; given when somebody first asks, since most are never asked for.
    pub(crate) fn id(&self) -> u64 {
        match self.id.load(Ordering::Relaxed) {
            0 => self.give_id(),
            id => id,
        }
    }

    fn give_id(&self) -> u64 {
        let id = next_id();
        let given = (self.id).compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed);
        given.map_or_else(|earlier| earlier, |_| id)
    }

    pub(crate) fn name(&self) -> &CStr {
        &self.name.task_type
    }

    /// The innermost task around it.
    pub(crate) fn outer(&self) -> Option<&TaskRun> {
        self.outer.as_deref()
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    pub(crate) fn word(&self) -> &WordOfTask {
        &self.word
    }

    /// What says that it is up, if it does.
    pub(crate) fn service(&self) -> Option<&Service> {
        self.service.as_ref()
    }

    /// The innermost service around a place.
    pub(crate) fn innermost_service(innermost: Option<&Arc<TaskRun>>) -> Option<&Service> {
        TaskRun::around(innermost).find_map(|task| task.service())
    }

    /// The tasks around a place, innermost first.
    fn around(innermost: Option<&Arc<TaskRun>>) -> impl Iterator<Item = &Arc<TaskRun>> {
        std::iter::successors(innermost, |task| task.outer.as_ref())
    }

    pub(crate) fn thread_name(&self) -> &ThreadName {
        &self.name.on_thread
    }

    /// The names of the tasks around a place, outermost first, as a path.
    pub(crate) fn path(innermost: Option<&Arc<TaskRun>>) -> String {
        let mut names: Vec<_> = TaskRun::around(innermost)
            .map(|task| task.name.task_type.to_string_lossy())
            .collect();
        names.reverse();
        names.join("/")
    }
}

/// How many ids a thread takes at once: few threads ask for one at the same time then.
const BLOCK: u64 = 64;

/// A number that was not given before.
pub(crate) fn next_id() -> u64 {
    static BLOCKS: AtomicU64 = AtomicU64::new(0);
    per_thread!(NEXT: Cell<u64> = Cell::new(0));
    NEXT.with(|next| {
        if next.get().is_multiple_of(BLOCK) {
            next.set(BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK);
        }
        next.set(next.get() + 1);
        next.get()
    })
}

impl Drop for TaskRun {
    /// Without recursion: a program can nest tasks that it begins by hand without end.
    fn drop(&mut self) {
        let mut outer = self.outer.take();
        while let Some(task) = outer {
            outer = Arc::into_inner(task).and_then(|mut task| task.outer.take());
        }
    }
}
