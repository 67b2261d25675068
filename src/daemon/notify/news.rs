//! One thing that the service manager is told.

use crate::base::clock::{self, Duration, Instant};

/// How long after the last grace period the program has ended, whatever holds up standard error, what it does as its last chance, and
/// its trace.
const AFTER_THE_LAST: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum News {
    Up,
    /// It stops, and takes until then, at the latest, if that is known.
    Stopping(Option<Instant>),
    Beat,
    /// It loads its configuration again, since that time of the monotonic clock in nanoseconds.
    Reloading(u64),
    /// It takes longer: 90 seconds from now, which is what systemd gives a whole service. After that the manager loses its patience, if its
    /// own for the whole program is over, too.
    Longer,
    /// It takes until then, at the latest.
    LongerUntil(Instant),
    /// Only the status is new.
    Status,
}

impl News {
    /// Its lines, if it is told now, before the status.
    pub(super) fn lines(self) -> String {
        match self {
            News::Up => "READY=1\n".to_owned(),
            News::Stopping(_) => "STOPPING=1\n".to_owned(),
            News::Beat => "WATCHDOG=1\n".to_owned(),
            News::Reloading(since) => {
                format!("RELOADING=1\nMONOTONIC_USEC={}\n", since / 1_000)
            }
            News::Longer => "EXTEND_TIMEOUT_USEC=90000000\n".to_owned(),
            News::LongerUntil(end) => longer_until(end),
            News::Status => String::new(),
        }
    }

    /// And after it.
    pub(super) fn last_lines(self) -> String {
        match self {
            News::Stopping(Some(end)) => longer_until(end),
            _ => String::new(),
        }
    }

    /// Whether this one says all that the other one does, and what is newer. (Kinds are compared, and not what is with them: where there is
    /// nothing with them, the compiled code may look at it all the same, which valgrind reports.)
    pub(super) fn supersedes(self, other: News) -> bool {
        matches!(
            (self, other),
            (News::LongerUntil(_), News::LongerUntil(_))
                | (News::Longer, News::Longer)
                | (News::Status, News::Status)
        )
    }
}

fn longer_until(end: Instant) -> String {
    let left = clock::until(end) + AFTER_THE_LAST;
    format!("EXTEND_TIMEOUT_USEC={}\n", left.as_micros())
}
