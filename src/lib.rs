//! procession: structured concurrency for C and C++ daemons.
//!
//! The wings, from top to bottom; each uses those below it (`docs/architecture.md` has the map):
//!
//! - `ffi`: the C API. Its modules are the table of contents of the header.
//! - `simulate`: a world of its own, in which schedules are tried and time is virtual.
//! - `daemon`: one process as the purpose of a program, and how it stops.
//! - `live`: what runs now, as a tree and in numbers.
//! - `trace`: what happened, recorded and written for a viewer.
//! - `tree`: processes, one file a combinator.
//! - `signal`: one handler, and one thread that tells who listens.
//! - `engine`: who runs it: threads, frames, fan-outs.
//! - `scope`: what it runs in: cancel handles, tasks, waiting.
//! - `base`: errors, locks, time, names.
//!
//! Beside them, and used by none of them, stand two files that reach into all: `load` is what the loader calls, and `fork`
//! empties the library in a child of the program.
//!
//! `unsafe` is allowed in `ffi` and in the rooms whose first lines say why.
#![deny(unsafe_code)]

mod base;
mod daemon;
mod engine;
pub mod ffi;
mod fork;
mod live;
mod load;
mod scope;
mod signal;
mod simulate;
mod trace;
mod tree;

#[global_allocator]
static MEMORY: base::race_detector::Memory = base::race_detector::Memory;
