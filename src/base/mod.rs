//! What everything stands on: errors, data of the program, locks, time, names.
//!
//! Nothing here knows of processes or handles. The rooms, in reading order:
//!
//! - `error`: what went wrong: failures, task errors, several at once; merging, and echoes.
//! - `common`, `holder`, `in_place`, `written`: a value that several hold, with both counts in one word; with data of the program's in it; made where it stays; one that is written once.
//! - `user_data`, `short_text`: data of the program, with how to release it; a notice; a text that most often takes no memory.
//! - `ending`: the program is about to end: what is to be written first.
//! - `guard`, `bug`: what happens when a callback does not return; defects of our own: the only `catch_unwind`.
//! - `counts`: what happened how often.
//! - `events`: what happens, told to whoever wants to know.
//! - `race_detector`: tells one what comes before what.
//! - `sync`, `atomics`: locks and waits; atomics. The only places that name std::sync or loom.
//! - `clock`, `time_text`: the only place that reads a clock or sleeps; how long something is, for people.
//! - `random`: numbers that look random.
//! - `generation`, `once`: how many forks lie between this process and the first; what is set once, beside a fork.
//! - `intrusive_list`: a list that a member is taken out of in O(1).
//! - `world`: what a thread of a simulation asks in the place of the kernel.
//! - `thread_name`: what a thread of the library is called.
//! - `mask`, `signal_set`: which signals a thread lets in; signals by number and by name, and sets of them.
//! - `cancelability`: keeps system calls from being cancellation points.
//! - `descriptor`: reading and writing descriptors of the program.
//! - `own_fd`: a descriptor of the library, in a program that may close it.
//! - `environment`: what is said to this program alone, and not to what it executes.
//! - `sys`: what Linux has of its own, and nobody else names.
//!
//! Circle: `clock`, `race_detector`, `sync`, `world`: in a simulation all of these ask the world, which is guarded by locks and has a clock.

mod atomics;
pub(crate) mod bug;
pub(crate) mod cancelability;
pub(crate) mod clock;
pub(crate) mod common;
pub(crate) mod counts;
pub(crate) mod descriptor;
pub(crate) mod ending;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod generation;
pub(crate) mod guard;
pub(crate) mod holder;
pub(crate) mod in_place;
pub(crate) mod intrusive_list;
pub(crate) mod mask;
#[cfg(all(test, loom))]
pub(crate) mod models;
pub(crate) mod once;
pub(crate) mod own_fd;
pub(crate) mod race_detector;
pub(crate) mod random;
pub(crate) mod short_text;
pub(crate) mod signal_set;
pub(crate) mod sync;
pub(crate) mod sys;
pub(crate) mod thread_name;
pub(crate) mod time_text;
pub(crate) mod user_data;
pub(crate) mod world;
pub(crate) mod written;
