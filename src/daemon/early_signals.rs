//! Stop signals that come before `proc_main` does.
//!
//! Process 1 of a container loses a signal that nobody handles: the kernel drops it. Any other process is ended, which a program may not want
//! either that has begun something.

use crate::base::environment::EARLY_SIGNALS;
use crate::signal::{self, Set};

/// Keeps SIGINT and SIGTERM for the next run of `proc_main`.
pub(crate) fn keep() {
    signal::keep_early(Set::of(libc::SIGINT).and(Set::of(libc::SIGTERM)));
}

/// To be called as the library is loaded.
pub(crate) fn keep_if_asked() {
    let is_asked = || std::env::var_os(EARLY_SIGNALS).is_some_and(|value| value == "1");
    if std::process::id() == 1 && is_asked() {
        keep();
    }
}
