//! Processes: the tree, one file a combinator, and what runs one.
//!
//! A node knows what its children mean together; on which thread each of them runs, `engine` decides. The rooms, in
//! reading order:
//!
//! - `process`, `kind`, `family`: the tree, and `run`: the table of contents of the library; which kinds there are; where children lie.
//! - `sequence`, `finally`, `shield`: one after the other; one that cleans up after another; one that a cancellation from above reaches later.
//! - `timeout`: one that is cancelled when its time is up.
//! - `value`, `task`, `region`: one that has a value; a named unit of work; a named interval in the trace.
//! - `concurrent`, `group`: all at once; all errors, or the first failure cancels the others.
//! - `limit`: either of them with a limit on how many run at once.
//! - `background`: one that is cancelled when all others have ended.
//! - `each`: a group of one callback and many indices.
//! - `race`, `any`: all at once; the first to complete, or to succeed, decides.
//! - `nursery`: children that come while it runs; the first failure cancels the others.
//! - `on_signal`: runs a process at each arrival of a signal.
//! - `every`, `stack`: runs a process at each multiple of a period; each begins when the one before is up, and stops before that.
//! - `supervise`: runs a process again when it fails.
//! - `delay`, `await_promise`, `on_queue`: one that waits; one that completes as a promise does; one that runs another one where a queue is run.
//! - `without_thread`: one that waits without a thread.
//! - `child`: one that runs a program.
//! - `callback`: the code of a leaf.
//! - `job`: a process that runs without blocking who started it.
//! - `by_hand`: tasks that a program begins and ends itself.
//! - `completion_queue`: which jobs the thread that has started them is still to tell of.
//!
//! Circle: `process`, `kind`, `family`, `sequence`, `finally`, `shield`, `timeout`, `value`, `task`, `region`, `limit`, `background`, `each`, `race`, `any`, `nursery`, `without_thread`, `on_queue`, `child`, `on_signal`, `every`, `stack`, `supervise`: a node
//! and its combinators, as a tree and the walk down it are.

mod any;
pub(crate) mod await_promise;
mod background;
pub(crate) mod by_hand;
pub(crate) mod callback;
pub(crate) mod child;
mod completion_queue;
mod concurrent;
pub(crate) mod delay;
pub(crate) mod each;
pub(crate) mod every;
pub(crate) mod family;
pub(crate) mod finally;
mod group;
pub(crate) mod job;
mod kind;
pub(crate) mod limit;
pub(crate) mod nursery;
pub(crate) mod on_queue;
pub(crate) mod on_signal;
pub(crate) mod process;
mod race;
pub(crate) mod region;
mod sequence;
pub(crate) mod shield;
mod stack;
pub(crate) mod supervise;
pub(crate) mod task;
pub(crate) mod timeout;
pub(crate) mod value;
mod without_thread;
