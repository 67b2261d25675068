//! What a thread of the library is made like.
//!
//! Invariant:
//! - **T2 no signals.** Asynchronous signals are blocked on all threads of the library, so that those of the
//!   program receive them, but for the few that each thread must have itself (`open` of the configuration). A
//!   program started from a callback inherits that mask, unless it is by `fork` (`signal`).
//! - **T9 heirs.** A thread that makes others again and again, the sentinel, has the mask and the name that they are to have, and runs nothing of
//!   the program's that could change these meanwhile. So they have them from the beginning: neither it nor they ask the kernel for that.
//!
//! unsafe: `std`'s spawn aborts the program when it cannot set up a thread's signal stack
//! (rust-lang/rust#78497), so threads are made with `pthread_create`.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;

// A model makes threads of its own.
#[cfg(all(test, loom))]
use crate::base::models::threads::pthread_create;
#[cfg(not(all(test, loom)))]
use libc::pthread_create;

use super::{NoThread, patience};
use crate::base::counts::{self, Counted};
use crate::base::mask::{self, FAULTS, Mask};
use crate::base::sync::per_thread;
use crate::base::user_data::Notice;
use crate::base::{bug, thread_name};
use crate::engine::config::{self, Config};
use crate::engine::{slots, terms};

/// What the deepest tree takes of a stack. It is there beside what callbacks are to have, and costs no
/// memory where trees are flat, since no page of it is touched then. Other processors keep more registers in a frame.
const DEEPEST_TREE: usize = if cfg!(target_arch = "x86_64") {
    1 << 20
} else {
    5 << 18
};

/// The smallest stack that callbacks may be given: what the C library takes for the smallest.
pub(crate) const SMALLEST: usize = 16 << 10;

/// As much again for callbacks, where the system's default is small.
const SMALLEST_DEFAULT: usize = 2 << 20;

/// What callbacks cannot have of a stack: the C library keeps thread-local data there, and the frames of
/// this library lie between.
const OWN_SHARE: usize = 64 << 10;

/// All that a thread does.
pub(crate) type Life = Box<dyn FnOnce(&Config) + Send>;

/// What a thread is born with.
struct Birth {
    config: Config,
    life: Life,
    is_heir: bool,
}

// Whether the calling thread's mask and name are those of the library's threads (T9).
per_thread!(HAS_HEIRS: Cell<bool> = Cell::new(false));

/// The calling thread makes others again and again until this is dropped (T9).
pub(crate) struct HasHeirs(());

impl HasHeirs {
    /// To be called on a thread of the library that has run nothing of the program's, or was made as new again (`renew`). A notice of threads
    /// that begin may have changed it.
    pub(crate) fn begin(config: &Config) -> HasHeirs {
        HAS_HEIRS.with(|has| has.set(config.on_start.is_none()));
        HasHeirs(())
    }
}

impl Drop for HasHeirs {
    fn drop(&mut self) {
        HAS_HEIRS.with(|has| has.set(false));
    }
}

/// Makes a thread of the library for this life.
pub(crate) fn hire(life: Life) -> Result<(), NoThread> {
    let config = config::settled();
    let is_heir = HAS_HEIRS.with(Cell::get);
    let argument = Box::into_raw(Box::new(Birth {
        config,
        life,
        is_heir,
    }));
    terms::give_slack_back();
    let created = {
        // The thread inherits that. It opens what it is to let in itself (T2): on the calling thread, which may
        // be the program's, that must not come in meanwhile.
        let _former = (!is_heir).then(|| Mask::block_all_but(FAULTS));
        create(argument.cast(), &config)
    };
    if created {
        patience::restore();
        return Ok(());
    }
    counts::count_elsewhere(Counted::ThreadsDenied);
    // SAFETY: no thread was made, so the argument is still ours alone.
    drop(unsafe { Box::from_raw(argument) });
    Err(NoThread)
}

fn create(argument: *mut c_void, config: &Config) -> bool {
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the attributes are made before they are used, and destroyed after. The pointers are
    // valid, and the new thread alone takes the argument.
    unsafe {
        if libc::pthread_attr_init(attributes.as_mut_ptr()) != 0 {
            return false;
        }
        let attributes = attributes.assume_init_mut();
        libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED);
        let mut default_size = 0;
        libc::pthread_attr_getstacksize(attributes, &mut default_size);
        let stack_size = match config.stack_size {
            Some(size) => size.saturating_add(OWN_SHARE + DEEPEST_TREE),
            None => default_size.max(SMALLEST_DEFAULT),
        };
        libc::pthread_attr_setstacksize(attributes, stack_size);
        let error = pthread_create(thread.as_mut_ptr(), attributes, start, argument);
        libc::pthread_attr_destroy(attributes);
        error == 0
    }
}

/// Where a thread of the library begins.
extern "C" fn start(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the argument is what `hire` boxed for this thread.
    let birth = unsafe { Box::from_raw(argument.cast::<Birth>()) };
    if birth.is_heir {
        thread_name::inherit(birth.config.prefix); // T9
    } else {
        renew(&birth.config);
    }
    slots::with_own(|| {
        // The box stays until the end: releasing it before the first job would cost the thread as much as
        // an allocation (`Worker::live`).
        let (life, config) = (birth.life, &birth.config);
        tell(config.on_start);
        let _ = bug::contained(|| {
            life(config);
            Ok(())
        });
        tell(config.on_stop);
    });
    std::ptr::null_mut()
}

/// Gives the calling thread, which is the library's, the mask and the name of one that has run nothing yet.
pub(crate) fn renew(config: &Config) {
    mask::open_only(FAULTS.into_iter().chain(config.open.numbers())); // T2
    thread_name::adopt(config.prefix);
}

/// Tells the program, if it wants to know.
fn tell(hook: Option<Notice>) {
    if let Some(hook) = hook {
        hook.give();
    }
}
