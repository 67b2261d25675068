//! One run of a task, as what runs inside of it knows it.

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::mem;
use std::ops::Deref;

use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::events::{self, Memory, Task};
use crate::base::generation;
use crate::base::short_text::ShortText;
use crate::base::sync::notes::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Arc, Mutex, per_thread};
use crate::base::thread_name::ThreadName;
use crate::base::world;

/// What all runs of a task are called.
pub(crate) struct Name {
    pub(super) task_type: ShortText,
    pub(super) on_thread: ThreadName,
}

/// The name of one run: that of all runs of a process, or, of a task that was begun by hand, its own, which saves it
/// an allocation.
enum Named {
    Shared(Arc<Name>),
    Own(Name),
}

/// A tree with services, below `proc_main` or in a stack, as `readiness` numbers them; 0: none such.
pub(crate) type Tree = u64;

/// Who is told of a task that was begun by hand, and can be ended by nobody any more: where it is in the list.
pub(super) type Abandoned = fn(place: u32);

/// One run of a task; shared by the threads that work in it.
pub(crate) struct TaskRun {
    name: Named,
    outer: Option<Common<TaskRun>>,
    /// The tree that expects it to say that it is up, as one of its services.
    expected_in: Tree,
    has_said: AtomicBool,
    /// 0: nobody has asked for it yet.
    id: AtomicU64,
    has_ended: AtomicBool,
    memory: Memory,
    /// Which one of its kind it is, if the program has said so.
    label: Mutex<Label>,
    /// Whether it ever had one: spares most the lock.
    had_label: AtomicBool,
    /// A program has begun it by hand, and has not ended it.
    by_hand: AtomicBool,
    abandoned: Option<Abandoned>,
    /// Then: where it is in the list of these, and of which process that list is, as `generation` numbers them.
    place: AtomicU32,
    process: AtomicU32,
}

impl Name {
    pub(crate) fn new(task_type: &CStr) -> Name {
        Name {
            task_type: ShortText::of(task_type),
            on_thread: ThreadName::of(task_type),
        }
    }

    pub(crate) fn text(&self) -> &CStr {
        self.task_type.text()
    }
}

impl Deref for Named {
    type Target = Name;
    fn deref(&self) -> &Name {
        match self {
            Named::Shared(name) => name,
            Named::Own(name) => name,
        }
    }
}

impl TaskRun {
    pub(crate) fn begin(
        name: Arc<Name>,
        outer: Option<Common<TaskRun>>,
        expected_in: Tree,
    ) -> Common<TaskRun> {
        TaskRun::make(Named::Shared(name), outer, expected_in, None)
    }

    /// One that a program is to end.
    pub(crate) fn begin_by_hand(
        name: Name,
        outer: Option<Common<TaskRun>>,
        abandoned: Abandoned,
    ) -> Common<TaskRun> {
        TaskRun::make(Named::Own(name), outer, 0, Some(abandoned))
    }

    #[inline(always)] // A call costs as much as all else that the trace takes of a task while it is off.
    fn make(
        name: Named,
        outer: Option<Common<TaskRun>>,
        expected_in: Tree,
        abandoned: Option<Abandoned>,
    ) -> Common<TaskRun> {
        let run = Common::new(|| TaskRun {
            name,
            outer,
            expected_in,
            has_said: AtomicBool::new(false),
            id: AtomicU64::new(0),
            has_ended: AtomicBool::new(false),
            memory: Memory::empty(),
            label: Mutex::new(None),
            had_label: AtomicBool::new(false),
            by_hand: AtomicBool::new(abandoned.is_some()),
            abandoned,
            place: AtomicU32::new(0),
            process: AtomicU32::new(0),
        });
        events::task_begin(&*run);
        run
    }

    /// It ends, with that error, or well; the cause is why it was cancelled, if it was, and is asked for only if
    /// somebody wants to know.
    #[inline]
    pub(crate) fn end<'a>(&self, error: Option<&Error>, cause: impl FnOnce() -> Option<&'a Error>) {
        events::task_end(self, error, cause);
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// The right to end one that was begun by hand: it is given once.
    pub(crate) fn claim_end(&self) -> bool {
        self.by_hand.swap(false, Ordering::Relaxed)
    }

    /// The same under a lock that all take who claim it.
    pub(crate) fn claim_end_alone(&self) -> bool {
        let is_to_end = self.by_hand.load(Ordering::Relaxed);
        if is_to_end {
            self.by_hand.store(false, Ordering::Relaxed);
        }
        is_to_end
    }

    /// Where it is in the list of those that were begun by hand. Before anybody else knows the task.
    pub(crate) fn note_place(&self, place: u32) {
        self.place.store(place, Ordering::Relaxed);
        self.process.store(generation::current(), Ordering::Relaxed);
    }

    /// Where that is; `None`: it was begun before this process was forked, whose list does not have it.
    pub(crate) fn place(&self) -> Option<u32> {
        let is_here = self.process.load(Ordering::Relaxed) == generation::current();
        is_here.then(|| self.place.load(Ordering::Relaxed))
    }

    /// A number that no other run has; given when somebody first asks, since most are never asked for.
    pub(crate) fn id(&self) -> u64 {
        match self.id.load(Ordering::Relaxed) {
            0 => self.give_id(),
            id => id,
        }
    }

    /// The same while nobody else knows the run.
    pub(crate) fn first_id(&self) -> u64 {
        let id = next_id();
        self.id.store(id, Ordering::Relaxed);
        id
    }

    fn give_id(&self) -> u64 {
        let id = next_id();
        let given = (self.id).compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed);
        given.map_or_else(|earlier| earlier, |_| id)
    }

    pub(crate) fn name(&self) -> &CStr {
        self.name.text()
    }

    /// The innermost task around it.
    pub(crate) fn outer(&self) -> Option<&TaskRun> {
        self.outer.as_deref()
    }

    /// What those remember of it who are told of it.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Says which one of its kind it is, or no more. Once it has ended, that is not changed; tells whether it was.
    pub(crate) fn set_label(&self, label: Option<&CStr>) -> bool {
        if self.has_ended() {
            return false;
        }
        let label = label.map(|label| Arc::new(label.to_owned()));
        self.had_label.store(true, Ordering::Relaxed);
        let former = mem::replace(&mut *self.label.lock(), label);
        drop(former); // Under no lock.
        true
    }

    pub(crate) fn label(&self) -> Label {
        if !self.had_label.load(Ordering::Relaxed) {
            return None;
        }
        self.label.lock().clone()
    }

    /// Whether it has ended, so that it is known only to who kept its handle, and below it.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Whether a tree expects it to say that it is up.
    pub(crate) fn is_service(&self) -> bool {
        self.expected_in != 0
    }

    /// That tree; 0: none.
    pub(super) fn expected_in(&self) -> Tree {
        self.expected_in
    }

    /// Notes that it has said so; tells the first time which tree expects that.
    pub(super) fn note_up(&self) -> Option<Tree> {
        (!self.has_said.swap(true, Ordering::Relaxed)).then_some(self.expected_in)
    }

    /// The innermost service around a place.
    pub(super) fn innermost_service(
        innermost: Option<&Common<TaskRun>>,
    ) -> Option<&Common<TaskRun>> {
        TaskRun::around(innermost).find(|task| task.is_service())
    }

    /// The tasks around a place, innermost first.
    pub(crate) fn around(
        innermost: Option<&Common<TaskRun>>,
    ) -> impl Iterator<Item = &Common<TaskRun>> {
        std::iter::successors(innermost, |task| task.outer.as_ref())
    }

    pub(crate) fn thread_name(&self) -> &ThreadName {
        &self.name.on_thread
    }

    /// The names of the tasks around a place, outermost first, as a path.
    pub(crate) fn path(innermost: Option<&Common<TaskRun>>) -> String {
        let mut names: Vec<_> = TaskRun::around(innermost)
            .map(|task| task.name.text().to_string_lossy())
            .collect();
        names.reverse();
        names.join("/")
    }
}

impl Task for TaskRun {}

/// Which one of its kind a task is, if that was said.
pub(crate) type Label = Option<Arc<CString>>;

/// How many ids a thread takes at once: few threads ask for one at the same time then.
const BLOCK: u64 = 64;

/// A number that was not given before.
pub(crate) fn next_id() -> u64 {
    if let Some(world) = world::here() {
        return world.number_task();
    }
    static BLOCKS: AtomicU64 = AtomicU64::new(0);
    per_thread!(NEXT: Cell<u64> = Cell::new(0));
    NEXT.with(|next| {
        if next.get() % BLOCK == 0 {
            next.set(BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK);
        }
        next.set(next.get() + 1);
        next.get()
    })
}

impl Drop for TaskRun {
    /// Without recursion: a program can nest tasks that it begins by hand without end.
    fn drop(&mut self) {
        if *self.by_hand.get_mut() {
            if let (Some(abandoned), Some(place)) = (self.abandoned, self.place()) {
                abandoned(place); // Nobody has ended it.
            }
        }
        let mut outer = self.outer.take();
        while let Some(task) = outer {
            outer = Common::into_inner(task).and_then(|mut task| task.outer.take());
        }
    }
}
