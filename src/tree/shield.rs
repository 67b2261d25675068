//! A process that a cancellation from above reaches only after some time.
//!
//! Invariants:
//! - **Z1 from the cancellation on.** The time counts from when what is around was cancelled, whenever that was: who begins listens or
//!   finds it cancelled.
//! - **Z2 over is over** (`late_strike`). When the process has completed, its handle is not cancelled any more because of what is
//!   around, and the hooks have run of a cancellation that was.

use crate::base::clock::{self, Duration, Instant};
use crate::base::error::Outcome;
use crate::base::sync::Arc;
use crate::engine::frames::{Context, What};
use crate::engine::late_strike::{self, LateStrike};
use crate::scope::activity;
use crate::scope::cancel::{Cancel, Scope, Striker};
use crate::scope::listener::{Listener, Listening};
use crate::tree::process::{self, Process};

pub(crate) struct Shield {
    /// `None`: it is for ever.
    grace: Option<Duration>,
    child: Process,
}

/// Passes errors on as they are.
#[inline(never)]
pub(super) fn run(shield: &Shield, context: &Context<'_>) -> Outcome {
    let handle = match shield.grace {
        Some(Duration::ZERO) => context.scope.child(),
        _ => context.scope.shielded(),
    };
    context.under(&handle, |inside| {
        let handle = inside.scope.handle();
        let delay = shield.delay(context.scope, handle);
        let outcome = inside.inside(What::Shield, || process::run(&shield.child, inside));
        drop(delay);
        handle.close("shield");
        outcome
    })
}

impl Shield {
    pub(crate) fn new(grace_ns: i64, child: Process) -> Shield {
        let grace = u64::try_from(grace_ns).ok().map(Duration::from_nanos);
        Shield { grace, child }
    }

    pub(super) fn child(&self) -> &Process {
        &self.child
    }

    pub(super) fn into_child(self) -> Process {
        self.child
    }

    #[inline(never)] // Its frame is not to be on the stack of every level.
    fn delay(&self, around: &Scope<'_>, inside: &Cancel) -> Option<Delay> {
        let grace = self.grace.filter(|grace| !grace.is_zero())?;
        Some(Delay::begin(around.existing()?, inside, grace))
    }
}

/// That a cancellation of what is around is passed on, late; dropping this ends that (Z2).
struct Delay {
    around: Cancel,
    listening: Arc<Listening>,
    late: Arc<LateStrike>,
}

/// What is told that what is around is cancelled.
struct Begins {
    around: Cancel,
    grace: Duration,
    late: Arc<LateStrike>,
}

impl Listener for Begins {
    /// It is passed on by another thread, whatever time it is: this may be told by one that passes a cancellation on itself,
    /// and shields may lie inside of each other without end.
    fn tell(&self) {
        if let Some(end) = end(&self.around, self.grace) {
            self.late.clone().strike_at(end);
        }
    }
}

/// When the time is up of a cancellation that has come; `None`: never.
fn end(around: &Cancel, grace: Duration) -> Option<Instant> {
    clock::moment(around.struck_at()).checked_add(grace)
}

impl Delay {
    fn begin(around: &Cancel, inside: &Cancel, grace: Duration) -> Delay {
        let delay = Delay::of(around, inside, grace);
        late_strike::watch(around);
        if !around.listen(&delay.listening) {
            delay.come_late(grace); // Z1
        }
        delay
    }

    fn of(around: &Cancel, inside: &Cancel, grace: Duration) -> Delay {
        let (above, inside) = (around.clone(), inside.clone());
        let late = LateStrike::new(activity::current(), move || {
            above.cause().map(|cause| inside.strike_all(cause))
        });
        let listening = Listening::of(Arc::new(Begins {
            around: around.clone(),
            grace,
            late: late.clone(),
        }));
        Delay {
            around: around.clone(),
            listening,
            late,
        }
    }

    /// What is around was cancelled before this began.
    fn come_late(&self, grace: Duration) {
        match end(&self.around, grace) {
            Some(end) if clock::has_come(end) => self.late.strike(),
            _ => self.listening.tell(),
        }
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.around.unlisten(&self.listening);
        self.late.end();
    }
}

#[cfg(all(test, loom))]
#[path = "models/shield.rs"]
mod models;
