//! Who seldom looks at what others change all the time, and what that costs the others: no locked instruction.
//!
//! Who changes something of his own says that he is inside of it (`Inside`), and then asks whether anybody looks. Who looks says so, and then asks
//! whether somebody is inside. With a full barrier between the two on both sides, one of them hears of the other. Here the one who changes has
//! none: who looks has the kernel see to it that each thread passes one (`sys::barrier`), which takes some microseconds.
//!
//! Invariants:
//! - **LK1 one of them hears.** Of who is inside without having heard that somebody looks, each who looks hears, and waits until he is out.
//! - **LK2 in order.** Who is inside sees what those have done who have looked before, and who looks what those have done who were inside before.
//!
//! Where the kernel has no such barrier, somebody is said to look for ever: then all use their locks.

use super::{global, stand_back};
use crate::base::clock::Duration;
use crate::base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

// How many look; and `FOR_EVER` beside them, as long as no barrier can be had.
global!(LOOKING: AtomicUsize = AtomicUsize::new(FOR_EVER));

const FOR_EVER: usize = 1 << (usize::BITS - 1);

/// Within this time each processor has done what it had put off, whether or not it is asked to.
const LONG: Duration = Duration::from_millis(20);

/// How often a thread looks at once whether who is inside is out again.
const LOOKS: usize = if cfg!(loom) { 1 } else { 100 };

/// How long it sleeps then.
const NAP: Duration = Duration::from_micros(20);

/// Whether the one thread that something belongs to changes it, without a lock.
pub(crate) struct Inside(AtomicBool);

/// Somebody looks, for as long as this is there.
pub(crate) struct Look(());

/// To be called as the library is loaded, and in a child of `fork`, where nobody looks.
pub(crate) fn prepare() {
    let looking = if barrier::prepare() { 0 } else { FOR_EVER };
    LOOKING.store(looking, Ordering::Relaxed);
}

impl Inside {
    pub(crate) fn new() -> Inside {
        Inside(AtomicBool::new(false))
    }

    /// Comes in, on the thread that it belongs to, unless somebody looks: then a lock is to be taken instead.
    #[inline(always)]
    pub(crate) fn come_in(&self) -> bool {
        self.0.store(true, Ordering::Relaxed);
        barrier::here();
        // Acquire: what those have done who have looked before (LK2).
        let nobody_looks = LOOKING.load(Ordering::Acquire) == 0;
        if !nobody_looks {
            self.go_out();
        }
        nobody_looks
    }

    /// Goes out again, who has come in.
    #[inline(always)]
    pub(crate) fn go_out(&self) {
        self.0.store(false, Ordering::Release); // LK2
    }

    /// Whether the thread that it belongs to is inside, where it cannot come in meanwhile: the caller looks.
    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Ordering::Acquire) // LK2
    }

    /// Waits until who is inside is out, where nobody can come in meanwhile: the caller looks, or keeps out the thread that it belongs to.
    #[inline(always)]
    pub(crate) fn wait_until_out(&self) {
        if self.is_there() {
            self.wait_longer();
        }
    }

    #[cold]
    fn wait_longer(&self) {
        let is_inside = |_| {
            std::hint::spin_loop();
            self.is_there()
        };
        while (0..LOOKS).all(is_inside) {
            stand_back(NAP);
        }
    }
}

impl Look {
    pub(crate) fn begin() -> Look {
        let before = LOOKING.fetch_add(1, Ordering::Relaxed);
        if before < FOR_EVER && !barrier::everywhere() {
            give_up();
        }
        Look(())
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        LOOKING.fetch_sub(1, Ordering::Release); // LK2
    }
}

/// The program has forbidden itself that call.
#[cold]
fn give_up() {
    stand_back(LONG);
    LOOKING.fetch_or(FOR_EVER, Ordering::Relaxed); // Not before: who begins to look then does not wait.
}

#[cfg(not(loom))]
mod barrier {
    pub(super) use crate::base::sys::barrier::{everywhere, prepare};

    /// Keeps the compiler from changing the order, as the other barrier keeps the processor from it.
    #[inline(always)]
    pub(super) fn here() {
        std::sync::atomic::compiler_fence(super::Ordering::SeqCst);
    }
}

/// In a model both sides have a full barrier, which says the same of what is before and after.
#[cfg(loom)]
mod barrier {
    use crate::base::sync::atomic::{Ordering, fence};

    pub(super) fn prepare() -> bool {
        true
    }

    pub(super) fn everywhere() -> bool {
        here();
        true
    }

    pub(super) fn here() {
        fence(Ordering::SeqCst);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/looking.rs"]
mod models;
