//! Threads of a run that the program has made itself, of which the library hears by who has taken over their calls.

use super::schedule::Id;
use super::worker::Worker;
use super::world;
use crate::base::sync::{Arc, OnceLock};
use crate::base::world as base_world;

/// A thread that is one of a run from before it begins until it ends.
pub(crate) struct Guest {
    worker: Arc<Worker>,
    run: u64,
    id: Id,
}

/// What is asked of who takes over.
pub(crate) struct Host {
    /// What threads of the run wait for in calls that were taken over: lines.
    pub(crate) waits: Box<dyn Fn() -> String + Send + Sync>,
    /// A run has failed in that way, and is about to be taken down. It need not return.
    pub(crate) on_failure: Box<dyn Fn(&str) + Send + Sync>,
}

static HOST: OnceLock<Host> = OnceLock::new();

pub(crate) fn set_host(host: Host) {
    let _ = HOST.set(host);
}

pub(super) fn host() -> Option<&'static Host> {
    HOST.get()
}

impl Guest {
    /// One more thread of the run of the calling one, which has yet to begin. `None`: the run is over.
    pub(crate) fn invite() -> Option<Guest> {
        let worker = Arc::new(Worker::new());
        let (run, id) = world::add(worker.clone())?;
        Some(Guest { worker, run, id })
    }

    /// The calling thread, which has that number of the kernel's, is that one from now on. Returns when it may go on for the first time.
    pub(crate) fn begin(&self, thread: i32) {
        self.worker.note_thread(thread);
        world::arrive(self.run, self.id);
        self.worker.parker.stop();
        base_world::come_in();
        base_world::hold_back();
    }

    /// The calling thread is not in the run any more.
    pub(crate) fn end(self) {
        world::depart();
        base_world::go_out();
    }

    /// It could not be made.
    pub(crate) fn retract(self) {
        world::dismiss(self.run, self.id);
    }
}

/// The calling thread has only asked for something, or yielded, in the call that began with its last switch. Tells whether time is to go on,
/// for nobody does anything else.
pub(crate) fn spins() -> bool {
    world::spins()
}

/// When a wait of the calling thread that begins now wakes for no reason, if it does, by the clock of the run.
pub(crate) fn early_wake() -> Option<u64> {
    let mut state = world::lock();
    let (here, _) = state.mine()?;
    let delay = here.draws.early_wake()?;
    Some(here.passed_ns.saturating_add(delay))
}

/// The number of that thread of the kernel's.
pub(crate) fn number_of(thread: i32) -> Option<Id> {
    world::lock().here.as_ref()?.number_of(thread)
}
