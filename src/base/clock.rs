//! Time: the only place that reads a clock or sleeps.
//!
//! unsafe: `std` has no clock that costs as little as the kernel's coarse one, and does not tell what a clock
//! shows, which a trace needs.
#![allow(unsafe_code)]

use crate::base::atomics::notes::{AtomicU64, Ordering};
use crate::base::sys::{clocks, scheduling};
use crate::base::{cancelability, world};

// A model has a time of its own.
#[cfg(all(test, loom))]
use crate::base::models::clock::{Clock, sleep};
#[cfg(not(all(test, loom)))]
use std::{thread::sleep, time::Instant as Clock};

pub(crate) use std::time::{Duration, Instant};

/// The sentinel's last reading of the clock; 0 while it sleeps.
static LAST_READ: AtomicU64 = AtomicU64::new(0);

/// The moment at which a wait of so many nanoseconds is over; `None` if it never is.
///
/// Negative means forever, and so does a time too far away for the clock to name.
pub(crate) fn deadline(timeout_ns: i64) -> Option<Instant> {
    let timeout = Duration::from_nanos(u64::try_from(timeout_ns).ok()?);
    now().checked_add(timeout)
}

/// The moment at which the monotonic clock showed so many nanoseconds.
pub(crate) fn moment(monotonic: u64) -> Instant {
    let passed = Duration::from_nanos(exact().saturating_sub(monotonic));
    let now = now();
    now.checked_sub(passed).unwrap_or(now)
}

/// What the monotonic clock shows at that moment, in nanoseconds.
pub(crate) fn shown_at(moment: Instant) -> u64 {
    let now = now();
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    match moment.checked_duration_since(now) {
        Some(ahead) => exact().saturating_add(nanoseconds(ahead)),
        None => exact().saturating_sub(nanoseconds(now - moment)),
    }
}

/// The one of two moments that comes first, if there is any.
pub(crate) fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}

/// How long it is until this moment; nothing once it has come.
pub(crate) fn until(end: Instant) -> Duration {
    end.saturating_duration_since(now())
}

/// Whether this moment has come.
pub(crate) fn has_come(end: Instant) -> bool {
    end <= now()
}

/// The monotonic clock's present moment.
pub(crate) fn now() -> Instant {
    world::now().unwrap_or_else(real_now)
}

/// The same, also for a thread of a simulation.
pub(crate) fn real_now() -> Instant {
    Clock::now()
}

/// Sleeps on the calling thread: the sentinel's between two looks, or one that is denied a thread.
pub(crate) fn pause(time: Duration) {
    if let Some(world) = world::here() {
        let nobody_wakes = &raw const LAST_READ;
        return world::wait_at(world, nobody_wakes.addr(), now().checked_add(time), || ());
    }
    cancelability::disabled(|| sleep(time));
}

/// Nanoseconds of the monotonic clock, by some milliseconds at most too few: for what is asked at every
/// callback, where a reading of the clock would cost more than all the rest. While the sentinel is awake,
/// its last reading does.
pub(crate) fn rough() -> u64 {
    match LAST_READ.load(Ordering::Relaxed) {
        0 => world::passed().unwrap_or_else(|| read(clocks::STEADY_AND_COARSE)),
        last => last,
    }
}

/// How old the sentinel's reading may become before it is known that the sentinel is not run.
const STALE_NS: u64 = 5_000_000;

/// The same, for what is not asked at every callback. Looks whether the sentinel reads at all: where there is more to
/// run than processors, it may not be run for a while, and then everybody reads, until it does again.
pub(crate) fn rough_and_checked() -> u64 {
    if let Some(passed) = world::passed() {
        return passed;
    }
    let coarse = read(clocks::STEADY_AND_COARSE);
    let last = LAST_READ.load(Ordering::Relaxed);
    if last != 0 && coarse > last + STALE_NS {
        // Only that reading: there may be another one by now.
        let _ = LAST_READ.compare_exchange(last, 0, Ordering::Relaxed, Ordering::Relaxed);
    }
    coarse.max(last)
}

/// Nanoseconds of the monotonic clock.
pub(crate) fn exact() -> u64 {
    world::passed().unwrap_or_else(|| read(clocks::STEADY))
}

/// For how long a thread of this process has used a processor, by the kernel's number of it; `None` if it has
/// ended, or if the system does not tell. In a model nothing takes time.
pub(crate) fn used_by(thread: i32) -> Option<Duration> {
    if cfg!(loom) {
        return None;
    }
    try_read(clocks::of_thread(thread)).map(Duration::from_nanos)
}

/// For how long it has used a processor, or waited for one: on a busy machine it may have none for long.
pub(crate) fn wanted_by(thread: i32) -> Option<Duration> {
    let used = used_by(thread)?;
    let waited = scheduling::waited_for_processor(thread).unwrap_or_default();
    Some(used + Duration::from_nanos(waited))
}

/// Has the sentinel's reading stand for the time until it reads again. A simulation has a time of its own, and who is in it finds none here.
pub(crate) fn refresh() {
    let now = if world::is_any() { 0 } else { exact() };
    LAST_READ.store(now, Ordering::Relaxed);
}

/// Says that nobody reads the clock for others any more.
pub(crate) fn stop_refreshing() {
    LAST_READ.store(0, Ordering::Relaxed);
}

/// One moment by several clocks, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct Clocks {
    pub(crate) monotonic: u64,
    /// Goes on while the machine is suspended.
    pub(crate) boottime: u64,
    /// Since 1970.
    pub(crate) realtime: u64,
}

impl Clocks {
    pub(crate) fn now() -> Clocks {
        Clocks {
            monotonic: exact(),
            boottime: read(clocks::SINCE_BOOT),
            realtime: read(clocks::WALL),
        }
    }

    /// The moment at which the monotonic clock showed this.
    pub(crate) fn back_to(self, monotonic: u64) -> Clocks {
        let passed = self.monotonic - monotonic;
        Clocks {
            monotonic,
            boottime: self.boottime - passed,
            realtime: self.realtime - passed,
        }
    }
}

fn read(clock: libc::clockid_t) -> u64 {
    try_read(clock).unwrap_or(0) // These clocks exist.
}

fn try_read(clock: libc::clockid_t) -> Option<u64> {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to a valid place.
    let failed = unsafe { libc::clock_gettime(clock, &mut now) };
    (failed == 0).then_some(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
}
