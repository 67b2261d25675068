//! procession: structured concurrency for C and C++ daemons.
//!
//! The rooms, in reading order (`docs/architecture.md` has the map, with what uses what):
//!
//! - `ffi` is the C API, and its modules are the table of contents of the header.
//! - `job` runs a process without blocking who started it.
//! - `toplevel` runs one process as a program's purpose, and `shutdown` stops it; `notify` tells the service
//!   manager, and `readiness` knows when the program is up.
//! - `process` is the tree and `run`; `sequence`, `task`, `region`, `concurrent` and `group` are the
//!   combinators; `escape` is what happens when a callback does not return.
//! - `fan_out` runs several children at once; `sentinel` lends it helpers; `backlog` is what they see of
//!   it and `notes` what the sentinel remembers; `crew` has the threads and `thread_name` what they
//!   are called.
//! - `frames` is what runs on each thread, inside of what, and `slots` which threads have such a place;
//!   `leaf` is the callback that runs there, and `live` shows it all. `counts` is what happened there how
//!   often, and `stats` all of that in numbers.
//! - `signal` tells those who listen of signals: `shutdown`, and `on_signal`, which runs a process at each.
//!   `aside` does what would hold it up, `descriptor` writes.
//! - `config` is what the program has chosen for these threads, and `mask` which signals a thread lets in.
//! - `trace` records what happens, and writes it for a viewer; `by_hand` has tasks that a program begins and
//!   ends itself.
//! - `fork` empties the library in a child of the program.
//! - `callback` is what the library holds of the program: code, data, and how to release it.
//! - `cancel` is the tree of cancel handles, `drain` which of them will be cancelled soon, and `task_run` the
//!   task that each is in. `poll` waits for files and a cancellation; `observers` hear of one otherwise: a
//!   `hook`, or who watches a `ready_fd`.
//! - `error` is what went wrong, `bug` our own defects.
//! - `clock` is time, and `sync` the only place that names locks and atomics.
//!
//! `unsafe` is allowed in `ffi` and in the rooms whose first lines say why.
#![deny(unsafe_code)]

mod aside;
mod backlog;
mod bug;
mod by_hand;
mod callback;
mod cancel;
mod clock;
mod concurrent;
mod config;
mod counts;
mod crew;
mod descriptor;
mod drain;
mod error;
mod escape;
mod fan_out;
pub mod ffi;
mod fork;
mod frames;
mod group;
mod hook;
mod job;
mod leaf;
mod live;
mod mask;
#[cfg(all(test, loom))]
mod models;
mod notes;
mod notify;
mod observers;
mod on_signal;
mod placed_list;
mod poll;
mod process;
mod readiness;
mod ready_fd;
mod region;
mod sentinel;
mod sequence;
mod shutdown;
mod signal;
mod slots;
mod stats;
mod sync;
mod task;
mod task_run;
mod thread_name;
mod toplevel;
mod trace;
