//! What stands on the stage besides gates and handles: nurseries, promises, values; and the calls of leaves to them.

use crate::abi::*;
use crate::case::{Case, OnFailure, Op, Promised, REPLACED, broken_text};
use crate::observe::Seen;
use crate::play::Answered;
use crate::schedule::Place;
use crate::stage::{Actor, Stage, lock};
use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

pub static KEY: Key = Key {
    name: c"value".as_ptr(),
};

/// How long a leaf dwells: so long that the library sends somebody to help.
const A_WHILE: Duration = Duration::from_micros(150);

/// What a nursery's `on_failure` works on.
pub struct Side {
    on_failure: OnFailure,
    /// The stage, which is not there yet when this is made.
    stage: AtomicPtr<Stage>,
    count: AtomicUsize,
}

impl Side {
    pub fn all(case: &Case) -> Vec<Side> {
        let side = |plan: &crate::case::Nursery| Side {
            on_failure: plan.on_failure,
            stage: AtomicPtr::default(),
            count: AtomicUsize::new(0),
        };
        case.nurseries.iter().map(side).collect()
    }

    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }
}

/// A value that a process has.
pub struct Value {
    number: usize,
    /// How many times it was given to the library, and how many times it was let go.
    made: AtomicUsize,
    destroyed: AtomicUsize,
}

impl Value {
    pub fn new(number: usize) -> Value {
        Value {
            number,
            made: AtomicUsize::new(0),
            destroyed: AtomicUsize::new(0),
        }
    }

    pub fn fault(&self) -> Option<String> {
        let (made, destroyed) = (self.made.load(SeqCst), self.destroyed.load(SeqCst));
        let text = || {
            let number = self.number;
            format!("value {number} was destroyed {destroyed} times, not {made}")
        };
        (made != destroyed).then(text)
    }
}

/// Our references to the promises; NULL once they are gone.
pub struct Promises(Mutex<Vec<*mut Promise>>);

impl Promises {
    pub fn new(count: usize) -> Promises {
        // SAFETY: nothing is asked for.
        Promises(Mutex::new(
            (0..count).map(|_| unsafe { proc_promise_new() }).collect(),
        ))
    }

    /// Another reference to it; NULL if it is gone.
    fn share(&self, promise: usize) -> *mut Promise {
        // SAFETY: it is ours, or NULL.
        unsafe { proc_promise_ref(lock(&self.0)[promise]) }
    }

    fn release(&self, promise: usize) {
        let ours = std::mem::replace(&mut lock(&self.0)[promise], ptr::null_mut());
        // SAFETY: it is ours, or NULL.
        unsafe { proc_promise_unref(ours) };
    }
}

impl Stage {
    pub fn put_to_spawn(&self, place: Place, child: *mut Impl) {
        lock(&self.to_spawn).insert(place, child);
    }

    pub fn side_of_nursery(&self, number: usize) -> *mut c_void {
        let side = &self.sides[number];
        side.stage.store(ptr::from_ref(self).cast_mut(), SeqCst);
        ptr::from_ref(side).cast_mut().cast()
    }

    pub fn make_value(&self, number: usize) -> *mut c_void {
        let value = &self.values[number];
        value.made.fetch_add(1, SeqCst);
        ptr::from_ref(value).cast_mut().cast()
    }

    pub fn await_promise(&self, promise: usize) -> *mut Impl {
        let shared = self.promises.share(promise);
        // SAFETY: it is borrowed, and the reference is our own.
        unsafe {
            let awaits = proc_await(shared);
            proc_promise_unref(shared);
            awaits
        }
    }

    pub fn complete_before_the_run(&self) {
        for (promise, promised) in self.case.promises.iter().enumerate() {
            promised.and_then(|promised| self.complete(promise, promised));
        }
    }

    /// Whether that was the first time.
    fn complete(&self, promise: usize, promised: Promised) -> Option<bool> {
        let error = match promised {
            Promised::Nothing => {
                self.promises.release(promise);
                return None;
            }
            Promised::Success => ptr::null_mut(),
            Promised::Failure(code) => self.error(code, Some(&broken_text(code))),
        };
        let shared = self.promises.share(promise);
        // SAFETY: the reference is our own, or NULL; the error is handed over.
        unsafe {
            let is_first = proc_promise_complete(shared, error);
            proc_promise_unref(shared);
            Some(is_first)
        }
    }

    pub fn enter(&self, leaf: usize) {
        if let Some(fault) = self.crowds.enter(leaf) {
            self.fault(fault);
        }
    }

    fn log(&self, leaf: usize, answered: Answered) {
        lock(&self.logs[leaf]).answers.push(answered);
    }

    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    pub unsafe fn look_for_value(&self, leaf: usize, cancel: *mut Cancel) {
        // SAFETY: the caller vouches for the handle; the values are on the stage.
        let number = unsafe {
            let value = proc_value(cancel, &KEY).cast::<Value>();
            if value != proc_value(ptr::null(), &KEY).cast::<Value>() {
                self.fault(format!("leaf {leaf}: the current value is another one"));
            }
            value.as_ref().map_or(0, |value| value.number + 1)
        };
        self.log(leaf, Answered::Number(number));
    }

    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    pub unsafe fn perform_more(&self, op: Op, leaf: usize, cancel: *mut Cancel) {
        match op {
            Op::Spawn(nursery, child) => self.spawn(proc_spawn, leaf, (nursery, child)),
            Op::TrySpawn(nursery, child) => self.spawn(proc_try_spawn, leaf, (nursery, child)),
            Op::NurseryWait(number) => {
                // SAFETY: the nursery is ours, or NULL.
                let rested = unsafe { proc_nursery_wait(self.nursery(number), -1) };
                self.log(leaf, Answered::Bool(rested));
            }
            Op::Count(number) => {
                // SAFETY: as above.
                let count = unsafe { proc_nursery_count(self.nursery(number)) };
                self.log(leaf, Answered::Number(count));
            }
            Op::Draining => {
                // SAFETY: the caller vouches for the handle.
                let draining = unsafe { proc_draining(cancel) };
                self.log(leaf, Answered::Bool(draining));
            }
            Op::Complete(promise, promised) => {
                if let Some(is_first) = self.complete(promise, promised) {
                    self.log(leaf, Answered::Bool(is_first));
                }
            }
            // SAFETY: without a handle it only waits.
            Op::Dwell if unsafe { proc_simulated() } => unsafe {
                let _ = proc_wait(ptr::null_mut(), A_WHILE.as_nanos() as i64);
            },
            Op::Dwell => std::thread::sleep(A_WHILE),
            _ => unreachable!("the stage itself does that"),
        }
    }

    /// The nursery with that number, for as long as the run lasts; NULL if it has not begun.
    fn nursery(&self, number: usize) -> *mut Nursery {
        let nursery = lock(&self.nurseries).get(&number).copied();
        nursery.unwrap_or(ptr::null_mut())
    }

    fn spawn(
        &self,
        spawn: unsafe extern "C" fn(*mut Nursery, *mut Impl) -> *mut Error,
        leaf: usize,
        place: Place,
    ) {
        let Some(child) = lock(&self.to_spawn).remove(&place) else {
            return self.fault(format!("leaf {leaf}: {place:?} was spawned twice"));
        };
        let mut faults = Vec::new();
        // SAFETY: the nursery is ours, the child is handed over, and the error is ours until it is released.
        let seen = unsafe {
            let error = spawn(self.nursery(place.0), child);
            let seen = (!error.is_null()).then(|| Seen::read(error, &mut faults));
            proc_error_unref(error);
            seen
        };
        self.log(leaf, Answered::Error(seen));
        lock(&self.faults).append(&mut faults);
    }

    /// Lets go what nobody has taken, when the run is over.
    pub fn clear(&self) {
        // SAFETY: each is ours, or NULL.
        unsafe {
            lock(&self.to_spawn)
                .drain()
                .for_each(|(_, child)| proc_unref(child));
            for (number, nursery) in lock(&self.nurseries).drain() {
                if proc_nursery_count(nursery) != 0 {
                    self.fault(format!("nursery {number} has completed and has children"));
                }
                proc_nursery_unref(nursery);
            }
        }
        (0..self.case.promises.len()).for_each(|promise| self.promises.release(promise));
    }
}

/// The callback of a `proc_each`.
///
/// # Safety
/// `user_data` points to an actor, as the builder arranges.
pub unsafe extern "C" fn act_for_index(
    cancel: *mut Cancel,
    index: usize,
    user_data: *mut c_void,
) -> *mut Error {
    // SAFETY: the actor outlives the run.
    let actor = unsafe { &*user_data.cast::<Actor>() };
    let Some(leaf) = actor.indices.get(index) else {
        actor.stage.fault(format!("there is no index {index}"));
        return ptr::null_mut();
    };
    // SAFETY: the library gives the leaf its handle.
    unsafe { actor.stage.act(*leaf, cancel) }
}

/// The callback of a nursery's body.
///
/// # Safety
/// `user_data` points to an actor, as the builder arranges.
pub unsafe extern "C" fn act_in_nursery(
    nursery: *mut Nursery,
    cancel: *mut Cancel,
    user_data: *mut c_void,
) -> *mut Error {
    // SAFETY: the actor outlives the run, and the nursery its body.
    let (actor, ours) = unsafe { (&*user_data.cast::<Actor>(), proc_nursery_ref(nursery)) };
    let stage = &actor.stage;
    lock(&stage.nurseries).insert(actor.nursery, ours);
    // SAFETY: as above.
    if unsafe { proc_nursery_cancel(nursery) } != cancel {
        stage.fault(format!(
            "leaf {}: its nursery has another handle",
            actor.leaf
        ));
    }
    // SAFETY: the library gives the leaf its handle.
    unsafe { stage.act(actor.leaf, cancel) }
}

/// What the errors of a nursery's children pass through.
///
/// # Safety
/// `user_data` points to a side, whose stage is there until the run is over.
pub unsafe extern "C" fn pass(error: *mut Error, user_data: *mut c_void) -> *mut Error {
    // SAFETY: the caller vouches for it.
    let side = unsafe { &*user_data.cast::<Side>() };
    side.count.fetch_add(1, SeqCst);
    let replaces = match side.on_failure {
        OnFailure::Swallow => false,
        OnFailure::Replace => true,
        OnFailure::None | OnFailure::Pass => return error,
    };
    // SAFETY: the error is handed over; the stage is there.
    unsafe {
        proc_error_unref(error);
        match replaces {
            true => (*side.stage.load(SeqCst)).error(REPLACED.0, Some(REPLACED.1)),
            false => ptr::null_mut(),
        }
    }
}

/// # Safety
/// `value` points to a value on the stage.
pub unsafe extern "C" fn let_go(value: *mut c_void) {
    // SAFETY: the caller vouches for it.
    unsafe { &*value.cast::<Value>() }
        .destroyed
        .fetch_add(1, SeqCst);
}
