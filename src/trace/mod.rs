//! The trace: what happens in the program, as an open format, for a viewer that people have already.
//!
//! - `story` says what records mean;
//! - `perfetto` is what that looks like, in `packet`s, with `intern`ed names, `encode`d;
//! - `threads` is what a story knows of threads;
//! - `record` is how an event lies in memory.

mod encode;
mod intern;
mod packet;
mod perfetto;
mod record;
mod story;
#[cfg(all(test, not(loom)))]
mod tests;
mod threads;
