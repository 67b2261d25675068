//! A process that waits.

use crate::base::clock::{self, Duration, Instant};
use crate::base::error::Outcome;
use crate::engine::frames::{Context, What};
use crate::engine::{late_strike, operation, waiting};
use crate::scope::cancel::Cancel;

pub(crate) struct Delay {
    /// `None`: it is for ever.
    duration: Option<Duration>,
}

#[inline(never)]
pub(super) fn run(delay: &Delay, context: &Context<'_>) -> Outcome {
    let end = delay.end();
    waiting::hand_over_added();
    let outcome = context.inside(What::Delay(end), || wait(context.scope.handle(), end));
    context.slot.time_passed();
    outcome
}

/// Blocks until the moment has come or the handle is cancelled.
fn wait(cancel: &Cancel, end: Option<Instant>) -> Outcome {
    cancel.wait(end);
    late_strike::strike_if_over(cancel);
    operation::delayed(cancel, end)
}

impl Delay {
    pub(crate) fn new(duration_ns: i64) -> Delay {
        let duration = u64::try_from(duration_ns).ok().map(Duration::from_nanos);
        Delay { duration }
    }

    /// Whether it takes any time.
    pub(super) fn is_over_at_once(&self) -> bool {
        self.duration == Some(Duration::ZERO)
    }

    /// When it is over if it begins now; `None`: never.
    pub(super) fn end(&self) -> Option<Instant> {
        clock::now().checked_add(self.duration?)
    }
}
