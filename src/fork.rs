//! `fork`: the child has none of the parent's threads, so it begins with an empty library.
//!
//! The locks of the whole library are held across the fork, so that the child finds nothing half
//! changed. Trees that run in the parent do not exist in the child, also when a callback forks: the
//! child must not return from that callback, but call `exec` or `_exit`, and may use the library
//! before that. Handles that other threads of the parent use are not for the child.
//!
//! unsafe: `pthread_atfork` takes function pointers.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;

use crate::sync::{OnceLock, per_thread};
use crate::{crew, frames, sentinel, toplevel};

struct Held {
    frames: frames::Held,
    sentinel: sentinel::Held,
    crew: crew::Held,
}

// What the forking thread holds between the handlers. There is nothing to drop when it ends.
per_thread!(HELD: Cell<Option<ManuallyDrop<Held>>> = Cell::new(None));

/// Registers the handlers, once, before the first thread of the library is made.
pub(crate) fn prepare_for_it() {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        // SAFETY: the functions live as long as the program, since the library is never unloaded.
        // Without memory it fails: then a child has the library of before its first use of threads.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

unsafe extern "C" fn before() {
    let held = Held {
        frames: frames::hold(),
        sentinel: sentinel::hold(),
        crew: crew::hold(),
    };
    HELD.with(|cell| cell.set(Some(ManuallyDrop::new(held))));
}

unsafe extern "C" fn in_parent() {
    drop(take());
}

unsafe extern "C" fn in_child() {
    if let Some(held) = take() {
        held.frames.forget();
        sentinel::forget(held.sentinel);
        crew::forget(held.crew);
        toplevel::after_fork();
    }
}

fn take() -> Option<Held> {
    HELD.with(Cell::take).map(ManuallyDrop::into_inner)
}
