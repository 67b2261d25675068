//! One thread of the library that watches fan-outs and lends helpers to what stalls.
//!
//! Waking a parked thread on another core costs microseconds, a trivial child nanoseconds. So a
//! fan-out wakes nobody: its caller runs the children, and the sentinel, which ticks only while
//! something is unclaimed, sends helpers where nothing moves. See `docs/fan-out.md`.
//!
//! Invariants:
//! - **F1 progress.** A backlog found unclaimed by two looks, and no smaller at the second, gets
//!   helpers: 1, then 2, 4, 8 … (`notes`); the next burst waits until the last one has arrived.
//! - **F3 no thread, no silence.** If a stalled backlog gets none for `PATIENCE`, it is given up.
//! - **F6 asleep is safe.** The sentinel goes to sleep only if, after it said so, no slot holds a
//!   fan-out with unclaimed children: it sets the state, then locks and looks at each slot; a
//!   publisher fills its slot under that lock, then looks at the state. Whoever has the lock second
//!   sees what the other did before.
//! - **F7 one sentinel.** There is never a second one: who finds none hires one under the lock, and
//!   one that leaves says so under it.

use crate::backlog::Backlog;
use crate::clock::{self, Duration};
use crate::config::Config;
use crate::crew::{self, NoThread, PATIENCE};
use crate::slots;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, global};

/// Short beside what a stalled program would notice, long beside what a look costs.
const TICK: Duration = Duration::from_micros(30);
/// How long a tick may get while all that there is gets on as well as it can: each tick takes a processor
/// away from that work for a moment.
const LONGEST_TICK: Duration = Duration::from_micros(240);
/// How many ticks without anything to watch before it sleeps: some milliseconds, so that a program
/// that fans out again and again does not pay for a wake each time. In a model no time passes.
const QUIET_TICKS: u32 = if cfg!(loom) { 1 } else { 100 };

global!(SENTINEL: Sentinel = Sentinel {
    state: AtomicU8::new(ABSENT),
    lock: Mutex::new(()),
    bell: Condvar::new(),
});

struct Sentinel {
    state: AtomicU8,
    /// Guards every change of state but the sentinel's own from awake to asleep and back.
    lock: Mutex<()>,
    bell: Condvar,
}

/// There is no such thread.
const ABSENT: u8 = 0;
/// It waits for `bell`, or is about to and will look at the slots once more before.
const ASLEEP: u8 = 1;
/// It ticks.
const AWAKE: u8 = 2;

/// Sees to it that the sentinel is awake. To be called after publishing (F6).
pub(crate) fn watch() -> Result<(), NoThread> {
    if SENTINEL.state.load(Ordering::Relaxed) == AWAKE {
        return Ok(());
    }
    crew::patiently(|| SENTINEL.rouse())
}

impl Sentinel {
    fn rouse(&'static self) -> Result<(), NoThread> {
        let _changing = self.lock.lock();
        match self.state.load(Ordering::Relaxed) {
            ABSENT => crew::hire(Box::new(|config| self.live(config)))?,
            ASLEEP => self.bell.notify_one(),
            _ => return Ok(()),
        }
        self.state.store(AWAKE, Ordering::SeqCst);
        Ok(())
    }

    /// The life of the sentinel's thread.
    fn live(&self, config: &Config) {
        crew::sleep_precisely();
        let cores = crew::cores();
        let (mut quiet, mut tick) = (0, TICK);
        loop {
            clock::refresh();
            let seen = survey(cores);
            quiet = if seen == Seen::Nothing { quiet + 1 } else { 0 };
            tick = match seen {
                Seen::Settled => LONGEST_TICK.min(tick * 2),
                _ => TICK,
            };
            if quiet < QUIET_TICKS {
                clock::pause(tick);
            } else if self.sleep(config.idle_timeout_ns) {
                quiet = 0;
            } else {
                return;
            }
        }
    }

    /// Sleeps until somebody publishes (true) or nobody has for so long (false: the thread is to end).
    fn sleep(&self, at_most_ns: i64) -> bool {
        self.state.store(ASLEEP, Ordering::SeqCst);
        if !slots::unclaimed().is_empty() {
            self.state.store(AWAKE, Ordering::SeqCst);
            return true;
        }
        clock::stop_refreshing();
        let leave_at = clock::deadline(at_most_ns);
        let asleep = |_: &mut ()| self.state.load(Ordering::Relaxed) == ASLEEP;
        let mut changing = self.lock.lock();
        changing = self.bell.wait_while_until(changing, leave_at, asleep);
        if asleep(&mut changing) {
            // Under the lock: who publishes now finds no sentinel and hires one.
            self.state.store(ABSENT, Ordering::SeqCst);
            return false;
        }
        true
    }
}

/// What there was to watch.
#[derive(PartialEq, Eq)]
enum Seen {
    Nothing,
    /// All of it gets on as well as it can.
    Settled,
    Unsettled,
}

/// Looks at everything that is unclaimed.
fn survey(cores: usize) -> Seen {
    let backlogs = slots::unclaimed();
    let unsettled = backlogs
        .iter()
        .filter(|backlog| !look(backlog, cores))
        .count();
    match (backlogs.len(), unsettled) {
        (0, _) => Seen::Nothing,
        (_, 0) => Seen::Settled,
        _ => Seen::Unsettled,
    }
}

/// Lends helpers to one backlog, if it stalls or will last, or gives it up. Tells whether it gets on as
/// well as it can.
fn look(backlog: &Arc<dyn Backlog>, cores: usize) -> bool {
    let watch = backlog.watch();
    if watch.coming.load(Ordering::Relaxed) > 0 {
        return false; // Until they have arrived, nobody can tell how much they help.
    }
    let wanted = watch.notes.lock().wanted(backlog.unclaimed(), cores);
    let lent = send(backlog, wanted);
    let (denied, settled) = {
        let mut notes = watch.notes.lock();
        (notes.note(lent.is_ok(), clock::now), notes.settled())
    };
    if denied >= PATIENCE {
        backlog.give_up();
    }
    settled
}

/// Sends helpers to a backlog of the calling thread before it starts, because its children stalled
/// the last time.
pub(crate) fn send_helpers<B>(backlog: &Arc<B>, count: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    let backlog: Arc<dyn Backlog> = backlog.clone();
    send(&backlog, count)
}

fn send(backlog: &Arc<dyn Backlog>, count: usize) -> Result<(), NoThread> {
    backlog.watch().coming.fetch_add(count, Ordering::Relaxed);
    let sent = crew::lend_all(count, || {
        let helped = backlog.clone();
        Box::new(move || {
            helped.watch().coming.fetch_sub(1, Ordering::Relaxed);
            helped.help();
        })
    });
    sent.map_err(|(lent, denied)| {
        backlog
            .watch()
            .coming
            .fetch_sub(count - lent, Ordering::Relaxed);
        denied
    })
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, ()>;

pub(crate) fn hold() -> Held {
    SENTINEL.lock.lock()
}

/// In a child of `fork`: the sentinel is the parent's.
pub(crate) fn forget(held: Held) {
    SENTINEL.state.store(ABSENT, Ordering::SeqCst);
    clock::stop_refreshing();
    drop(held);
}

#[cfg(all(test, loom))]
#[path = "models/sentinel.rs"]
mod models;

#[cfg(all(test, loom))]
#[path = "models/lending.rs"]
mod lending_models;
