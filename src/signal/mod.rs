//! Signals: one handler, and one thread of the library that tells those who listen of what has arrived.
//!
//! `docs/signals.md` has the protocol, and why nothing is lost in it. The rooms, in reading order:
//!
//! - `hub`: who listens, and the thread that gives each his turn.
//! - `handler`: the handler, and which signals it has.
//! - `bell`: what the handler wakes that thread by.
//!
//! Invariants:
//! - **G1 no descriptors.** The handler wakes the listening thread through a futex: a daemon that closes
//!   all descriptors cannot make it lose a signal, or write into a file of the program.
//! - **G2 the second ends it.** The first signal that asks the program to stop is for the listening thread;
//!   a further one ends the program in the way its default action does, if it comes so long after the first that
//!   it is no part of the same request. What is to be done before, the listening thread does, within bounds.
//! - **G3 as before.** Dispositions and masks are restored, in a child of `fork` too. A signal that came too
//!   late for the process to hear of it is sent again after that, as if it had come a moment later, unless
//!   somebody else has heard of it.
//! - **G4 none slept over.** What has arrived is told to all who listen to it: the handler notes it before
//!   it rings, and the listening thread reads the bell before it looks.
//! - **G5 nothing afterwards.** Once somebody has stopped listening, he is told of nothing any more.
//! - **G6 let in somewhere.** While somebody listens to a signal, the listening thread lets it in, since all
//!   of the program's threads may block it; and it blocks the signal again before the disposition is restored.

mod bell;
mod handler;
mod hub;

pub(crate) use crate::base::signal_set::{NoUse, Set, check, name};
pub(crate) use handler::{
    Delay, delay_end, end_program, exit_program, first, forced, is_end_delayed, send_again,
    simulate,
};
pub(crate) use hub::{
    Ear, Held, Listening, Stops, begin_world, forget, hold, keep_early, listen, wake,
};
