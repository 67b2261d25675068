//! The program is about to end, by what happens in the library.
//!
//! What happened last is what explains the end. So who records what happens is to write it first, for which nobody waits
//! longer than a stuck standard error is waited for. Who ends the program asks for that before he says anything, and
//! waits after it.

use crate::base::clock::{self, Instant};
use crate::base::descriptor::PATIENCE;
use crate::base::sync::OnceLock;

/// Who has something to write.
pub(crate) trait Writer: Sync {
    /// Is asked to write what there is, by then.
    fn finish(&self, end: Instant);
    /// Returns when that is done, or the moment has come.
    fn wait(&self, end: Instant);
}

static WRITER: OnceLock<&'static dyn Writer> = OnceLock::new();

/// To be called as the library is loaded.
pub(crate) fn set_writer(writer: &'static dyn Writer) {
    let _ = WRITER.set(writer);
}

pub(crate) struct Ending {
    end: Instant,
}

impl Ending {
    /// Has what happened until now written, if it is recorded.
    pub(crate) fn begin() -> Ending {
        let end = clock::now() + PATIENCE;
        if let Some(writer) = WRITER.get() {
            writer.finish(end);
        }
        Ending { end }
    }

    /// Waits until it is, or for too long.
    pub(crate) fn wait(self) {
        if let Some(writer) = WRITER.get() {
            writer.wait(self.end);
        }
    }
}
