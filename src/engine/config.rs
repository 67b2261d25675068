//! What the program has chosen for the threads of the library.
//!
//! Invariant:
//! - **K1 the same for all.** It can be changed only as long as nothing has run, so all threads of the
//!   library live by the same.

use crate::base::race_detector;
use crate::base::signal_set::Set;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Mutex, MutexGuard, global};
use crate::base::thread_name::Prefix;
use crate::base::user_data::Notice;

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
    /// The signals that each thread lets in, beside those that it causes itself.
    pub(crate) open: Set,
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
        // A profiler that samples by it asks in the handler which code the thread runs.
        open: Set::of(libc::SIGPROF),
    };
}

/// Changes it, if nothing has run (K1).
pub(crate) fn change(to: Config) -> Result<(), Settled> {
    let mut config = CONFIG.lock();
    if SETTLED.load(Ordering::Relaxed) {
        return Err(Settled);
    }
    race_detector::release(&raw const CONFIG);
    *config = to;
    Ok(())
}

/// To be called before anything runs: from now on it stays as it is.
pub(crate) fn settle() {
    if !SETTLED.load(Ordering::Relaxed) {
        settled();
    }
}

/// How it is from now on.
pub(super) fn settled() -> Config {
    let config = CONFIG.lock();
    race_detector::acquire(&raw const CONFIG);
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
