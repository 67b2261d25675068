//! One process as the purpose of a program: runs until it is done, or told to stop.
//!
//! The rooms, in reading order (`docs/signals.md` has the stop):
//!
//! - `proc_main`: what `proc_main` and `proc_main_with` do.
//! - `shutdown`: how a program stops.
//! - `last_chance`: what the program does before a forced end.
//! - `notify`: what the service manager is told.
//! - `early_signals`: stop signals that come before `proc_main` does.
//! - `listen_fds`: the sockets that whoever has started the program holds for it.
//! - `reaper`: orphans.
//! - `deferred`: work that the listening thread defers to another thread.

mod deferred;
pub(crate) mod early_signals;
mod last_chance;
pub(crate) mod listen_fds;
mod notify;
pub(crate) mod proc_main;
pub(crate) mod reaper;
pub(crate) mod shutdown;
