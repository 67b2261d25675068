//! `fork`: the child has none of the parent's threads, so it begins with an empty library.
//!
//! The locks of the whole library are held across the fork, so that the child finds nothing half
//! changed. Trees that run in the parent do not exist in the child, also when a callback forks: the
//! child must not return from that callback, but call `exec` or `_exit`, and may use the library
//! before that. If it does return, nobody is there to go on with, so the program ends (`guard`).
//! Handles, hooks, jobs, channels and promises that other threads of the parent use are not for the child: one of those
//! threads may have been inside of them, and is not there to get out again. Processes and errors are. Jobs say
//! so at once (`job`), and a hook is not waited for in the child (`hook`).
//!
//! The handlers are registered as the library is loaded (`load`), so before any of the program's. Handlers that run
//! before a fork are called in the opposite order, those in the child in the same. So the program's run
//! while the library works as ever: one may wait for a lock that another thread keeps while it runs a
//! process. And no fork can come while the library is used for the first time.
//!
//! unsafe: `pthread_atfork` takes function pointers.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;

use crate::base::descriptor::turn;
use crate::base::sync::{looking, per_thread};
use crate::base::{counts, environment, generation, once, world};
use crate::daemon::{listen_fds, proc_main, reaper};
use crate::engine::{config, crew, sentinel, slots, timer};
use crate::scope::{
    cancel, drain_handle, failing, health, progress, readiness, reloading, wait_graph,
};
use crate::tree::{by_hand, child};
use crate::{signal, simulate, trace};

struct Held {
    signal: signal::Held,
    readiness: readiness::Held,
    health: health::Held,
    progress: progress::Held,
    failing: failing::Held,
    reloading: reloading::Held,
    _drain_handle: drain_handle::Held,
    trace: trace::held::Held,
    wait_graph: wait_graph::Held,
    by_hand: by_hand::Held,
    child: child::Held,
    slots: slots::Held,
    sentinel: sentinel::Held,
    crew: crew::Held,
    timer: timer::Held,
    cancel: cancel::Held,
    config: config::Held,
    turn: turn::Held,
    _listen_fds: listen_fds::Held,
    _environment: environment::Held,
    _once: once::Held,
    simulate: simulate::world::Held,
}

// What the forking thread holds between the handlers. There is nothing to drop when it ends.
per_thread!(HELD: Cell<Option<ManuallyDrop<Held>>> = Cell::new(None));

/// To be called as the library is loaded.
pub(crate) fn register() {
    // SAFETY: the functions live as long as the program, since the library is never unloaded.
    // Without memory it fails: then a child must not use the library.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
}

unsafe extern "C" fn before() {
    let in_a_simulation = world::outside();
    let held = Held {
        signal: signal::hold(), // First: who holds it may ask for a thread.
        readiness: readiness::hold(),
        health: health::hold(),
        progress: progress::hold(),
        failing: failing::hold(),
        reloading: reloading::hold(),
        _drain_handle: drain_handle::hold(),
        trace: trace::held::hold(),
        wait_graph: wait_graph::hold(),
        by_hand: by_hand::hold(),
        child: child::hold(),
        slots: slots::hold(),
        sentinel: sentinel::hold(),
        crew: crew::hold(),
        timer: timer::hold(),
        cancel: cancel::hold(),
        config: config::hold(),
        turn: turn::hold(),
        _listen_fds: listen_fds::hold(),
        _environment: environment::hold(),
        _once: once::hold(),
        simulate: simulate::world::hold(in_a_simulation),
    };
    HELD.with(|cell| cell.set(Some(ManuallyDrop::new(held))));
}

unsafe extern "C" fn in_parent() {
    drop(take());
}

unsafe extern "C" fn in_child() {
    generation::advance();
    looking::prepare();
    reaper::after_fork();
    if let Some(held) = take() {
        simulate::world::forget(held.simulate);
        by_hand::forget(held.by_hand);
        child::forget(held.child);
        slots::forget(held.slots);
        sentinel::forget(held.sentinel);
        crew::forget(held.crew);
        timer::forget_all(held.timer);
        cancel::forget(held.cancel);
        config::forget(held.config);
        turn::forget(held.turn);
        counts::after_fork();
        readiness::forget(held.readiness);
        health::forget(held.health);
        progress::forget(held.progress);
        failing::forget(held.failing);
        reloading::forget(held.reloading);
        wait_graph::forget(held.wait_graph);
        trace::held::forget(held.trace);
        proc_main::after_fork();
        signal::forget(held.signal); // Last: from here on signals come in.
    }
}

fn take() -> Option<Held> {
    HELD.with(Cell::take).map(ManuallyDrop::into_inner)
}
