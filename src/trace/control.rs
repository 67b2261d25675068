//! Starting and stopping a trace.

use std::ffi::{CStr, CString};
use std::io;

use super::drain::Drain;
use super::file::{Identity, TraceFile};
use super::oneshot::Oneshot;
use super::{pool, thread_buffer};
use crate::base::bug;
use crate::base::clock::{Clocks, Instant};
use crate::base::error::{Error, reason};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Arc, Mutex, MutexGuard, global};
use crate::engine::crew::{self, NoThread};

/// Why a trace could not be started, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("a trace is on already")]
    IsOn,
    #[error("{}: another trace is written to it", path.to_string_lossy())]
    IsTaken { path: CString },
    #[error("no trace is on")]
    IsOff,
    #[error("the flight recorder is off")]
    NotKept,
    #[error("no thread could be had to write it")]
    NoThread,
    #[error("{}: {}", path.to_string_lossy(), reason(error))]
    File { path: CString, error: io::Error },
}

/// A trace that is on.
pub(super) struct Trace {
    path: CString,
    file: TraceFile,
    is_stopping: AtomicBool,
    written: Oneshot<io::Result<()>>,
}

pub(super) struct State {
    current: Option<Arc<Trace>>,
    /// Files of earlier traces that are to stay as they are.
    kept: Vec<Identity>,
}

global!(STATE: Mutex<State> = Mutex::new(State {
    current: None,
    kept: Vec::new(),
}));

/// Begins to write what happens to this file.
pub(crate) fn start(path: &CStr) -> Result<(), Fault> {
    start_in(&mut STATE.lock(), path, false)
}

/// The same, but leaves the files alone that were begun like this before.
pub(super) fn start_beside(path: &CStr) -> Result<(), Fault> {
    start_in(&mut STATE.lock(), path, true)
}

fn start_in(state: &mut State, path: &CStr, is_kept: bool) -> Result<(), Fault> {
    if state.current.is_some() {
        return Err(Fault::IsOn);
    }
    let kept = if is_kept { &state.kept[..] } else { &[] };
    let file = create(path, kept)?;
    let trace = Arc::new(Trace {
        path: path.to_owned(),
        file,
        is_stopping: AtomicBool::new(false),
        written: Oneshot::awaited(),
    });
    let (clocks, lost) = (Clocks::now(), thread_buffer::lost());
    trace
        .hire_drain(clocks, lost)
        .inspect_err(|_| drop(file.close()))?;
    pool::begin_reading(clocks.monotonic);
    state.kept.extend(is_kept.then_some(file.identity));
    state.current = Some(trace);
    Ok(())
}

/// A file for a trace.
fn create(path: &CStr, kept: &[Identity]) -> Result<TraceFile, Fault> {
    let created = TraceFile::create(path, kept).map_err(|error| Fault::file(path, error))?;
    created.ok_or_else(|| Fault::IsTaken { path: path.into() })
}

/// Writes what is a whole trace to this file.
pub(crate) fn write(path: &CStr, trace: Vec<u8>) -> Result<(), Fault> {
    write_apart(path, move |file| {
        let written = file.write(&trace, || true).map_err(|(_, error)| error);
        let closed = file.close();
        written.and(closed)
    })
}

/// Makes this file, and has a thread of the library write and close it: on one of the program's, a signal that a write causes could end the
/// program.
pub(super) fn write_apart(
    path: &CStr,
    write: impl Fn(TraceFile) -> io::Result<()> + Send + Sync + 'static,
) -> Result<(), Fault> {
    let file = create(path, &[])?;
    let written = Arc::new(Oneshot::awaited());
    let write = Arc::new(write);
    let hired = crew::patiently(|| {
        let (written, write) = (written.clone(), write.clone());
        crew::lend(Box::new(move || written.give(contained(|| write(file)))))
    });
    if let Err(NoThread) = hired {
        let _ = file.close();
        return Err(Fault::NoThread);
    }
    written.wait().map_err(|error| Fault::file(path, error))
}

/// Ends the trace; returns when all is written and the file is closed.
pub(crate) fn stop() -> Result<(), Fault> {
    stop_in_time(None)
}

/// The same, but the reader of a pipe is waited for until then at most, if there is a moment.
pub(super) fn stop_in_time(end: Option<Instant>) -> Result<(), Fault> {
    let trace = STATE.lock().current.clone().ok_or(Fault::IsOff)?;
    if trace.is_stopping.swap(true, Ordering::Relaxed) {
        return Err(Fault::IsOff);
    }
    pool::finish_reading(end);
    let written = trace.written.wait();
    STATE.lock().current = None;
    written.map_err(|error| Fault::file(&trace.path, error))
}

impl Trace {
    fn hire_drain(self: &Arc<Trace>, clocks: Clocks, lost: u64) -> Result<(), Fault> {
        let hired = crew::patiently(|| {
            let trace = self.clone();
            crew::lend(Box::new(move || {
                let written = contained(|| Drain::new(trace.file, &clocks, lost).run());
                pool::end_reading();
                trace.written.give(written);
            }))
        });
        hired.map_err(|NoThread| Fault::NoThread)
    }
}

impl Fault {
    /// As `errno` has it.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Fault::IsOn | Fault::IsTaken { .. } => libc::EBUSY,
            Fault::IsOff => libc::EINVAL,
            Fault::NotKept => libc::ENODATA,
            Fault::NoThread => libc::EAGAIN,
            Fault::File { error, .. } => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    fn file(path: &CStr, error: io::Error) -> Fault {
        Fault::File {
            path: path.to_owned(),
            error,
        }
    }
}

/// Runs code that must not leave anybody waiting; a panic in it becomes a failure.
fn contained(code: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let mut result = Ok(());
    let outcome = bug::contained(|| {
        result = code();
        Ok(())
    });
    let told = |bug: Error| io::Error::other(bug.message().to_string_lossy().into_owned());
    outcome.map_err(told).and(result)
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, State>;

pub(super) fn hold() -> Held {
    STATE.lock()
}

/// In a child of `fork`: the trace is the parent's. Nothing of it is written here.
pub(super) fn forget(mut held: Held) {
    if let Some(trace) = held.current.take() {
        let _ = trace.file.leave();
        std::mem::forget(trace);
    }
}
