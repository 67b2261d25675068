//! A trace that the environment asks for, of a program that knows nothing of it.
//!
//! A program may run `proc_main` several times, and what it executes may do so, too. So a file that another trace
//! writes, or that an earlier run here has written, stays as it is, and the trace goes to another one, whose name has
//! the process in it. A program that is executed by one that is traced is asked for such a trace beside that one's.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStringExt;

use super::control::{self, Fault};
use crate::base::descriptor::{self, PATIENCE};
use crate::base::sys::program;
use crate::base::{clock, environment};

/// How many names are tried.
const MOST: usize = 1000;

/// A trace that is on until this is dropped, if one was asked for.
pub(crate) struct Asked {
    is_on: bool,
}

/// Starts the trace. If there can be none, that is said, and the program runs without.
pub(crate) fn start_if_asked() -> Asked {
    let own = value(environment::TRACE).map(|name| (name, 0));
    // The name itself is that of the trace beside which this one is to be.
    let asked = own.or_else(|| value(environment::PARENT_TRACE).map(|name| (name, 1)));
    let is_on = asked.is_some_and(|(name, first)| start(&name, first));
    Asked { is_on }
}

/// A program with more rights than who started it writes no file for him.
fn value(variable: &CStr) -> Option<Vec<u8>> {
    let value = environment::value(variable).filter(|_| !program::has_more_rights())?;
    Some(value.into_vec())
}

/// Whether it is on, under the first name that can be had from that one on.
fn start(name: &[u8], first: usize) -> bool {
    let process = std::process::id().to_string();
    let wanted = with_process(name, process.as_bytes());
    let mut result = Ok(());
    for number in first..MOST {
        let path = nth(&wanted, &process, number);
        result = control::start_beside(&path);
        match result {
            Ok(()) if number > first => say_where(&wanted, &path),
            Err(Fault::IsTaken { .. }) => continue,
            _ => {}
        }
        break;
    }
    told(result)
}

/// The name with the process's number for each `%p`.
fn with_process(name: &[u8], process: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut rest = name;
    while let Some(place) = rest.windows(2).position(|part| part == b"%p") {
        whole.extend_from_slice(&rest[..place]);
        whole.extend_from_slice(process);
        rest = &rest[place + 2..];
    }
    whole.extend_from_slice(rest);
    whole
}

/// The names to be tried: NAME, NAME.PROCESS, NAME.PROCESS.2, NAME.PROCESS.3 and so on.
fn nth(name: &[u8], process: &str, number: usize) -> CString {
    let end = match number {
        0 => String::new(),
        1 => format!(".{process}"),
        _ => format!(".{process}.{number}"),
    };
    CString::new([name, end.as_bytes()].concat()).expect("the environment has no NUL")
}

fn say_where(wanted: &[u8], path: &CString) {
    let [wanted, path] = [wanted, path.to_bytes()].map(String::from_utf8_lossy);
    descriptor::say(format!(
        "procession: PROCESSION_TRACE: {wanted} has another trace, so this one is written to {path}\n"
    ));
}

/// Whether it went well; if not, says why.
fn told(result: Result<(), Fault>) -> bool {
    if let Err(fault) = &result {
        descriptor::say(format!("procession: PROCESSION_TRACE: {fault}\n"));
    }
    result.is_ok()
}

impl Drop for Asked {
    /// Nobody reads a pipe whose reader is stuck: the program does not wait for him for ever.
    fn drop(&mut self) {
        if self.is_on {
            told(control::stop_in_time(clock::now().checked_add(PATIENCE)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_in_the_name_where_it_is_wanted() {
        let name = |name: &str| String::from_utf8(with_process(name.as_bytes(), b"77"));
        assert_eq!(name("t").as_deref(), Ok("t"));
        assert_eq!(name("%p/t.%p").as_deref(), Ok("77/t.77"));
        assert_eq!(name("%%p%").as_deref(), Ok("%77%"));
    }

    #[test]
    fn other_names_are_told_apart() {
        let names = [0, 1, 2, 3].map(|number| nth(b"t", "77", number));
        assert_eq!(
            names,
            [c"t", c"t.77", c"t.77.2", c"t.77.3"].map(CString::from)
        );
    }
}
