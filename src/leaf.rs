//! What a thread says of the callback that it runs, at every callback and without a lock; for whoever
//! asks what runs.
//!
//! Invariants:
//! - **L1 one writer.** Only the slot's own thread writes.
//! - **L2 whole.** Who looks sees what belongs to one callback, or nothing: the writer makes `serial` odd
//!   before it changes anything, and even after; who finds it odd, or changed meanwhile, looks again.

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// The callback that runs on a thread, if one does.
pub(crate) struct Leaf {
    serial: AtomicUsize,
    /// The address of its code; 0: none runs.
    function: AtomicUsize,
    since: AtomicU64,
}

/// One callback, as it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    pub(crate) function: usize,
    /// As `clock::rough` tells it.
    pub(crate) since: u64,
}

/// Between callbacks.
pub(crate) const NONE: Call = Call {
    function: 0,
    since: 0,
};

/// How often somebody looks who finds everything changing; then the callbacks take no time, and which
/// of them was seen does not matter.
const LOOKS: usize = if cfg!(loom) { 2 } else { 100 };

impl Leaf {
    pub(crate) fn new() -> Leaf {
        Leaf {
            serial: AtomicUsize::new(0),
            function: AtomicUsize::new(0),
            since: AtomicU64::new(0),
        }
    }

    /// Runs a callback on the slot's own thread.
    pub(crate) fn during<T>(&self, function: usize, since: u64, callback: impl FnOnce() -> T) -> T {
        self.write(Call { function, since });
        // Nothing unwinds past this (`escape`).
        let value = callback();
        // Who sees none does not look at the rest.
        self.function.store(0, Ordering::Release);
        value
    }

    /// Takes the running callback away, while it runs something that has callbacks of its own.
    pub(crate) fn take(&self) -> Call {
        let call = Call {
            function: self.function.load(Ordering::Relaxed),
            since: self.since.load(Ordering::Relaxed),
        };
        self.function.store(0, Ordering::Release);
        call
    }

    /// Puts back what was taken away.
    pub(crate) fn put_back(&self, call: Call) {
        if call != NONE {
            self.write(call);
        }
    }

    fn write(&self, call: Call) {
        let serial = self.serial.load(Ordering::Relaxed);
        self.serial.store(serial.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.since.store(call.since, Ordering::Relaxed);
        self.function.store(call.function, Ordering::Relaxed);
        self.serial.store(serial.wrapping_add(2), Ordering::Release);
    }

    /// The callback that runs, if one does, seen from any thread (L2).
    pub(crate) fn look(&self) -> Option<Call> {
        (0..LOOKS).find_map(|_| self.try_look()).flatten()
    }

    fn try_look(&self) -> Option<Option<Call>> {
        let before = self.serial.load(Ordering::Acquire);
        let function = self.function.load(Ordering::Acquire);
        let since = self.since.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let after = self.serial.load(Ordering::Relaxed);
        if function == 0 {
            return Some(None);
        }
        let whole = before == after && before.is_multiple_of(2);
        whole.then_some(Some(Call { function, since }))
    }
}

#[cfg(all(test, loom))]
#[path = "models/leaf.rs"]
mod models;
