//! The live tree.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::bad_input::BadInput;
use super::handle::give_outcome;
use super::types::proc_error;
use crate::error::{Error, Outcome};
use crate::{bug, descriptor, live};

/// How `proc_dump` writes.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum proc_dump_format {
    /// For people: a line a process, as `pstree` draws a tree.
    PROC_DUMP_TEXT,
    /// For programs: one JSON object on one line, as docs/dump.schema.json describes it.
    PROC_DUMP_JSON,
}

/// # The live tree
///
/// Writes every process that runs now, in the whole program, as a tree: of each its kind and name, its
/// thread, for how long it runs, what it does (runs, waits in a call of this library, joins its
/// children), since when its handle is cancelled and why, and how many of its children have not been
/// started. A callback is told by the address of its code. Ages are exact to some milliseconds.
///
/// Each thread is seen at one moment, but not all at the same. Nobody is held up while it is written.
///
/// Threads: any, at any time, from callbacks too; not in signal handlers.
///
/// @param fd      written to until all is written, also if it is non-blocking. Stays yours.
/// @param format  PROC_DUMP_TEXT or PROC_DUMP_JSON; any other is bad input.
/// @return NULL, or an error with the `errno` of writing; EINVAL if the format is not known.
#[unsafe(no_mangle)]
pub extern "C" fn proc_dump(fd: c_int, format: MaybeUninit<proc_dump_format>) -> *mut proc_error {
    // SAFETY: C passes some number; whether it is a format is looked at before it is taken for one.
    let format = unsafe { format.as_ptr().cast::<c_int>().read() };
    give_outcome(bug::contained(|| dump(fd, format)))
}

fn dump(fd: c_int, format: c_int) -> Outcome {
    let write = match format {
        _ if format == proc_dump_format::PROC_DUMP_TEXT as c_int => live::text,
        _ if format == proc_dump_format::PROC_DUMP_JSON as c_int => live::json,
        _ => {
            return Err(BadInput::Format {
                function: "proc_dump",
                format,
            }
            .into());
        }
    };
    let text = write(&live::look());
    descriptor::write_all(fd, text.as_bytes()).map_err(|code| {
        let reason = super::error::strerror(code);
        Error::new(code, &format!("proc_dump: descriptor {fd}: {reason}"))
    })
}
