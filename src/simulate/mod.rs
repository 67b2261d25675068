//! A world of its own: a program of which one thread runs at a time, chosen from a seed, by a clock that stands still while anybody can
//! go on.
//!
//! `docs/simulation.md` says what it is for. The rooms, in reading order:
//!
//! - `seeds`: which runs are made.
//! - `shrinking`: the fewest switches with which a run still fails.
//! - `forked`: runs in children, on all processors.
//! - `board`: what those and this process have in common.
//! - `run`: one run, from a fresh beginning to what it has left behind.
//! - `options`: what is to be simulated.
//! - `faults`: what goes wrong by chance.
//! - `world`: what threads of the run ask in the place of the kernel.
//! - `state`: who can go on, who waits for what, and until when.
//! - `schedule`: who of those goes on.
//! - `account`: what the program has of the library's.
//! - `journal`: its choices, where another process reads them.
//! - `signals`: those that come to a run.
//! - `failure`: how a run ends that does not end by itself.
//! - `worker`: the threads of a run.
//! - `guests`: those that the program has made itself.
//! - `parker`: what one of them stops at.
//!
//! Circle: `state`, `worker`, `world`, `guests`: the world guards who can go on, those are workers, and each of them goes on as the world
//! says; also those of the program, whose host the world tells of a failure.

mod account;
mod board;
mod failure;
pub(crate) mod faults;
mod forked;
pub(crate) mod guests;
pub(crate) mod journal;
pub(crate) mod options;
mod parker;
mod run;
mod schedule;
pub(crate) mod seeds;
mod shrinking;
pub(crate) mod signals;
mod state;
#[cfg(all(test, not(loom)))]
mod tests;
mod worker;
pub(crate) mod world;
