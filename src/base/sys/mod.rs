//! What is Linux's own, or its C libraries': no other room names it (`./x lint system`). All else is POSIX's, or std's.
//!
//! One room a concern, by the name of what it is for. For another system, each has its like (`docs/porting.md`).
//!
//! - `clocks`: which there are.
//! - `errno`: where it is.
//! - `futex`: waiting for a word of memory to change.
//! - `barrier`: one that all threads of the program pass.
//! - `thread`: numbers and names of threads, and signals for one of them.
//! - `scheduling`: by which processors and how urgently a thread is run, and how precisely it sleeps.
//! - `descriptors`: made close-on-exec from the start, all closed, one opened again.
//! - `sockets`: made close-on-exec from the start, of what family, names that are no files.
//! - `at_once`: calls that do not wait, and raise no signal.
//! - `child`: a child that is known by a descriptor, and one that does not outlive its parent.
//! - `processes`: all that there are.
//! - `program`: what is known of this one.
//! - `memory`: giving pages back.
//! - `pin_object`: keeps the object that the library is in from being unloaded.

pub(crate) mod at_once;
#[cfg(not(loom))] // A model has its own.
pub(crate) mod barrier;
pub(crate) mod child;
pub(crate) mod clocks;
pub(crate) mod descriptors;
pub(crate) mod errno;
pub(crate) mod futex;
#[cfg(not(loom))] // A model has none.
pub(crate) mod memory;
pub(crate) mod pin_object;
pub(crate) mod processes;
pub(crate) mod program;
pub(crate) mod scheduling;
pub(crate) mod sockets;
pub(crate) mod thread;
