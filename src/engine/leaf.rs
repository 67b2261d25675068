//! What a thread says of the callback that it runs, at every callback and without a lock; for whoever
//! asks what runs.
//!
//! Invariants:
//! - **L1 one writer.** Only the slot's own thread writes.
//! - **L2 whole.** Who looks sees what belongs to one callback, or nothing: the writer makes `number` 0
//!   before it changes anything, and the callback's after; who finds it 0, or changed meanwhile, looks again. No callback has
//!   the number of an earlier one, and while somebody looks, under the slot's lock, none is put back (L3). What
//!   the callback waits for changes while it runs, but belongs to no other: it is looked at in between.
//! - **L3 once.** A callback that runs something is taken away and put back under its slot's lock, together with
//!   the frame that has it meanwhile: who looks under that lock sees it at one of the two places.

use crate::base::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use crate::base::sync::notes::AtomicU8;

/// The callback that runs on a thread, if one does.
pub(super) struct Leaf {
    /// The address of its code; 0: none runs.
    function: AtomicUsize,
    since: AtomicU64,
    /// That of the callback; 0: it is being changed.
    number: AtomicU64,
    /// In which waiting call of the library the callback is, as `Waiting` has it; 0: in none.
    pub(super) waiting: AtomicU8,
}

/// One callback, as it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Call {
    pub(crate) function: usize,
    /// As `clock::rough` tells it.
    pub(crate) since: u64,
    /// The how manyth it is of its slot: so two runs of the same code are told apart.
    pub(super) number: u64,
}

/// Between callbacks.
pub(super) const NONE: Call = Call {
    function: 0,
    since: 0,
    number: 0,
};

/// How often somebody looks who finds everything changing; then the callbacks take no time, and which
/// of them was seen does not matter.
const LOOKS: usize = if cfg!(loom) { 2 } else { 100 };

impl Leaf {
    pub(super) fn new() -> Leaf {
        Leaf {
            function: AtomicUsize::new(0),
            since: AtomicU64::new(0),
            number: AtomicU64::new(0),
            waiting: AtomicU8::new(0),
        }
    }

    /// Runs a callback on the slot's own thread.
    pub(super) fn during<T>(&self, call: Call, callback: impl FnOnce() -> T) -> T {
        self.write(call);
        // Nothing unwinds past this (`guard`).
        let value = callback();
        // Who sees none does not look at the rest.
        self.function.store(0, Ordering::Release);
        value
    }

    /// The callback that runs on the slot's own thread, the calling one. What else of the program's runs
    /// there, as a hook may between callbacks, is none.
    pub(super) fn current(&self) -> Call {
        match self.function.load(Ordering::Relaxed) {
            0 => NONE,
            function => Call {
                function,
                since: self.since.load(Ordering::Relaxed),
                number: self.number.load(Ordering::Relaxed),
            },
        }
    }

    /// Takes the running callback away, while it runs something that has callbacks of its own (L3).
    pub(super) fn take(&self) -> Call {
        let call = self.current();
        self.function.store(0, Ordering::Release);
        call
    }

    /// Puts back what was taken away (L3).
    pub(super) fn put_back(&self, call: Call) {
        if call.function != 0 {
            self.write(call);
        }
    }

    fn write(&self, call: Call) {
        self.number.store(0, Ordering::Relaxed);
        fence(Ordering::Release);
        self.since.store(call.since, Ordering::Relaxed);
        self.function.store(call.function, Ordering::Relaxed);
        self.number.store(call.number, Ordering::Release);
    }

    /// The callback that runs, if one does, and in which call it waits, seen from any thread (L2).
    pub(super) fn look(&self) -> Option<(Call, u8)> {
        (0..LOOKS).find_map(|_| self.try_look()).flatten()
    }

    fn try_look(&self) -> Option<Option<(Call, u8)>> {
        let number = self.number.load(Ordering::Acquire);
        let function = self.function.load(Ordering::Acquire);
        let since = self.since.load(Ordering::Relaxed);
        let waiting = self.waiting.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let after = self.number.load(Ordering::Relaxed);
        if function == 0 {
            return Some(None);
        }
        let whole = number == after && number != 0;
        let call = Call {
            function,
            since,
            number,
        };
        whole.then_some(Some((call, waiting)))
    }
}

/// The calls of the library in which a callback may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Waiting {
    Wait = 1,
    Poll,
    HookRemove,
    JobWait,
    JobJoin,
    ChannelSend,
    ChannelReceive,
    Spawn,
    NurseryWait,
    Read,
    WriteAll,
    Accept,
    Connect,
    QueueRun,
}

impl Waiting {
    const ALL: [Waiting; 14] = [
        Waiting::Wait,
        Waiting::Poll,
        Waiting::HookRemove,
        Waiting::JobWait,
        Waiting::JobJoin,
        Waiting::ChannelSend,
        Waiting::ChannelReceive,
        Waiting::Spawn,
        Waiting::NurseryWait,
        Waiting::Read,
        Waiting::WriteAll,
        Waiting::Accept,
        Waiting::Connect,
        Waiting::QueueRun,
    ];

    /// The function of the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Waiting::Wait => "proc_wait",
            Waiting::Poll => "proc_poll",
            Waiting::HookRemove => "proc_hook_remove",
            Waiting::JobWait => "proc_job_wait",
            Waiting::JobJoin => "proc_job_join",
            Waiting::ChannelSend => "proc_channel_send",
            Waiting::ChannelReceive => "proc_channel_receive",
            Waiting::Spawn => "proc_spawn",
            Waiting::NurseryWait => "proc_nursery_wait",
            Waiting::Read => "proc_read",
            Waiting::WriteAll => "proc_write_all",
            Waiting::Accept => "proc_accept",
            Waiting::Connect => "proc_connect",
            Waiting::QueueRun => "proc_queue_run",
        }
    }

    pub(crate) fn of(number: u8) -> Option<Waiting> {
        Waiting::ALL.into_iter().find(|call| *call as u8 == number)
    }
}

#[cfg(all(test, loom))]
#[path = "models/leaf.rs"]
mod models;
