//! Time: the only place that reads a clock or sleeps.
//!
//! unsafe: `std` has no clock that costs as little as the kernel's coarse one, and does not tell what a clock
//! shows, which a trace needs.
#![allow(unsafe_code)]

use crate::sync::notes::{AtomicU64, Ordering};

// A model has a time of its own.
#[cfg(all(test, loom))]
use crate::models::clock::{Clock, sleep};
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
    Clock::now()
}

/// Sleeps on the calling thread: the sentinel's between two looks, or one that is denied a thread.
pub(crate) fn pause(time: Duration) {
    sleep(time);
}

/// Nanoseconds of the monotonic clock, by some milliseconds at most too few: for what is asked at every
/// callback, where a reading of the clock would cost more than all the rest. While the sentinel is awake,
/// its last reading does.
pub(crate) fn rough() -> u64 {
    match LAST_READ.load(Ordering::Relaxed) {
        0 => read(libc::CLOCK_MONOTONIC_COARSE),
        last => last,
    }
}

/// Nanoseconds of the monotonic clock.
pub(crate) fn exact() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Has the sentinel's reading stand for the time until it reads again.
pub(crate) fn refresh() {
    LAST_READ.store(exact(), Ordering::Relaxed);
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
            boottime: read(libc::CLOCK_BOOTTIME),
            realtime: read(libc::CLOCK_REALTIME),
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
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to a valid place, and these clocks exist.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
