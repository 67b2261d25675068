//! Who runs it: threads, what runs on each, and several children at once.
//!
//! The rooms, in reading order:
//!
//! - `nursery`: several that come while it runs.
//! - `pending`: children that wait without a thread, as a backlog keeps them.
//! - `operation`: one of those.
//! - `part`: what a child is a part of that goes on on a thread which is not lent for it.
//! - `time_limit`: the end of what is cancelled when its time is up.
//! - `shown`: what waits without a thread, as whoever looks at it sees it.
//! - `children`: what the engine knows of children.
//! - `background`: those of them that are cancelled when all others have ended.
//! - `rule`: what the children of a combinator mean together.
//! - `ended`: what has become of all of them.
//! - `fan_out`: several children at once.
//! - `sentinel`: lends helpers to what stalls.
//! - `crew`: threads: lent, parked, reused, let go.
//! - `timer`: has somebody told at a moment.
//! - `late_strike`: a cancellation that comes at a moment.
//! - `config`: what the program has chosen for these threads.
//! - `at_work`: whether the threads of a fan-out use their processors.
//! - `terms`: affinity, priority and slack of a thread, and giving them to another one.
//! - `slots`: which slots there are, and what they add up to.
//! - `frames`: what runs on each thread, inside of what.
//! - `waiting`: what a thread does before it waits.
//! - `leaf`: what a thread says of the callback that it runs.
//! - `start_site`: where something was started that goes on by itself.
//! - `backlog`: what a fan-out shows to those who help it along.
//! - `backlog_policy`: how many helpers a backlog gets.
//!
//! Circle: `slots`, `frames`: a slot is what its frames lie in, and all slots together are looked at frame by frame.

mod at_work;
pub(crate) mod background;
pub(crate) mod backlog;
pub(crate) mod backlog_policy;
pub(crate) mod children;
pub(crate) mod config;
pub(crate) mod crew;
pub(crate) mod ended;
pub(crate) mod fan_out;
pub(crate) mod frames;
pub(crate) mod late_strike;
pub(crate) mod leaf;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod nursery;
pub(crate) mod operation;
pub(crate) mod part;
mod pending;
pub(crate) mod rule;
pub(crate) mod sentinel;
pub(crate) mod shown;
pub(crate) mod slots;
pub(crate) mod start_site;
pub(crate) mod terms;
pub(crate) mod time_limit;
pub(crate) mod timer;
pub(crate) mod waiting;
