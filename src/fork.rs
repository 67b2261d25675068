//! `fork`: the child has none of the parent's threads, so it begins with an empty library.
//!
//! The locks of the whole library are held across the fork, so that the child finds nothing half
//! changed. Trees that run in the parent do not exist in the child, also when a callback forks: the
//! child must not return from that callback, but call `exec` or `_exit`, and may use the library
//! before that. If it does return, nobody is there to go on with, so the program ends (`escape`).
//! Handles, hooks and jobs that other threads of the parent use are not for the child: one of those
//! threads may have been inside of them, and is not there to get out again. Processes and errors are.
//!
//! The handlers are registered as the library is loaded, so before any of the program's. Handlers that run
//! before a fork are called in the opposite order, those in the child in the same. So the program's run
//! while the library works as ever: one may wait for a lock that another thread keeps while it runs a
//! process. And no fork can come while the library is used for the first time.
//!
//! unsafe: `pthread_atfork` takes function pointers, and the linker a function to call.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, OnceLock, global, per_thread};
use crate::{config, counts, crew, readiness, sentinel, signal, slots, toplevel, trace};

// How many forks lie between this process and the one in which the library was loaded.
global!(GENERATION: AtomicU32 = AtomicU32::new(0));

pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

// Held while a value is moved to where it stays.
global!(SETTING: Mutex<()> = Mutex::new(()));

/// Sets what is set once, and not while there is a fork: a child would wait for ever for the thread that
/// was about to set it.
pub(crate) fn set_once<T>(cell: &OnceLock<T>, value: T) -> &T {
    let _setting = SETTING.lock();
    cell.get_or_init(|| value)
}

struct Held {
    signal: signal::Held,
    readiness: readiness::Held,
    trace: trace::Held,
    slots: slots::Held,
    sentinel: sentinel::Held,
    crew: crew::Held,
    config: config::Held,
    _setting: MutexGuard<'static, ()>,
}

// What the forking thread holds between the handlers. There is nothing to drop when it ends.
per_thread!(HELD: Cell<Option<ManuallyDrop<Held>>> = Cell::new(None));

/// What the loader calls.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = register;

extern "C" fn register() {
    // SAFETY: the functions live as long as the program, since the library is never unloaded.
    // Without memory it fails: then a child must not use the library.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

unsafe extern "C" fn before() {
    let held = Held {
        signal: signal::hold(), // First: who holds it may ask for a thread.
        readiness: readiness::hold(),
        trace: trace::hold(),
        slots: slots::hold(),
        sentinel: sentinel::hold(),
        crew: crew::hold(),
        config: config::hold(),
        _setting: SETTING.lock(),
    };
    HELD.with(|cell| cell.set(Some(ManuallyDrop::new(held))));
}

unsafe extern "C" fn in_parent() {
    drop(take());
}

unsafe extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    if let Some(held) = take() {
        slots::forget(held.slots);
        sentinel::forget(held.sentinel);
        crew::forget(held.crew);
        config::forget(held.config);
        counts::after_fork();
        readiness::forget(held.readiness);
        trace::forget(held.trace);
        toplevel::after_fork();
        signal::forget(held.signal); // Last: from here on signals come in.
    }
}

fn take() -> Option<Held> {
    HELD.with(Cell::take).map(ManuallyDrop::into_inner)
}
