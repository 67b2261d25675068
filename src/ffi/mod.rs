//! The C API. The functions are thin: convert, call, convert. Their documentation is the header's, so it is written
//! for readers of C: what each asks of its callers is in the header's words and rules, not in safety sections. The rooms, in the order of the header; the last five are what those of the header are written with:
//!
//! - `types`, `process`, `many`, `run`, `error`: what C holds by pointers; making processes, also of many children; running one, here and now or as the purpose of the program; making errors, wrapping them, and what they say (those with a format are C, `printf.c`).
//! - `cancel`, `hook`, `io`, `poll`, `time`, `supervise`, `shield`, `values`: cancel handles; code that a cancellation runs; reading, writing and waiting for files that it ends, too; what goes by the clock; restarts; what a cancellation does not reach; values that travel down with handles.
//! - `channel`, `promise`, `queue`: bounded queues between threads; what is completed once; what runs on a thread of the program's choice.
//! - `child`, `job`, `main_options`, `nursery`: what runs a program; running without blocking; how a program wants to be stopped; children that come.
//! - `daemon`, `start`, `dump`, `stats`: what a daemon needs beyond `proc_main`; what whoever has started the program has for it; what runs now, as a tree and in numbers.
//! - `configure`, `init`, `trace`, `by_hand`, `simulate`, `trace_hooks`, `version`: choices for the library's threads; defaults for languages without macros; traces; tasks, regions and logs by hand; a program in a world of its own; code that is told what happens; which version.
//! - `taken_over`, `handle`, `bad_input`, `errno`, `signals`, `sized`: what libprocession-sim.so asks, which is not in the header; pointers of C to values and back, and what makes that sound; mistakes in calls, in words; failures as the system tells them; signals as C names them; structs that begin with their size.
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod types;

pub mod process;

pub mod many;
pub mod run;

pub mod error;

pub mod cancel;
pub mod hook;
pub mod io;
pub mod poll;
pub mod shield;
pub mod supervise;
pub mod time;
pub mod values;

pub mod channel;
pub mod promise;
pub mod queue;

pub mod child;
pub mod job;
pub mod main_options;
pub mod nursery;

pub mod daemon;
pub mod start;

pub mod dump;
pub mod stats;

pub mod configure;
pub mod init;
pub mod trace;

pub mod by_hand;
pub mod simulate;
pub mod trace_hooks;
pub mod version;

mod bad_input;
mod errno;
mod handle;
mod signals;
mod sized;
mod taken_over;
