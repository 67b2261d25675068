//! The trace: what happens in the program, as an open format, for a viewer that people have already.
//!
//! The rooms, in reading order (`docs/trace.md` has the protocol and the format):
//!
//! - `dispatch`: what happens (`base/events`), passed on to the recorder, the hooks and the probes.
//! - `hooks`: code of the program that is told.
//! - `probes`: places in the library at which others can look.
//! - `control`: starts and stops a trace.
//! - `environment`: a trace that the environment asks for.
//! - `snapshot`: writes what the flight recorder has.
//! - `of_run`: the trace of a run of a simulation.
//! - `introduce`: makes tasks known that began before.
//! - `epoch`: whether anything is recorded, and since when.
//! - `regions`: which are open on each thread.
//! - `thread_buffer`: where each thread records what happens on it.
//! - `record`: how an event lies there.
//! - `pool`: has the chunks of memory for that, in lists.
//! - `chunk`: is one of them.
//! - `drain`: writes a trace as long as it is on.
//! - `file`: is what it is written to.
//! - `merge`: brings records in order.
//! - `converter`: says what they mean.
//! - `threads`: is what it knows of threads.
//! - `perfetto`: what that looks like, in packets, with interned names, encoded.
//! - `oneshot`: what one thread waits for and another one gives.
//! - `held`: the locks of the trace, across a `fork`.

mod chunk;
pub(crate) mod control;
mod converter;
pub(crate) mod dispatch;
mod drain;
pub(crate) mod environment;
mod epoch;
mod file;
pub(crate) mod held;
pub(crate) mod hooks;
mod introduce;
mod merge;
pub(crate) mod of_run;
mod oneshot;
mod perfetto;
mod pool;
mod probes;
mod record;
mod regions;
pub(crate) mod snapshot;
#[cfg(all(test, not(loom)))]
mod tests;
mod thread_buffer;
mod threads;
