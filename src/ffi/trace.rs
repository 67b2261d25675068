//! Tracing.

use std::ffi::{CStr, c_char};

use super::bad_input::BadInput;
use super::handle::{give_outcome, string};
use super::types::proc_error;
use crate::base::bug;
use crate::base::error::Error;
use crate::base::events;
use crate::trace::control::{self, Fault};
use crate::trace::snapshot;

/// # Tracing
///
/// Begins to write what happens in the program to a file, for ui.perfetto.dev.
///
/// The trace has tasks below the tasks that they are in; on their threads regions, logs, and the functions of the
/// library in which callbacks wait; and where one thread starts or spawns what another one does. Times are those of
/// CLOCK_MONOTONIC.
///
/// What was recorded is written twice a second, so a program that is killed leaves a file that lacks its last
/// second at most. If the program ends in another way while the trace is on, the trace is written to the end, for
/// which nobody waits longer than 2 s: by `exit` (in a callback, too, and when `main` returns), or because the
/// library ends it (a second signal, the end of the grace period, a callback that does not return). If the disk is
/// slow or full, some 64 MiB are kept in memory; events that do not fit are lost, and the counter "events lost" in
/// the trace tells how many. A pipe is written as its reader reads, and stopping the trace waits for the reader.
///
/// A child of `fork` has no trace on: this one stays its parent's.
///
/// Without a change to the program, PROCESSION_TRACE in the environment does the same (`proc_main`).
///
/// Ownership: the path is copied; the returned error is yours.
///
/// Threads: takes one thread of the library until the trace is stopped.
///
/// @param path  the file, which is made, or emptied if there is one. NULL or "" fails with EINVAL.
/// @return NULL on success.
/// Errors:
/// - EINVAL: `path` is NULL or "".
/// - EBUSY: a trace is on, or another one is written to that file, perhaps by another program. It stays as it is.
/// - EAGAIN: no thread can be had.
/// - Any other: why the file cannot be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_start(path: *const c_char) -> *mut proc_error {
    let function = "proc_trace_start";
    // SAFETY: the caller lends the path.
    with_path(function, unsafe { string(path) }, control::start)
}

/// Ends the trace. When it returns, everything that was recorded before is in the file, which is closed. What
/// still runs is shown in it as unfinished.
///
/// Ownership: the returned error is yours.
///
/// @return NULL if the file is complete.
/// Errors:
/// - EINVAL: no trace is on.
/// - ENOSPC and so on: the file could not be written.
/// - EBADF: the program has closed its descriptor.
/// - ENOENT: it was deleted.
#[unsafe(no_mangle)]
pub extern "C" fn proc_trace_stop() -> *mut proc_error {
    outcome("proc_trace_stop", control::stop)
}

/// Whether anybody wants to know what happens. That is a trace, the flight recorder, hooks, or who has attached to
/// a static probe. Then it is worth the while to compose what they would be told.
///
/// Threads: costs one atomic load.
///
/// @return true: somebody does.
#[unsafe(no_mangle)]
pub extern "C" fn proc_trace_enabled() -> bool {
    events::wanted()
}

/// Writes what the flight recorder holds to a file, like that of a trace. That is what was recorded last, and is in
/// memory (`flight_recorder_size` of `proc_config`). Recording goes on meanwhile.
///
/// Ownership: as for `proc_trace_start`.
///
/// @param path  as for `proc_trace_start`.
/// @return NULL if the file is complete.
/// Errors:
/// - ENODATA: the flight recorder is off.
/// - EBUSY: a trace is written to that file.
/// - EAGAIN: no thread can be had.
/// - EINVAL: `path` is NULL or "".
/// - Any other: why the file cannot be made or written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_snapshot(path: *const c_char) -> *mut proc_error {
    let function = "proc_trace_snapshot";
    // SAFETY: the caller lends the path.
    with_path(function, unsafe { string(path) }, snapshot::snapshot)
}

fn with_path(
    function: &'static str,
    path: Option<&CStr>,
    code: impl FnOnce(&CStr) -> Result<(), Fault>,
) -> *mut proc_error {
    let argument = "path";
    let Some(path) = path else {
        return give_outcome(Err(BadInput::Null { function, argument }.into()));
    };
    if path.is_empty() {
        return give_outcome(Err(BadInput::Empty { function, argument }.into()));
    }
    outcome(function, || code(path))
}

fn outcome(function: &'static str, code: impl FnOnce() -> Result<(), Fault>) -> *mut proc_error {
    give_outcome(bug::contained(|| {
        code().map_err(|fault| Error::new(fault.code(), &format!("{function}: {fault}")))
    }))
}
