//! How many forks lie between this process and the one in which the library was loaded: by that something of the
//! parent's is known in a child. And which process that was.

use crate::base::sync::atomic::{AtomicU32, Ordering};
use crate::base::sync::global;
use crate::base::sync::notes;

global!(GENERATION: AtomicU32 = AtomicU32::new(0));

// The number of the process in which the library was loaded; 0: of a model.
static ORIGIN: notes::AtomicU32 = notes::AtomicU32::new(0);

/// To be called as the library is loaded.
pub(crate) fn note_origin() {
    ORIGIN.store(std::process::id(), Ordering::Relaxed);
}

/// The process in which the library was loaded: whoever has started the program knows it by that.
pub(crate) fn origin() -> u32 {
    ORIGIN.load(Ordering::Relaxed)
}

/// Whether the program has moved to another process, as a daemon does by forking twice. A child of that first process is only its
/// helper, as long as that one is there.
pub(crate) fn has_moved() -> bool {
    let origin = origin();
    origin != 0 && std::process::id() != origin && std::os::unix::process::parent_id() != origin
}

pub(crate) fn current() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// In a child of `fork`, before anything else there asks.
pub(crate) fn advance() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
