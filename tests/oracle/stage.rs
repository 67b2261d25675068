//! The stage: what the callbacks of one run share, and the callbacks themselves, which act out the
//! leaves' scripts.

use crate::abi::*;
use crate::case::{Case, End, Op, Outside, Target, cause_text};
use crate::crowd::Crowds;
use crate::observe::Seen;
use crate::play::Log;
use crate::props::{Promises, Side, Value};
use crate::schedule::Place;
use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// Everything that the callbacks of one run share.
pub struct Stage {
    pub case: Case,
    gates: Mutex<Vec<bool>>,
    bell: Condvar,
    racers_there: AtomicUsize,
    pub logs: Vec<Mutex<Log>>,
    pub faults: Mutex<Vec<String>>,
    pub handles: [*mut Cancel; 2],
    /// The handle that each run of a leaf was given, kept so that it cannot be mistaken for a later
    /// one.
    pub kept: Mutex<Vec<(usize, *mut Cancel)>>,
    /// What is there to be spawned.
    pub to_spawn: Mutex<HashMap<Place, *mut Impl>>,
    /// Our references to the nurseries that have begun.
    pub nurseries: Mutex<HashMap<usize, *mut Nursery>>,
    pub sides: Vec<Side>,
    pub values: Vec<Value>,
    pub promises: Promises,
    pub crowds: Crowds,
    pub errors_made: AtomicUsize,
    pub errors_freed: AtomicUsize,
}

/// The user data of one leaf.
pub struct Actor {
    pub stage: Arc<Stage>,
    pub leaf: usize,
    /// The leaves whose indices it stands for.
    pub indices: Vec<usize>,
    /// The nursery whose body it is.
    pub nursery: usize,
    pub destroyed: AtomicUsize,
}

// SAFETY: the handles are the only members that are not Sync by themselves, and the library lets
// every thread use them.
unsafe impl Sync for Stage {}
// SAFETY: as above; they are released after the last callback has returned.
unsafe impl Send for Stage {}

/// Nobody panics while holding one of these locks.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a callback panicked")
}

impl Stage {
    pub fn new(case: Case) -> Stage {
        let mut handles = [ptr::null_mut(); 2];
        if case.outside != Outside::Null {
            // SAFETY: NULL and a live handle are both good parents.
            unsafe {
                handles[0] = proc_cancel_new(ptr::null_mut());
                handles[1] = proc_cancel_new(handles[0]);
            }
        }
        Stage {
            gates: Mutex::new(vec![false; case.gates]),
            bell: Condvar::new(),
            racers_there: AtomicUsize::new(0),
            to_spawn: Mutex::default(),
            nurseries: Mutex::default(),
            sides: Side::all(&case),
            values: (0..case.values).map(Value::new).collect(),
            promises: Promises::new(case.promises.len()),
            crowds: Crowds::of(&case),
            logs: case.leaves.iter().map(|_| Mutex::default()).collect(),
            case,
            faults: Mutex::default(),
            handles,
            kept: Mutex::default(),
            errors_made: AtomicUsize::new(0),
            errors_freed: AtomicUsize::new(0),
        }
    }

    pub fn actors(self: &Arc<Stage>) -> Vec<Actor> {
        let actor = |leaf| Actor {
            stage: self.clone(),
            leaf,
            indices: Vec::new(),
            nursery: 0,
            destroyed: AtomicUsize::new(0),
        };
        (0..self.case.leaves.len()).map(actor).collect()
    }

    pub fn fault(&self, text: String) {
        lock(&self.faults).push(text);
    }

    pub fn handle(&self, target: Target, own: *mut Cancel) -> *mut Cancel {
        match target {
            Target::Own => own,
            Target::Given => self.handles[1],
            Target::Outer => self.handles[0],
        }
    }

    /// An error whose release is counted.
    pub fn error(&self, code: i32, text: Option<&str>) -> *mut Error {
        let text = text.map(|text| CString::new(text).expect("texts have no NUL"));
        let message = text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        self.errors_made.fetch_add(1, SeqCst);
        let counter = ptr::from_ref(&self.errors_freed).cast_mut().cast();
        // SAFETY: the message is copied, and the counter outlives the error, or is leaked with the
        // stage.
        unsafe { proc_error_with_payload(code, message, counter, Some(count_one)) }
    }

    /// # Safety
    /// `handle` must be a live handle.
    pub unsafe fn trigger(&self, handle: *mut Cancel, code: Option<i32>) {
        let cause = code.map_or(ptr::null_mut(), |code| {
            self.error(code, Some(&cause_text(code)))
        });
        // SAFETY: the caller vouches for the handle; the cause is handed over.
        unsafe {
            proc_cancel_trigger(handle, cause);
            if !proc_cancelled(handle) {
                self.fault("a handle is not cancelled after proc_cancel_trigger".into());
            }
        }
    }

    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    unsafe fn perform(&self, op: Op, leaf: usize, cancel: *mut Cancel) {
        match op {
            Op::Open(gate) => {
                lock(&self.gates)[gate] = true;
                self.bell.notify_all();
            }
            Op::Await(gate) => {
                let closed = |gates: &mut Vec<bool>| !gates[gate];
                // SAFETY: these calls take nothing.
                while unsafe { proc_simulated() } && closed(&mut lock(&self.gates)) {
                    // SAFETY: as above.
                    unsafe { proc_yield() };
                }
                drop(
                    self.bell
                        .wait_while(lock(&self.gates), closed)
                        .expect("a callback panicked"),
                );
            }
            Op::Look => {
                // The two ways to look must say the same; which one is used varies from leaf to
                // leaf. SAFETY: the caller vouches for the handle.
                let seen = unsafe {
                    if leaf % 2 == 0 {
                        proc_cancelled(cancel)
                    } else {
                        proc_wait(cancel, 0)
                    }
                };
                lock(&self.logs[leaf]).looks.push(seen);
            }
            // SAFETY: the caller vouches for the handle.
            Op::WaitCancel => unsafe { self.wait(leaf, cancel) },
            // SAFETY: as above; the handles outside live until the run is over.
            Op::Trigger(target, code) => unsafe { self.trigger(self.handle(target, cancel), code) },
            Op::LineUp(_) => _ = self.racers_there.fetch_add(1, SeqCst),
            Op::Race(_) => self.await_racers(),
            // SAFETY: as above.
            op => unsafe { self.perform_more(op, leaf, cancel) },
        }
    }

    /// Spins, for whoever slept would be late.
    fn await_racers(&self) {
        for turn in 1_u32.. {
            if self.racers_there.load(SeqCst) >= self.case.racers {
                return;
            }
            // SAFETY: the call takes nothing.
            unsafe { proc_yield() };
            // There may be more racers than cores.
            if turn % 1_000 == 0 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }

    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    unsafe fn wait(&self, leaf: usize, cancel: *mut Cancel) {
        // All these mean for ever, as far as a test can tell.
        let for_ever = [-1, i64::MIN, i64::MAX, 1_000_000_000_000_000];
        let mut faults = Vec::new();
        // SAFETY: the caller vouches for the handle; its cause lives as long as the handle.
        let cause = unsafe {
            if !proc_wait(cancel, for_ever[leaf % for_ever.len()]) || !proc_cancelled(cancel) {
                faults.push(format!(
                    "leaf {leaf}: proc_wait came back without cancellation"
                ));
            }
            let cause = proc_cancel_cause(cancel);
            (!cause.is_null()).then(|| Seen::read(cause, &mut faults))
        };
        lock(&self.logs[leaf]).woken_by.push(cause);
        lock(&self.faults).append(&mut faults);
    }

    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    unsafe fn end(&self, leaf: usize, cancel: *mut Cancel) -> *mut Error {
        match &self.case.leaves[leaf].end {
            End::Success => ptr::null_mut(),
            End::Fail { code, text } => self.error(*code, text.as_deref()),
            End::CancelError => {
                // SAFETY: the caller vouches for the handle.
                let (error, cause) =
                    unsafe { (proc_cancel_error(cancel), proc_cancel_cause(cancel)) };
                if !error.is_null() && error.cast_const() != cause {
                    self.fault(format!(
                        "leaf {leaf}: proc_cancel_error is not the very cause"
                    ));
                }
                lock(&self.logs[leaf]).looks.push(!error.is_null());
                error
            }
        }
    }
}

impl Stage {
    /// Acts out a leaf.
    ///
    /// # Safety
    /// `cancel` is the handle that the leaf was given.
    pub unsafe fn act(&self, leaf: usize, cancel: *mut Cancel) -> *mut Error {
        lock(&self.logs[leaf]).started += 1;
        self.enter(leaf);
        // SAFETY: a callback may keep the handle that it is given.
        lock(&self.kept).push((leaf, unsafe { proc_cancel_ref(cancel) }));
        // SAFETY: it is the leaf's handle.
        unsafe { self.look_for_value(leaf, cancel) };
        for op in &self.case.leaves[leaf].ops {
            // SAFETY: as above.
            unsafe { self.perform(*op, leaf, cancel) };
        }
        self.crowds.leave(leaf);
        // SAFETY: as above.
        unsafe { self.end(leaf, cancel) }
    }
}

/// The callback of every leaf.
///
/// # Safety
/// `user_data` points to an actor, as the builder arranges.
pub unsafe extern "C" fn act(cancel: *mut Cancel, user_data: *mut c_void) -> *mut Error {
    // SAFETY: the actor outlives the run.
    let actor = unsafe { &*user_data.cast::<Actor>() };
    // SAFETY: the library gives the leaf its handle.
    unsafe { actor.stage.act(actor.leaf, cancel) }
}

/// # Safety
/// `user_data` points to an actor, as the builder arranges.
pub unsafe extern "C" fn dismiss(user_data: *mut c_void) {
    // SAFETY: the actor is freed only after it was dismissed, and else leaked.
    unsafe { &*user_data.cast::<Actor>() }
        .destroyed
        .fetch_add(1, SeqCst);
}

/// # Safety
/// `counter` points to an AtomicUsize.
unsafe extern "C" fn count_one(counter: *mut c_void) {
    // SAFETY: the caller vouches for it.
    unsafe { &*counter.cast::<AtomicUsize>() }.fetch_add(1, SeqCst);
}
