//! What the loader calls: as the library is loaded, and as the program exits.
//!
//! **As it is loaded**, before constructors of the program: so the handlers of `fork` are registered before any of the
//! program's, and what happens is passed on before anybody can want to know it.
//!
//! **As the program exits**, after all handlers of the program. A program that ends itself in the middle of all that
//! runs, by `exit` in a callback, or by `err`, asks nobody. So this is the one thing of the library that `exit` runs. It
//! does nothing unless a trace is on (docs/trace.md says why nothing less will do).
//!
//! unsafe: the linker is told of functions to call.
#![allow(unsafe_code)]

use std::arch::global_asm;

use crate::base::ending::Ending;
use crate::base::sync::looking;
use crate::base::sys::pin_object;
use crate::base::{generation, race_detector};
use crate::daemon::early_signals;
use crate::engine::terms;
use crate::signal::Delay;
use crate::trace::dispatch;
use crate::{fork, signal};

#[used]
#[unsafe(link_section = ".init_array.00101")] // The first that is not the system's own.
static AT_LOAD: extern "C" fn() = at_load;

// A name for the linker alone: one that Rust exports would be seen by programs, too (`base/events/wanted` needs it).
global_asm!(
    ".globl procession_at_load",
    ".hidden procession_at_load",
    ".set procession_at_load, {at_load}",
    at_load = sym at_load,
);

extern "C" fn at_load() {
    race_detector::look();
    pin_object::pin();
    if cfg!(not(loom)) {
        looking::prepare();
    }
    generation::note_origin();
    terms::note_own();
    dispatch::begin();
    fork::register();
    early_signals::keep_if_asked();
}

#[used]
#[unsafe(link_section = ".fini_array")]
static AT_EXIT: extern "C" fn() = at_exit;

extern "C" fn at_exit() {
    if cfg!(loom) {
        return; // A model has nothing outside of its executions.
    }
    // A process that was made past the handlers of fork may find the locks as they were.
    if signal::is_end_delayed(Delay::Trace) {
        Ending::begin().wait();
    }
}
