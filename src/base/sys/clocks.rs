//! Which clocks there are; `base::clock` reads them.

use libc::clockid_t;

/// Goes on evenly, and stands while the machine is suspended.
pub(crate) const STEADY: clockid_t = libc::CLOCK_MONOTONIC;
/// The same, some milliseconds late, and cheap.
pub(crate) const STEADY_AND_COARSE: clockid_t = libc::CLOCK_MONOTONIC_COARSE;
/// Goes on while the machine is suspended.
pub(crate) const SINCE_BOOT: clockid_t = libc::CLOCK_BOOTTIME;
/// Since 1970.
pub(crate) const WALL: clockid_t = libc::CLOCK_REALTIME;

/// For how long a thread of this process has used a processor, by the kernel's number of it.
pub(crate) fn of_thread(thread: i32) -> clockid_t {
    const OF_ONE_THREAD: clockid_t = 0b100;
    const AS_IT_WAS_SCHEDULED: clockid_t = 0b010;
    (!thread << 3) | OF_ONE_THREAD | AS_IT_WAS_SCHEDULED
}
