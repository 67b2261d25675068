//! What runs now: every process there is, as a tree, and in numbers.
//!
//! The rooms, in reading order (`docs/live.md` has the reasons):
//!
//! - `look`: looks at all threads, and at what goes on without one.
//! - `see`: what one thread is inside of.
//! - `process`: one process, as it was seen.
//! - `tree`: the processes that were seen, put together.
//! - `orphans`: where those belong that are inside of nothing on their thread.
//! - `text`: the tree as people read it.
//! - `json`: the tree for programs.
//! - `words`: texts of the program's, as both tell them.
//! - `stats`: what runs and what has happened, in numbers.

mod json;
mod look;
mod orphans;
mod process;
mod see;
pub(crate) mod stats;
mod text;
mod tree;
mod words;

pub(crate) use json::write as json;
pub(crate) use look::look;
pub(crate) use text::write as text;
