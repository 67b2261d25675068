//! Time: the only place that reads a clock or sleeps.

pub(crate) use std::time::{Duration, Instant};

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

/// The monotonic clock's present moment.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sleeps on the calling thread: the sentinel's between two looks, or one that is denied a thread.
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
