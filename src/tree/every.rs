//! A process that runs another at each multiple of a period, until it is cancelled.

use crate::base::clock::{self, Duration, Instant};
use crate::base::error::Outcome;
use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::engine::frames::{Context, What};
use crate::engine::{late_strike, waiting};
use crate::tree::process::{self, Process};

pub(crate) struct Every {
    /// Not zero.
    period: Duration,
    child: Process,
}

/// Runs until it is cancelled, which is what it is there for: then its child's echo of that is no error.
#[inline(never)]
pub(super) fn run(every: &Every, context: &Context<'_>) -> Outcome {
    let goes_on_at = AtomicU64::new(0);
    let inside = Context {
        tree: 0, // As for a child of `on_signal`.
        ..*context
    };
    let outcome = inside.inside(What::Every(&goes_on_at), || {
        serve(every, &goes_on_at, &inside)
    });
    outcome.or_else(|error| error.without_echo(context.scope.handle().cause()))
}

fn serve(every: &Every, goes_on_at: &AtomicU64, context: &Context<'_>) -> Outcome {
    let mut times = Times {
        next: clock::now(),
        period: every.period,
    };
    while wait(times.next, goes_on_at, context) {
        process::run(&every.child, context)?;
        times.go_on(clock::now());
    }
    Ok(())
}

/// Waits until that moment has come (true) or the handle is cancelled (false).
fn wait(moment: Instant, goes_on_at: &AtomicU64, context: &Context<'_>) -> bool {
    let handle = context.scope.handle();
    if !clock::has_come(moment) {
        waiting::hand_over_added();
        goes_on_at.store(clock::shown_at(moment), Ordering::Relaxed);
        handle.wait(Some(moment));
        goes_on_at.store(0, Ordering::Relaxed);
        context.slot.time_passed();
    }
    late_strike::strike_if_over(handle);
    !handle.cancelled()
}

/// When it runs.
struct Times {
    next: Instant,
    period: Duration,
}

impl Times {
    /// To the next time that is not missed at that moment.
    fn go_on(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.next + self.period);
        let missed = late.as_nanos().div_ceil(self.period.as_nanos());
        // What has passed is no longer than the library runs.
        let missed = Duration::from_nanos(
            u64::try_from(missed * self.period.as_nanos()).unwrap_or(u64::MAX),
        );
        self.next += self.period + missed;
    }
}

impl Every {
    /// The period is not zero.
    pub(crate) fn new(period: Duration, child: Process) -> Every {
        Every { period, child }
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn times_that_were_missed_are_skipped() {
        let began = clock::now();
        let after = |milliseconds| began + Duration::from_millis(milliseconds);
        let period = Duration::from_millis(10);
        for (ended, next) in [(0, 10), (9, 10), (10, 10), (11, 20), (20, 20), (47, 50)] {
            let mut times = Times {
                next: began,
                period,
            };
            times.go_on(after(ended));
            assert_eq!(times.next, after(next), "a run that took {ended} ms");
        }
    }
}
