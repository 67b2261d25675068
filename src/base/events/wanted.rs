//! Whether anybody wants to know what happens: what every call looks at first.
//!
//! unsafe: the linker is told what belongs to that.
#![allow(unsafe_code)]

use crate::base::sync::notes::{AtomicU32, Ordering};

/// Who wants to know: in the half at the word's own address, how many have attached to probes, which their
/// tools count there (16 bits); in the other half, a bit for each listener of our own.
pub(crate) static WANTED: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" {
    fn procession_at_load();
}

// Where it can be that something happens, the library must have been loaded. Of a static library a linker takes only
// the objects that something refers to, and nothing else refers to `load`.
#[used]
static NEEDS: unsafe extern "C" fn() = procession_at_load;

const HALVES: [u32; 2] = if cfg!(target_endian = "little") {
    [0, 16]
} else {
    [16, 0]
};

/// A listener, as bits of that word.
#[derive(Clone, Copy)]
pub(crate) struct Who(u32);

impl Who {
    pub(crate) const PROBES: Who = Who(0xFFFF << HALVES[0]);
    pub(crate) const RECORDER: Who = Who(1 << HALVES[1]);
    pub(crate) const HOOKS: Who = Who(2 << HALVES[1]);
    /// Who is told at once, and not by what is recorded.
    pub(crate) const TOLD: Who = Who(Who::PROBES.0 | Who::HOOKS.0);
    /// The recorder of a run of a simulation.
    pub(crate) const RUN: Who = Who(4 << HALVES[1]);

    pub(crate) fn wants(self) -> bool {
        WANTED.load(Ordering::Relaxed) & self.0 != 0
    }

    /// From now on it wants to know, or no more. (Probes say so themselves.)
    pub(crate) fn want(self, wants: bool) {
        if wants {
            WANTED.fetch_or(self.0, Ordering::Relaxed);
        } else {
            WANTED.fetch_and(!self.0, Ordering::Relaxed);
        }
    }
}

/// Whether anybody wants to know what happens: what it costs to tell it is worth the while then.
#[inline]
pub(crate) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed) != 0
}
