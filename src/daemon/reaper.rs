//! Orphans: processes whose parent has ended, and that the kernel has made children of this program, because it is process 1 of a container
//! or a subreaper. Nobody waits for them, so they would stay as zombies for ever.
//!
//! A child that the program has made itself must be left to it. The kernel does not tell them apart, so there has to be evidence that
//! another process has made it; without any it is left, which costs a number of a process.
//!
//! Invariant:
//! - **A4 only with evidence.** A process is reaped by its number only if another one has made it: it has said so itself (`births`), or was
//!   seen as another one's child (`seen`), or is in a session that is neither this program's nor its own, and so its maker's.

mod births;
mod seen;
mod zombie;

use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::{Arc, Mutex};
use crate::signal::{Ear, Set};
use seen::Seen;

pub(crate) use births::after_fork;

/// How often it looks, if that does not take long.
const PERIOD: Duration = Duration::from_millis(250);

/// It takes no more than one part in so many of a processor.
const SHARE: u32 = 50;

pub(super) struct Reaper(Mutex<State>);

struct State {
    seen: Seen,
    next: Option<Instant>,
}

impl Reaper {
    /// Begins to note which processes there are.
    pub(super) fn begin() -> Arc<Reaper> {
        births::begin();
        let seen = Seen::begin();
        Arc::new(Reaper(Mutex::new(State { seen, next: None })))
    }
}

impl Ear for Reaper {
    fn turn(&self, _: Set) -> Option<Instant> {
        let mut state = self.0.lock();
        if state.next.is_none_or(clock::has_come) {
            let began = clock::now();
            births::reap();
            state.seen.look_and_reap();
            let took = clock::now().saturating_duration_since(began);
            state.next = clock::now().checked_add(PERIOD.max(took * SHARE));
        }
        state.next
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        births::end();
    }
}
