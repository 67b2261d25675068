//! A trace that the environment asks for, of a program that knows nothing of it.
//!
//! unsafe: whether the environment is to be trusted is a call of the C library's.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;

use super::control::{self, Fault};

/// Names the file.
const VARIABLE: &str = "PROCESSION_TRACE";

/// A trace that is on until this is dropped, if one was asked for.
pub(crate) struct Asked {
    is_on: bool,
}

/// Starts the trace. If there can be none, that is said, and the program runs without.
pub(crate) fn start_if_asked() -> Asked {
    let started = path().map(|path| told(control::start(&path)));
    Asked {
        is_on: started == Some(true),
    }
}

/// A program with more rights than who started it writes no file for him.
fn path() -> Option<CString> {
    // SAFETY: this call takes no pointer.
    let is_trusted = unsafe { libc::getauxval(libc::AT_SECURE) } == 0;
    let value = std::env::var_os(VARIABLE).filter(|value| is_trusted && !value.is_empty())?;
    CString::new(value.into_vec()).ok()
}

/// Whether it went well; if not, says why.
fn told(result: Result<(), Fault>) -> bool {
    if let Err(fault) = &result {
        let line = format!("procession: {VARIABLE}: {fault}\n");
        // There is nobody left to tell if standard error is closed.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    result.is_ok()
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.is_on {
            told(control::stop());
        }
    }
}
