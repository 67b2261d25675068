//! Starting and stopping a trace.

use std::ffi::{CStr, CString};
use std::io;

use super::answer::Answer;
use super::drain::Drain;
use super::file::TraceFile;
use super::{pen, pool};
use crate::bug;
use crate::clock::Clocks;
use crate::crew::{self, NoThread};
use crate::error::{Error, reason};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, global};

/// Why a trace could not be started, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("a trace is on already")]
    IsOn,
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
    written: Answer<io::Result<()>>,
}

type Current = Mutex<Option<Arc<Trace>>>;

global!(CURRENT: Current = Current::new(None));

/// Begins to write what happens to this file.
pub(crate) fn start(path: &CStr) -> Result<(), Fault> {
    let mut current = CURRENT.lock();
    if current.is_some() {
        return Err(Fault::IsOn);
    }
    let file = TraceFile::create(path).map_err(|error| Fault::file(path, error))?;
    let trace = Arc::new(Trace {
        path: path.to_owned(),
        file,
        is_stopping: AtomicBool::new(false),
        written: Answer::awaited(),
    });
    let (clocks, lost) = (Clocks::now(), pen::lost());
    trace
        .hire_drain(clocks, lost)
        .inspect_err(|_| drop(file.close()))?;
    pool::begin_reading(clocks.monotonic);
    *current = Some(trace);
    Ok(())
}

/// Ends the trace; returns when all is written and the file is closed.
pub(crate) fn stop() -> Result<(), Fault> {
    let trace = CURRENT.lock().clone().ok_or(Fault::IsOff)?;
    if trace.is_stopping.swap(true, Ordering::Relaxed) {
        return Err(Fault::IsOff);
    }
    pool::finish_reading();
    let written = trace.written.wait();
    *CURRENT.lock() = None;
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
            Fault::IsOn => libc::EBUSY,
            Fault::IsOff => libc::EINVAL,
            Fault::NotKept => libc::ENODATA,
            Fault::NoThread => libc::EAGAIN,
            Fault::File { error, .. } => error.raw_os_error().unwrap_or(libc::EIO),
        }
    }

    pub(super) fn file(path: &CStr, error: io::Error) -> Fault {
        Fault::File {
            path: path.to_owned(),
            error,
        }
    }
}

/// Runs code that must not leave anybody waiting; a panic in it becomes a failure.
pub(super) fn contained(code: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let mut result = Ok(());
    let outcome = bug::contained(|| {
        result = code();
        Ok(())
    });
    let told = |bug: Error| io::Error::other(bug.message().to_string_lossy().into_owned());
    outcome.map_err(told).and(result)
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, Option<Arc<Trace>>>;

pub(super) fn hold() -> Held {
    CURRENT.lock()
}

/// In a child of `fork`: the trace is the parent's. Nothing of it is written here.
pub(super) fn forget(mut held: Held) {
    if let Some(trace) = held.take() {
        let _ = trace.file.close();
        std::mem::forget(trace);
    }
}
