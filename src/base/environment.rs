//! What whoever has started the program says to it, and to nobody else, in its environment.
//!
//! A program that is executed from here would take that for itself: write the same trace, or tell the service manager
//! that it is up. So these variables are taken out of the environment when they are read, and remembered for the
//! next run of `proc_main`.
//!
//! unsafe: the environment is the C library's.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::base::sync::{Mutex, MutexGuard, global};

pub(crate) const TRACE: &CStr = c"PROCESSION_TRACE";
/// The name of the trace of the program by which this one was executed, beside which it is to write its own.
pub(crate) const PARENT_TRACE: &CStr = c"PROCESSION_PARENT_TRACE";
pub(crate) const NOTIFY_SOCKET: &CStr = c"NOTIFY_SOCKET";
pub(crate) const WATCHDOG_USEC: &CStr = c"WATCHDOG_USEC";
pub(crate) const WATCHDOG_PID: &CStr = c"WATCHDOG_PID";

pub(crate) const LISTEN_FDS: &CStr = c"LISTEN_FDS";
pub(crate) const LISTEN_PID: &CStr = c"LISTEN_PID";
pub(crate) const LISTEN_FDNAMES: &CStr = c"LISTEN_FDNAMES";

/// Whether process 1 keeps signals from its beginning on. It is only read.
pub(crate) const EARLY_SIGNALS: &str = "PROCESSION_EARLY_SIGNALS";

/// What else is for nobody but this program; `_` at the end: and all names that begin so.
const OTHERS: [&[u8]; 4] = [
    b"PROCESSION_SEED",
    b"PROCESSION_SCHEDULE",
    b"WATCHDOG_",
    b"LISTEN_",
];

/// Whether a variable, "NAME=VALUE", is said to this program, and not to what it executes.
pub(crate) fn is_for_this_program(variable: &CStr) -> bool {
    let variable = variable.to_bytes();
    let is = |name: &[u8]| {
        let rest = variable.strip_prefix(name);
        rest.is_some_and(|rest| name.ends_with(b"_") || rest.starts_with(b"="))
    };
    is(TRACE.to_bytes()) || is(NOTIFY_SOCKET.to_bytes()) || OTHERS.into_iter().any(is)
}

/// What was taken out.
type Values = BTreeMap<&'static CStr, OsString>;

global!(VALUES: Mutex<Values> = Mutex::new(Values::new()));

/// Takes variables that belong together out of the environment; if the first of them is there, they all are new.
///
/// It is called where `proc_main` begins, or `proc_listen_fds` is first called, on the thread that calls it: the environment is not
/// for several threads.
pub(crate) fn take(names: &[&'static CStr]) {
    let taken: Vec<_> = names.iter().map(|name| take_one(name)).collect();
    if !taken.first().is_some_and(Option::is_some) {
        return;
    }
    let mut values = VALUES.lock();
    for (name, value) in names.iter().zip(taken) {
        values.remove(name);
        values.extend(value.map(|value| (*name, value)));
    }
}

fn take_one(name: &CStr) -> Option<OsString> {
    let value = std::env::var_os(std::ffi::OsStr::from_bytes(name.to_bytes()))?;
    // SAFETY: the name is a string. That no other thread uses the environment now the API asks of the program.
    unsafe { libc::unsetenv(name.as_ptr()) };
    Some(value)
}

/// Has what is executed from here find the name of the trace beside which it is to write its own. To be called as
/// `take` is.
pub(crate) fn pass_on_trace() {
    let name = value(TRACE).or_else(|| value(PARENT_TRACE));
    let Some(name) = name.and_then(|name| CString::new(name.into_vec()).ok()) else {
        return;
    };
    // SAFETY: both are strings. That no other thread uses the environment now the API asks of the program.
    unsafe { libc::setenv(PARENT_TRACE.as_ptr(), name.as_ptr(), 1) };
}

/// What one of them said when it was taken out; `None`: nothing, or it was empty.
pub(crate) fn value(name: &CStr) -> Option<OsString> {
    let value = VALUES.lock().get(name).cloned();
    value.filter(|value| !value.is_empty())
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Values>;

pub(crate) fn hold() -> Held {
    VALUES.lock()
}
