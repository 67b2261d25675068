//! Processes that say themselves who has made them: those that a child of the program forks, as long as it has executed nothing.
//!
//! Such a child has the library, with its handler of `fork` (`fork.rs`). In a child's child that notes its number in memory which all of them
//! share. So who has forked twice, and ended at once, is known.
//!
//! unsafe: the memory is made by a system call, and shared with other processes.
#![allow(unsafe_code)]

use super::zombie::{self, Fate};
use crate::base::generation;
use crate::base::sync::notes::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

/// More at a time are not noted.
const MOST: usize = 1000;

/// What is shared. All zeros are valid.
struct Shared {
    /// Whether somebody wants to know.
    is_on: AtomicBool,
    /// The generation of the process that does.
    generation: AtomicU32,
    /// Numbers of processes that others have made; 0: none.
    processes: [AtomicI32; MOST],
}

static SHARED: AtomicPtr<Shared> = AtomicPtr::new(std::ptr::null_mut());

/// Whether this process counts processes otherwise than the one that wants to know.
static IS_ELSEWHERE: AtomicBool = AtomicBool::new(false);

fn shared() -> Option<&'static Shared> {
    // SAFETY: it is NULL, or memory that is never given back; a child of `fork` has it at the same place.
    unsafe { SHARED.load(Ordering::Acquire).as_ref() }
}

/// Without memory nothing is noted.
pub(super) fn begin() {
    let own = shared()
        .filter(|shared| shared.generation.load(Ordering::Relaxed) == generation::current());
    let Some(shared) = own.or_else(make) else {
        return;
    };
    IS_ELSEWHERE.store(false, Ordering::Relaxed);
    shared.is_on.store(true, Ordering::Release);
}

fn make() -> Option<&'static Shared> {
    // SAFETY: new memory, all zeros, which is a valid value.
    let made = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size_of::<Shared>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if made == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: as above; it is never given back.
    let shared = unsafe { &*made.cast::<Shared>() };
    let generation = generation::current();
    shared.generation.store(generation, Ordering::Relaxed);
    SHARED.store(made.cast(), Ordering::Release);
    Some(shared)
}

pub(super) fn end() {
    if let Some(shared) = shared() {
        shared.is_on.store(false, Ordering::Release);
        shared.forget(|_| true);
    }
}

/// Reaps those that have ended as children of this program, and forgets those that are not there any more.
pub(super) fn reap() {
    if let Some(shared) = shared() {
        shared.forget(|process| zombie::reap(process) != Fate::Lives);
    }
}

/// In a child of `fork`: notes that it is not the child of who wants to know. A child that is one may have a number that another one
/// had.
pub(crate) fn after_fork() {
    let Some(shared) = shared().filter(|shared| shared.is_on.load(Ordering::Acquire)) else {
        return;
    };
    // SAFETY: these calls take nothing.
    let (process, parent) = unsafe { (libc::getpid(), libc::getppid()) };
    if parent == 0 {
        IS_ELSEWHERE.store(true, Ordering::Relaxed); // In a new namespace, its parent is in none.
    }
    if IS_ELSEWHERE.load(Ordering::Relaxed) {
        return;
    }
    shared.forget(|other| other == process);
    let first = shared.generation.load(Ordering::Relaxed);
    if generation::current().wrapping_sub(first) > 1 {
        shared.note(process);
    }
}

impl Shared {
    fn note(&self, process: i32) {
        let (order, relaxed) = (Ordering::AcqRel, Ordering::Relaxed);
        let takes = |place: &&AtomicI32| place.compare_exchange(0, process, order, relaxed).is_ok();
        let _ = self.processes.iter().find(takes);
    }

    fn forget(&self, is_one: impl Fn(i32) -> bool) {
        for place in &self.processes {
            let process = place.load(Ordering::Acquire);
            if process != 0 && is_one(process) {
                let (order, relaxed) = (Ordering::AcqRel, Ordering::Relaxed);
                let _ = place.compare_exchange(process, 0, order, relaxed);
            }
        }
    }
}
