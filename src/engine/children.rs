//! What the engine knows of children: that there are so many, and how one is run. What they are, those know who
//! have them run.

use crate::base::error::{Error, Outcome};
use crate::engine::frames::Context;
use crate::engine::operation::Operation;

/// Children that may run at the same time, by their indices.
pub(crate) trait Children: Clone + Send + Sync + 'static {
    fn count(&self) -> usize;
    /// Runs one of them on the calling thread until it completes.
    fn run_one(&self, index: usize, context: &Context<'_>) -> Outcome;
    /// Whether any of them can wait without a thread (`pending`).
    fn can_any_wait(&self) -> bool {
        false
    }
    /// Whether that one can.
    fn can_wait(&self, _index: usize) -> bool {
        false
    }
    /// Begins one on the calling thread, if it waits without one; `None`: it is to be run.
    fn begin(&self, _index: usize, _context: &Context<'_>) -> Option<Operation> {
        None
    }
    /// The error of one that could not be started.
    fn not_started(&self, index: usize, error: Error) -> Error;
    /// Whether they needed a thread each when they last ran: a hint, which may be wrong.
    fn stalled(&self) -> bool;
    fn note_stalled(&self, stalled: bool);
}
