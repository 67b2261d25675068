//! One thread of the library that watches fan-outs and lends helpers to what stalls.
//!
//! Waking a parked thread on another core costs microseconds, a trivial child nanoseconds. So a
//! fan-out wakes nobody: its caller runs the children, and the sentinel, which ticks only while
//! something is unclaimed, sends helpers where nothing moves. See `docs/fan-out.md`.
//!
//! Invariants:
//! - **F1 progress.** A backlog found unclaimed by two looks, and no smaller at the second, gets
//!   helpers as `backlog_policy` wants them; the next ones wait until the last have arrived.
//! - **F3 no thread, no silence.** If a stalled backlog gets none for so long (`backlog_policy`), it is given up.
//! - **F6 asleep is safe.** The sentinel goes to sleep only if, after it said so, no slot holds a
//!   fan-out with unclaimed children: it sets the state, then locks and looks at each slot; a
//!   publisher fills its slot under that lock, then looks at the state. Whoever has the lock second
//!   sees what the other did before.
//! - **F7 one sentinel.** There is never a second one: who finds none hires one under the lock, and
//!   one that leaves says so under it. A stand-in may be about to leave when its successor begins.
//! - **F11 as urgent as any.** A sentinel that had to be made by a thread which is less urgent than the program's
//!   others, and cannot become as urgent as those, is a stand-in: it stays while there is something to watch, and
//!   until somebody publishes who can hire a better one.
//!
//! In a simulation nobody watches: what is published is sent a helper at once, who sends the next one before he begins, as long as anything
//! is unclaimed (F1). When each of them goes on, the simulation decides.

mod rested;
mod survey;

use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard, global};
use crate::base::world::{self, World};
use crate::engine::backlog::Backlog;
use crate::engine::config::{self, Config};
use crate::engine::crew::{self, Errand, HasHeirs, Lend, Lender, Life, NoThread};
use crate::engine::terms::{Precisely, Terms};
use crate::engine::{frames, slots};
use rested::Rested;
use survey::{Seen, Survey};

/// Short beside what a stalled program would notice, long beside what a look costs.
const TICK: Duration = Duration::from_micros(30);
/// How long a tick may get while all that there is gets on as well as it can: each tick takes a processor
/// away from that work for a moment.
const LONGEST_TICK: Duration = Duration::from_micros(240);
/// How many ticks without anything to watch before it sleeps, at most: some milliseconds, so that a program
/// that fans out again and again does not pay for a wake each time. In a model no time passes.
const QUIET_TICKS: u32 = if cfg!(loom) { 1 } else { 100 };
/// The same in a program that rests: each of them costs more than it brings there.
const FEW_QUIET_TICKS: u32 = if cfg!(loom) { 1 } else { 2 };
/// If it has slept for less than that, it would better have stayed awake: then it stays for longer the next time.
const SHORT_SLEEP: Duration = Duration::from_millis(1);

global!(SENTINEL: Sentinel = Sentinel {
    state: AtomicU8::new(ABSENT),
    lock: Mutex::new(()),
    bell: Condvar::new(),
    serial: AtomicU32::new(0),
    rested: Rested::new(),
});

struct Sentinel {
    state: AtomicU8,
    /// Guards every change of state but the sentinel's own from awake to asleep and back.
    lock: Mutex<()>,
    bell: Condvar,
    /// Which one it is, counted from the first; changed under the lock.
    serial: AtomicU32,
    rested: Rested,
}

/// There is no such thread.
const ABSENT: u8 = 0;
/// It waits for `bell`, or is about to and will look at the slots once more before.
const ASLEEP: u8 = 1;
/// It ticks.
const AWAKE: u8 = 2;
/// It ticks, and is a stand-in (F11).
const STAND_IN: u8 = 3;

/// Whether it ticks, and finds by itself what is unclaimed.
#[inline]
pub(super) fn is_awake() -> bool {
    SENTINEL.state.load(Ordering::Relaxed) == AWAKE && !world::is_here()
}

/// Sees to it that a backlog is watched, or that it needs nobody to watch it, since it has enough helpers. To be
/// called after publishing (F6).
pub(super) fn watch<B>(backlog: &Arc<B>, helpers: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    if is_awake() {
        return Ok(());
    }
    if world::is_here() {
        return send_in_simulation(backlog.clone());
    }
    if helpers == 1 && SENTINEL.is_spared(backlog) {
        return Ok(());
    }
    crew::patiently(|| rouse_for(backlog, helpers))
}

/// In a simulation: a helper is on his way, if there is anything to help with.
#[cold]
#[inline(never)]
fn send_in_simulation(backlog: Arc<dyn Backlog>) -> Result<(), NoThread> {
    let is_coming = backlog.watch().coming.load(Ordering::Relaxed) > 0;
    match world::here() {
        Some(world) if !is_coming && backlog.unclaimed() > 0 => send_one_in(world, backlog),
        _ => Ok(()),
    }
}

fn send_one_in(world: &'static dyn World, backlog: Arc<dyn Backlog>) -> Result<(), NoThread> {
    backlog.watch().coming.fetch_add(1, Ordering::Relaxed);
    let helped = backlog.clone();
    let sent = crew::lend_in(world, Box::new(move || help_in(&helped, world)));
    if sent.is_err() {
        backlog.watch().coming.fetch_sub(1, Ordering::Relaxed);
    }
    sent
}

/// The same on a thread that must not wait for a thread.
pub(super) fn watch_at_once<B>(backlog: &Arc<B>, helpers: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    if is_awake() {
        return Ok(());
    }
    if world::is_here() {
        return send_in_simulation(backlog.clone());
    }
    rouse_for(backlog, helpers)
}

fn rouse_for<B>(backlog: &Arc<B>, helpers: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    SENTINEL
        .rouse(crew::hire, is_urgent)
        .or_else(|_| send_parked(backlog, helpers))
        .or_else(|_| SENTINEL.rouse(of_the_parked, || true))
}

/// Whether a thread that the calling one makes is as urgent as the program's others.
fn is_urgent() -> bool {
    Terms::of_the_caller().is_as_urgent()
}

/// Sends so many helpers who are parked, if there are so many: then nobody needs to watch.
fn send_parked<B>(backlog: &Arc<B>, count: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    if crew::parked() < count {
        return Err(NoThread);
    }
    send_helpers(backlog, count)
}

/// Has a parked thread live the life of one that is hired.
fn of_the_parked(life: Life) -> Result<(), NoThread> {
    crew::lend_without_hiring(Box::new(|| {
        let config = config::settled();
        crew::renew(&config);
        life(&config);
    }))
}

/// A way to get a thread.
type Hire = fn(Life) -> Result<(), NoThread>;

impl Sentinel {
    /// Wakes the sentinel, if there is one. Else gets a thread for it in that way, which is as urgent as others or
    /// not.
    fn rouse(&'static self, hire: Hire, is_urgent: fn() -> bool) -> Result<(), NoThread> {
        let _changing = self.lock.lock();
        match self.state.load(Ordering::Relaxed) {
            ABSENT => self.begin_another(hire, is_urgent())?,
            STAND_IN if is_urgent() => {
                let _ = self.begin_another(hire, true); // Else it goes on.
            }
            ASLEEP => {
                self.bell.notify_one();
                self.state.store(AWAKE, Ordering::SeqCst);
            }
            _ => {}
        }
        Ok(())
    }

    /// To be called under the lock.
    fn begin_another(&'static self, hire: Hire, is_urgent: bool) -> Result<(), NoThread> {
        let before = self.serial.load(Ordering::Relaxed);
        let serial = before.wrapping_add(1);
        self.serial.store(serial, Ordering::Relaxed);
        let hired = hire(Box::new(move |config| self.live(config, serial)));
        match hired {
            Ok(()) => {
                let state = if is_urgent { AWAKE } else { STAND_IN };
                self.state.store(state, Ordering::SeqCst);
            }
            Err(_) => self.serial.store(before, Ordering::Relaxed),
        }
        hired
    }

    /// The life of the sentinel's thread, which is made by whoever publishes first, and runs on the process's own
    /// terms, if it can.
    fn live(&self, config: &Config, serial: u32) {
        let mut here = Terms::of_the_caller();
        here.change_to(Terms::OWN);
        let is_stand_in = !here.is_as_urgent();
        if !is_stand_in {
            self.change(serial, STAND_IN, AWAKE); // It could become as urgent as others.
        }
        let precisely = Precisely::begin();
        let _has_heirs = HasHeirs::begin(config);
        let mut survey = Survey::on(here);
        let (mut quiet, mut tick, mut stay) = (0, TICK, FEW_QUIET_TICKS);
        while self.is_current(serial) {
            clock::refresh();
            let seen = survey.look();
            quiet = if seen == Seen::Nothing { quiet + 1 } else { 0 };
            tick = match seen {
                Seen::Settled => LONGEST_TICK.min(tick * 2),
                _ => TICK,
            };
            if quiet < stay {
                precisely.again();
                clock::pause(tick);
                continue;
            }
            let slept_from = clock::now();
            if is_stand_in && self.leave(serial) {
                return;
            }
            if !is_stand_in && !self.sleep(config.idle_timeout_ns) {
                return;
            }
            (quiet, stay) = (0, next_stay(stay, slept_from));
        }
    }

    /// Whether there is no other one by now. Under the lock, if it seems so: it may have been asked for in vain.
    fn is_current(&self, serial: u32) -> bool {
        self.serial.load(Ordering::Relaxed) == serial || {
            let _changing = self.lock.lock();
            self.serial.load(Ordering::Relaxed) == serial
        }
    }

    /// Leaves, as a stand-in, unless there is something to watch and nobody else for it (F6).
    fn leave(&self, serial: u32) -> bool {
        if !self.change(serial, STAND_IN, ABSENT) {
            return true;
        }
        clock::stop_refreshing();
        slots::unclaimed().is_empty() || !self.change(serial, ABSENT, STAND_IN)
    }

    /// Changes the state, if it still is that of this one.
    fn change(&self, serial: u32, from: u8, to: u8) -> bool {
        let _changing = self.lock.lock();
        let is_mine = self.serial.load(Ordering::Relaxed) == serial
            && self.state.load(Ordering::Relaxed) == from;
        if is_mine {
            self.state.store(to, Ordering::SeqCst);
        }
        is_mine
    }

    /// Sleeps until somebody publishes (true) or nobody has for so long (false: the thread is to end).
    fn sleep(&self, at_most_ns: i64) -> bool {
        self.state.store(ASLEEP, Ordering::SeqCst);
        if !slots::unclaimed().is_empty() {
            self.state.store(AWAKE, Ordering::SeqCst);
            return true;
        }
        clock::stop_refreshing();
        self.rested.note();
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

/// For how many quiet ticks it stays awake, by how long it did the last time, and how long it has slept since.
fn next_stay(stay: u32, slept_from: Instant) -> u32 {
    if clock::has_come(slept_from + SHORT_SLEEP) {
        FEW_QUIET_TICKS
    } else {
        QUIET_TICKS.min(2 * stay)
    }
}

/// Sends helpers to a backlog of the calling thread before it starts, because its children stalled
/// the last time.
pub(super) fn send_helpers<B>(backlog: &Arc<B>, count: usize) -> Result<(), NoThread>
where
    B: Backlog + 'static,
{
    if world::is_here() {
        return Err(NoThread); // They come one after the other.
    }
    let backlog: Arc<dyn Backlog> = backlog.clone();
    send(&backlog, &Lender::caller(), count, help, crew::lend_for)
}

/// What a helper does who is sent there.
fn help(backlog: &dyn Backlog) {
    backlog.watch().coming.fetch_sub(1, Ordering::Relaxed);
    backlog.help();
}

/// The same in a simulation. He claims one himself, with no switch before it; if more is left, somebody else has to come, too.
fn help_in(backlog: &Arc<dyn Backlog>, world: &'static dyn World) {
    if backlog.unclaimed() > 1 && send_one_in(world, backlog.clone()).is_err() {
        backlog.clone().give_up();
    }
    help(&**backlog);
}

/// The same, so that the sentinel knows who is at work. There is room for it (`make_room`), for a thread's first job
/// is not to allocate.
fn help_watched(backlog: &dyn Backlog) {
    let thread = frames::this_thread();
    backlog.watch().arrive(thread);
    help(backlog);
    backlog.watch().leave(thread);
}

/// Sends helpers to a backlog that the sentinel, the calling thread, watches.
fn send_watched(backlog: &Arc<dyn Backlog>, lender: &Lender, count: usize) -> Result<(), NoThread> {
    backlog.watch().make_room(count);
    send(backlog, lender, count, help_watched, crew::lend_for)
}

/// Sends parked threads to what is unclaimed of a backlog, one for each child, as far as there are any: the calling
/// thread is about to wait, perhaps for just that.
pub(crate) fn send_parked_at_once(backlog: &Arc<dyn Backlog>) {
    let coming = backlog.watch().coming.load(Ordering::Relaxed);
    let count = backlog.unclaimed().saturating_sub(coming);
    // One that another backlog has got meanwhile is left to the sentinel.
    let _ = send_parked_watched(backlog, count.min(crew::parked()));
}

/// Sends so many parked threads, so that the sentinel knows who is at work.
fn send_parked_watched(backlog: &Arc<dyn Backlog>, count: usize) -> Result<(), NoThread> {
    if count == 0 {
        return Ok(());
    }
    let watch = backlog.watch();
    let terms = watch.terms();
    let lender = Lender::of(terms.clone(), terms); // None of them inherits anything.
    watch.make_room(count);
    let lend = crew::lend_parked_for;
    send(backlog, &lender, count, help_watched, lend)
}

fn send(
    backlog: &Arc<dyn Backlog>,
    lender: &Lender,
    count: usize,
    help: fn(&dyn Backlog),
    lend: Lend,
) -> Result<(), NoThread> {
    backlog.watch().coming.fetch_add(count, Ordering::Relaxed);
    let sent = crew::lend_all(lender, count, lend, || Errand::Help(backlog.clone(), help));
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

/// In a model whose program has rested.
#[cfg(all(test, loom))]
pub(crate) fn pretend_rested() {
    SENTINEL.rested.pretend();
}

/// In a model that needs none: nobody makes one, or is told that none can be had.
#[cfg(all(test, loom))]
pub(crate) fn pretend_awake() {
    SENTINEL.state.store(AWAKE, Ordering::SeqCst);
}

#[cfg(all(test, loom))]
#[path = "models/sentinel.rs"]
mod models;
