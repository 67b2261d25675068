//! The live tree.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use super::bad_input::BadInput;
use super::handle::give_outcome;
use super::types::proc_error;
use crate::base::cancelability;
use crate::base::error::{Error, Outcome};
use crate::base::race_detector::unseen;
use crate::base::{bug, descriptor};
use crate::live;

/// How `proc_dump` writes.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum proc_dump_format {
    /// For people: one line for each process, as `pstree` draws a tree.
    PROC_DUMP_TEXT,
    /// For programs: one JSON object on one line, as docs/dump.schema.json describes it.
    PROC_DUMP_JSON,
}

/// # The live tree
///
/// Writes everything that runs now, in the whole program, as a tree.
///
/// For each process it shows: its kind and name; its thread; how long it has been running; what it does (runs, waits in
/// a call of this library, joins its children, cleans up); since when its handle is cancelled, and why, or when a
/// deadline will cancel it; how many of its children have not been started; and, for a nursery with a limit, how many
/// places are taken, and how many callers wait for one in `proc_spawn`. A callback is shown by the address of its code,
/// a task by its name, its number (`proc_trace_task_id`) and its label (`proc_task_label`).
///
/// A job, and a task that was begun by hand, is shown inside of what it was started in, if that still runs: the
/// callback that started it; or, if it was started under a handle of another process, or of a task by hand, that
/// process or task. If these have ended, it is shown inside of the next one around them. A task by hand has no thread.
///
/// Each cause of a cancellation is written once, and after that as "(as above)"; in JSON, `cause_id` says which cause
/// it is. A name, a label or a cause that is longer than 4 KiB is cut, with a note of how much was left out.
///
/// The state of one thread is read at one moment, but the threads are read one after the other: a process that moves
/// from one thread to another meanwhile may be missing. A thread is blocked only while its state is read, some 100 ns
/// for each level of nesting, and no thread is blocked while texts are composed and written. Ages are exact to some
/// milliseconds; on a machine with more runnable threads than processors, a process may seem older by as long as the
/// system lets threads wait, some tens of milliseconds.
///
/// If an error that is shown here is released meanwhile, its payload may be destroyed on the calling thread.
///
/// Example:
/// ```c
/// proc_error_unref(proc_dump(STDERR_FILENO, PROC_DUMP_TEXT));
/// ```
///
/// Threads: any, at any time, from callbacks too; not in signal handlers.
///
/// @param fd      written to until all is written, also if it is non-blocking. Stays yours.
/// @param format  PROC_DUMP_TEXT or PROC_DUMP_JSON; any other is bad input.
/// @return NULL, or an error.
/// Errors:
/// - EINVAL: there is no such format.
/// - EPIPE: nobody reads it any more. No SIGPIPE is raised.
/// - Any other as for `write`.
#[unsafe(no_mangle)]
pub extern "C" fn proc_dump(fd: c_int, format: MaybeUninit<proc_dump_format>) -> *mut proc_error {
    // SAFETY: C passes some number; whether it is a format is looked at before it is taken for one.
    let format = unsafe { format.as_ptr().cast::<c_int>().read() };
    give_outcome(bug::contained(|| {
        // It reads what no promise orders, under locks or as atomics.
        cancelability::disabled(|| unseen(|| dump(fd, format)))
    }))
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
