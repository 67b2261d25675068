//! Whether the program fails as a whole: a failure has cancelled what all of it is.
//!
//! What all of it is, is the group, nursery, stack or race that nothing but tasks, services, regions and shields of the tree is
//! around which `proc_main` runs. Once a failure has cancelled that, nothing of the tree goes on for long: so there may be a time
//! after which whatever does not return is given up. Nothing is looked for, or noted, unless somebody has asked for it.

use crate::base::clock::{self, Instant};
use crate::base::common::Known;
use crate::base::error::Error;
use crate::base::sync::notes::{AtomicBool, AtomicUsize, Ordering};
use crate::base::sync::{Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::cancel::{Cancel, Node};

// Whether it is looked for. It is set and found on one thread, the one that runs the tree.
static IS_LOOKED_FOR: AtomicBool = AtomicBool::new(false);
// The address of the handle whose cancellation by a failure is noted; 0: none. Who misses it has another handle.
static WATCHED: AtomicUsize = AtomicUsize::new(0);

per_world!(FAILING: Mutex<Failing> = Mutex::new(Failing::NONE));

/// Of the present run of `proc_main`.
pub(crate) struct Failing {
    /// What is watched, so that no other handle gets its address.
    watched: Option<Known<Node>>,
    failed: Option<Failed>,
    /// Who is told.
    on_failure: fn(),
}

/// Which failure it was, and when it cancelled the others.
#[derive(Clone)]
pub(crate) struct Failed {
    pub(crate) at: Instant,
    pub(crate) error: Error,
}

impl Failing {
    const NONE: Failing = Failing {
        watched: None,
        failed: None,
        on_failure: || (),
    };
}

/// Begins to look for it. Who is told of the failure is told under the lock of this room.
pub(crate) fn begin(on_failure: fn()) {
    FAILING.lock().on_failure = on_failure;
    IS_LOOKED_FOR.store(true, Ordering::Relaxed);
}

pub(crate) fn end() {
    let former = std::mem::replace(&mut *FAILING.lock(), forgotten());
    drop(former); // Under no lock: the error may be the last of its kind.
}

fn forgotten() -> Failing {
    IS_LOOKED_FOR.store(false, Ordering::Relaxed);
    WATCHED.store(0, Ordering::Relaxed);
    Failing::NONE
}

#[inline(always)]
pub(crate) fn is_looked_for() -> bool {
    IS_LOOKED_FOR.load(Ordering::Relaxed)
}

/// It was found: what has this handle.
pub(crate) fn watch(handle: &Cancel) {
    IS_LOOKED_FOR.store(false, Ordering::Relaxed);
    FAILING.lock().watched = Some(handle.downgrade());
    WATCHED.store(address(handle), Ordering::Relaxed);
}

/// A failure was to cancel what has this handle, with that cause.
pub(crate) fn note(handle: &Cancel, cause: &Error, failure: &Error) {
    if is_watched(handle) && handle.cause().is_some_and(|first| first.is(cause)) {
        let at = clock::now();
        let error = failure.clone();
        let mut failing = FAILING.lock();
        if failing.failed.is_none() {
            failing.failed = Some(Failed { at, error });
            (failing.on_failure)();
        }
    }
}

pub(crate) fn is_watched(handle: &Cancel) -> bool {
    WATCHED.load(Ordering::Relaxed) == address(handle)
}

pub(crate) fn failed() -> Option<Failed> {
    FAILING.lock().failed.clone()
}

fn address(handle: &Cancel) -> usize {
    std::ptr::from_ref::<Node>(handle).addr()
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Failing>;

pub(crate) fn hold() -> Held {
    FAILING.lock()
}

/// In a child of `fork`: no `proc_main` runs there.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::replace(&mut *held, forgotten()));
}
