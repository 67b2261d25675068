//! What happens, told to whoever wants to know: a trace, hooks of the program, probes. They are above all that says
//! something here.
//!
//! To say it costs one load and a branch while nobody wants to know (`wanted`), and else a call of the *subscriber*.
//! There is one for the whole program, which tells all others. It subscribes as the library is loaded, because
//! probes are attached to from outside, with no call of ours. A model loads nothing, so there nobody hears of anything.

mod wanted;

use std::any::Any;
use std::ffi::{CStr, c_void};
use std::ptr::{self, null_mut};

use crate::base::clock::{self, Instant};
use crate::base::error::Error;
use crate::base::sync::OnceLock;
use crate::base::sync::notes::{AtomicPtr, AtomicU64};

pub(crate) use wanted::{WANTED, Who, wanted};

/// A run of a task. Nothing is known of it here: the subscriber lies above the one type that there is, and knows that.
/// (To ask for all that is recorded, one thing after the other, would make it a tenth slower to record a task.)
pub(crate) trait Task: Any {}

/// What the listeners remember of a task; a part of each. Nobody else knows what it means.
pub(crate) struct Memory {
    /// The recorder's.
    pub(crate) recorder: AtomicU64,
    /// The hooks'.
    pub(crate) hooks: AtomicU64,
    pub(crate) hooks_word: AtomicPtr<c_void>,
}

impl Memory {
    pub(crate) const fn empty() -> Memory {
        Memory {
            recorder: AtomicU64::new(0),
            hooks: AtomicU64::new(0),
            hooks_word: AtomicPtr::new(null_mut()),
        }
    }
}

/// Who is told what happens; no task: outside of tasks. None of its functions may be inlined where something happens:
/// that would need more of the stack for it, whether or not anybody wants to know.
pub(crate) trait Subscriber: Sync {
    fn task_begin(&self, task: &dyn Any);
    fn task_end(&self, task: &dyn Any, error: Option<&Error>, cause: Option<&Error>);
    fn task_label(&self, task: &dyn Any);
    fn region_begin(&self, task: Option<&dyn Any>, name: &CStr) -> Region;
    fn region_begin_here(&self, name: &CStr) -> Region;
    fn region_end(&self, region: Region);
    fn apart_begin(&self, task: Option<&dyn Any>, name: &CStr) -> Apart;
    fn apart_end(&self, apart: Apart);
    fn log(&self, task: Option<&dyn Any>, category: &CStr, message: &CStr);
    fn log_here(&self, category: &CStr, message: &CStr);
    fn cancel(&self, handle: *const c_void, cause: &Error);
    fn wait_begin(&self) -> Wait;
    fn wait_end(&self, wait: Wait);
    fn delay_begin(&self, task: Option<&dyn Any>) -> Wait;
    fn gave_up(&self, task: Option<&dyn Any>, message: &CStr);
    fn origin(&self, task: Option<&dyn Any>) -> Origin;
    fn arrive(&self, origin: Origin, task: Option<&dyn Any>);
}

/// A region that has begun on a thread: when it did.
pub(crate) struct Region(pub(crate) usize);

impl Region {
    /// Nobody wanted to know. (It is not 0, which is NULL in C.)
    pub(crate) const UNSEEN: Region = Region(1);
}

/// A wait that has begun on a thread: when it did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) u64);

impl Wait {
    /// Nobody wanted to know.
    pub(crate) const UNSEEN: Wait = Wait(0);
}

/// A region around what waits without a thread: its number, and when it began.
#[derive(Clone, Copy)]
pub(crate) struct Apart {
    pub(crate) id: u64,
    pub(crate) time: u64,
}

impl Apart {
    /// Nothing was recorded then.
    pub(crate) const UNSEEN: Apart = Apart { id: 0, time: 0 };
}

/// A thread and a moment on it, and the task that it was in, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) tid: i32,
    pub(crate) time: u64,
    pub(crate) task: u64,
}

impl Place {
    /// Nothing was recorded then.
    pub(crate) const NOWHERE: Place = Place {
        tid: 0,
        time: 0,
        task: 0,
    };
}

/// Where and when a thread starts what others may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    /// As a trace knows it.
    pub(crate) place: Place,
    /// As hooks know it; 0: there were none.
    pub(crate) spawn: u64,
}

impl Origin {
    /// Nobody wanted to know.
    pub(crate) const NOWHERE: Origin = Origin {
        place: Place::NOWHERE,
        spawn: 0,
    };
}

static SUBSCRIBER: OnceLock<&'static dyn Subscriber> = OnceLock::new();

/// Has what happens told to that one, as long as anybody wants to know. The first one stays.
pub(crate) fn subscribe(subscriber: &'static dyn Subscriber) {
    let _ = SUBSCRIBER.set(subscriber);
}

/// The subscriber, if anybody wants to know what happens.
#[inline]
fn listening() -> Option<&'static dyn Subscriber> {
    if wanted() { subscriber() } else { None }
}

#[inline]
fn subscriber() -> Option<&'static dyn Subscriber> {
    SUBSCRIBER.get().copied()
}

#[inline]
fn seen<T: Task>(task: Option<&T>) -> Option<&dyn Any> {
    task.map(|task| task as &dyn Any)
}

/// A task begins.
#[inline]
pub(crate) fn task_begin(task: &impl Task) {
    if let Some(subscriber) = listening() {
        subscriber.task_begin(task);
    }
}

/// A task ends, with that error, or well; the cause is why it was cancelled, if it was, and is asked for
/// only if somebody wants to know.
#[inline]
pub(crate) fn task_end<'a>(
    task: &impl Task,
    error: Option<&Error>,
    cause: impl FnOnce() -> Option<&'a Error>,
) {
    if let Some(subscriber) = listening() {
        subscriber.task_end(task, error, cause());
    }
}

/// It is said, or said again, which one of its kind a task is.
#[inline]
pub(crate) fn task_label(task: &impl Task) {
    if let Some(subscriber) = listening() {
        subscriber.task_label(task);
    }
}

/// A region begins on the calling thread.
#[inline]
pub(crate) fn region_begin(task: Option<&impl Task>, name: &CStr) -> Region {
    match listening() {
        Some(subscriber) => subscriber.region_begin(seen(task), name),
        None => Region::UNSEEN,
    }
}

/// The same in the task of the calling callback, if there is one. The subscriber looks for it, where it knows the thread anyway.
#[inline]
pub(crate) fn region_begin_here(name: &CStr) -> Region {
    listening().map_or(Region::UNSEEN, |subscriber| {
        subscriber.region_begin_here(name)
    })
}

/// A region of the calling thread ends, and those inside of it. One that began when nobody wanted to know does not
/// show.
#[inline]
pub(crate) fn region_end(region: Region) {
    if region.0 != Region::UNSEEN.0 {
        if let Some(subscriber) = subscriber() {
            subscriber.region_end(region);
        }
    }
}

/// A region begins around what waits without a thread. It may end on another one.
pub(crate) fn apart_begin(task: Option<&impl Task>, name: &CStr) -> Apart {
    listening().map_or(Apart::UNSEEN, |subscriber| {
        subscriber.apart_begin(seen(task), name)
    })
}

/// It ends.
pub(crate) fn apart_end(apart: Apart) {
    if apart.id != Apart::UNSEEN.id {
        if let Some(subscriber) = subscriber() {
            subscriber.apart_end(apart);
        }
    }
}

/// Says something, on the calling thread.
#[inline]
pub(crate) fn log(task: Option<&impl Task>, category: &CStr, message: &CStr) {
    if let Some(subscriber) = listening() {
        subscriber.log(seen(task), category, message);
    }
}

/// The same in the task of the calling callback, if there is one.
#[inline]
pub(crate) fn log_here(category: &CStr, message: &CStr) {
    if let Some(subscriber) = listening() {
        subscriber.log_here(category, message);
    }
}

/// A handle is cancelled, and all below it will be.
#[inline]
pub(crate) fn cancel<H>(handle: &H, cause: &Error) {
    if let Some(subscriber) = listening() {
        subscriber.cancel(ptr::from_ref(handle).cast(), cause);
    }
}

/// If that is so, the calling thread falls asleep, until that moment at the latest, in whatever call it says that it is in
/// (`frames`). What comes back is to be dropped when it is awake again. (Not an option of it: of one that is none, the
/// compiler looks at what is not there, which valgrind takes for a mistake.)
#[inline]
pub(crate) fn asleep(is_so: bool, until: Option<Instant>) -> Asleep {
    let sleeps = || is_so && until.is_none_or(|until| !clock::until(until).is_zero());
    Asleep(match listening() {
        Some(subscriber) if sleeps() => subscriber.wait_begin(),
        _ => Wait::UNSEEN,
    })
}

pub(crate) struct Asleep(Wait);

impl Drop for Asleep {
    #[inline]
    fn drop(&mut self) {
        if self.0 != Wait::UNSEEN {
            if let Some(subscriber) = subscriber() {
                subscriber.wait_end(self.0);
            }
        }
    }
}

/// A supervisor waits, before it runs its child again, until what comes back is dropped.
pub(crate) fn delay(task: Option<&impl Task>) -> Asleep {
    let begin = |subscriber: &dyn Subscriber| subscriber.delay_begin(seen(task));
    Asleep(listening().map_or(Wait::UNSEEN, begin))
}

/// A supervisor does not run its child again, for that has failed too often.
pub(crate) fn gave_up(task: Option<&impl Task>, message: &CStr) {
    if let Some(subscriber) = listening() {
        subscriber.gave_up(seen(task), message);
    }
}

/// Where the calling thread starts what others may do.
#[inline]
pub(crate) fn origin(task: Option<&impl Task>) -> Origin {
    match listening() {
        Some(subscriber) => subscriber.origin(seen(task)),
        None => Origin::NOWHERE,
    }
}

/// The calling thread does what was started there, on another thread.
#[inline]
pub(crate) fn arrive(origin: Origin, task: Option<&impl Task>) {
    arrive_in(origin, seen(task));
}

// Generic code calls it, which Rust keeps for other crates, with all that is inlined in it. If that were `WANTED`, this
// crate would find it, too, only by an address that it loads first.
#[inline(never)]
fn arrive_in(origin: Origin, task: Option<&dyn Any>) {
    if let Some(subscriber) = listening() {
        subscriber.arrive(origin, task);
    }
}
