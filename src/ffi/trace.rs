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
/// The trace shows each task below the task that it is in; for each thread the regions, the logs, and the functions of
/// the library in which callbacks wait; and from which thread to which other thread work was started or spawned. Times
/// are those of CLOCK_MONOTONIC.
///
/// The trace is written twice a second, so if the program is killed, the file lacks its last second at most. If the
/// program ends in another way while the trace is on, the trace is written to the end, but the program waits for this
/// no longer than 2 s: by `exit` (in a callback, too, and when `main` returns), or because the library ends it (a
/// second signal, the end of the grace period, a callback that does not return). If the disk is slow or full, some 64
/// MiB are kept in memory; events that do not fit are lost, and the counter "events lost" in the trace tells how many.
/// A pipe is written as its reader reads, and stopping the trace waits for the reader.
///
/// A child of `fork` has no trace: the trace stays its parent's.
///
/// Without a change to the program, PROCESSION_TRACE in the environment does the same (`proc_main`).
///
/// Ownership: the path is copied; the returned error is yours.
///
/// Threads: takes one thread of the library until the trace is stopped.
///
/// @param path  the file, which is created, or truncated if it exists. NULL or "" fails with EINVAL.
/// @return NULL on success.
/// Errors:
/// - EINVAL: `path` is NULL or "".
/// - EBUSY: a trace is on, or another trace is written to this file, perhaps by another program. That trace goes on.
/// - EAGAIN: no thread can be had.
/// - Any other: why the file cannot be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proc_trace_start(path: *const c_char) -> *mut proc_error {
    let function = "proc_trace_start";
    // SAFETY: the caller lends the path.
    with_path(function, unsafe { string(path) }, control::start)
}

/// Ends the trace. When it returns, everything that was recorded before is in the file, which is closed. Tasks and
/// regions that still run are shown as unfinished.
///
/// Ownership: the returned error is yours.
///
/// @return NULL if the file is complete.
/// Errors:
/// - EINVAL: no trace is on.
/// - ENOSPC and so on: the file could not be written.
/// - EBADF: the program has closed its descriptor.
/// - ENOENT: the file was deleted.
#[unsafe(no_mangle)]
pub extern "C" fn proc_trace_stop() -> *mut proc_error {
    outcome("proc_trace_stop", control::stop)
}

/// Whether anything records what happens. That is a trace, the flight recorder, hooks, or a tool that is attached to a
/// static probe. If it is false, the program need not compose messages for them.
///
/// Threads: costs one atomic load.
///
/// @return true: something records.
#[unsafe(no_mangle)]
pub extern "C" fn proc_trace_enabled() -> bool {
    events::wanted()
}

/// Writes the events in the flight recorder to a file like that of a trace. These are the latest events, which are kept
/// in memory (`flight_recorder_size` of `proc_config`). Recording goes on meanwhile.
///
/// Ownership: as for `proc_trace_start`.
///
/// @param path  as for `proc_trace_start`.
/// @return NULL if the file is complete.
/// Errors:
/// - ENODATA: the flight recorder is off.
/// - EBUSY: a trace is being written to this file.
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
