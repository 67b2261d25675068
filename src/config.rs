//! What the program has chosen for the threads of the library.
//!
//! Invariant:
//! - **K1 the same for all.** It can be changed only as long as nothing has run, so all threads of the
//!   library live by the same.

use crate::callback::Notice;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, global};
use crate::thread_name::Prefix;
use crate::trace;

#[derive(Clone, Copy)]
pub(crate) struct Config {
    /// What callbacks have of each thread's stack, in bytes; `None`: as the system has it.
    pub(crate) stack_size: Option<usize>,
    /// How many threads without work are kept.
    pub(crate) max_idle: usize,
    /// How long each of them is kept; negative: forever.
    pub(crate) idle_timeout_ns: i64,
    pub(crate) prefix: Option<Prefix>,
    /// Told on each thread before anything else.
    pub(crate) on_start: Option<Notice>,
    /// Told on each thread that ends, after everything else.
    pub(crate) on_stop: Option<Notice>,
    /// How many bytes the flight recorder has; 0: there is none.
    pub(crate) flight_recorder: usize,
}

/// Something has run already.
#[derive(Debug)]
pub(crate) struct Settled;

global!(CONFIG: Mutex<Config> = Mutex::new(Config::DEFAULT));

// Whether something has run; changed under the lock of the configuration.
global!(SETTLED: AtomicBool = AtomicBool::new(false));

impl Config {
    pub(crate) const DEFAULT: Config = Config {
        stack_size: None,
        max_idle: usize::MAX,
        // In a model a thread leaves at once.
        idle_timeout_ns: if cfg!(loom) { 0 } else { 30_000_000_000 },
        prefix: None,
        on_start: None,
        on_stop: None,
        flight_recorder: 0,
    };
}

/// Changes it, if nothing has run (K1).
pub(crate) fn change(to: Config) -> Result<(), Settled> {
    let mut config = CONFIG.lock();
    if SETTLED.load(Ordering::Relaxed) {
        return Err(Settled);
    }
    *config = to;
    drop(config); // `fork` takes the locks of the trace before this one.
    trace::keep_last(to.flight_recorder);
    Ok(())
}

/// To be called before anything runs: from now on it stays as it is.
pub(crate) fn settle() {
    if !SETTLED.load(Ordering::Relaxed) {
        settled();
    }
}

/// How it is from now on.
pub(crate) fn settled() -> Config {
    let config = CONFIG.lock();
    SETTLED.store(true, Ordering::Relaxed);
    *config
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Config>;

pub(crate) fn hold() -> Held {
    CONFIG.lock()
}

/// In a child of `fork`, in which nothing has run: it is as in the parent until it is changed.
pub(crate) fn forget(held: Held) {
    SETTLED.store(false, Ordering::Relaxed);
    drop(held);
}
