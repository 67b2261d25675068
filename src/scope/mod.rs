//! What a process runs in: its cancel handle, its task, and how it waits.
//!
//! The rooms, in reading order:
//!
//! - `cancel`: the tree of cancel handles, what they hand down, how a cancellation goes down it, and waiting on one.
//! - `observers`: who hears of a cancellation other than by waiting.
//! - `listener`: who hears of something that comes once.
//! - `hook`: code of the program that a cancellation runs, once.
//! - `hooked`: a hook on a handle.
//! - `ready_fd`: a descriptor that becomes readable once, and for good.
//! - `level_fd`: a descriptor that is readable while something holds.
//! - `promise`: what somebody completes once, for those who wait for it.
//! - `waiter`: what one thread waits by, and others wake.
//! - `alert`: a thread that waits is woken by a cancellation too.
//! - `channel`: bounded queues between threads.
//! - `queue`: what runs on a thread of the program's choice.
//! - `poll`: poll(2), which a cancellation ends too.
//! - `io`: reading, writing, accepting and connecting, which it ends as well.
//! - `drain`: which `proc_main` is asked to stop soon.
//! - `drain_handle`: handles that are cancelled by that.
//! - `task_run`: one run of a task.
//! - `readiness`: which services are expected, and whether the program is up.
//! - `health`: who vouches for himself, and whether anybody is late.
//! - `failing`: whether a failure has cancelled what all of the program is.
//! - `progress`: how far the stacks are that begin or stop.
//! - `reloading`: whether the program is loading its configuration again.
//! - `activity`: jobs and runs of hooks: of which ones each thread is a part.
//! - `wait_graph`: who waits for which activity from inside of which others.
//!
//! Circle: `cancel`, `hook`, `observers`: a handle keeps its hooks, and a hook holds its handle in memory of its own, which is one allocation for both.

pub(crate) mod activity;
pub(crate) mod alert;
pub(crate) mod cancel;
pub(crate) mod channel;
pub(crate) mod drain;
pub(crate) mod drain_handle;
pub(crate) mod failing;
pub(crate) mod health;
mod hook;
pub(crate) mod hooked;
pub(crate) mod io;
mod level_fd;
pub(crate) mod listener;
mod observers;
pub(crate) mod poll;
pub(crate) mod progress;
pub(crate) mod promise;
pub(crate) mod queue;
pub(crate) mod readiness;
pub(crate) mod ready_fd;
pub(crate) mod reloading;
pub(crate) mod task_run;
pub(crate) mod wait_graph;
pub(crate) mod waiter;
