//! What is to be simulated.

use std::ffi::CString;

use super::faults::Faults;
use super::schedule::{Order, Schedule};
use crate::base::clock::Duration;
use crate::base::error::Error;
use crate::base::sync::Arc;
use crate::base::time_text;
use crate::tree::child::stand_in::StandIn;
use crate::tree::process::Process;

/// The program, made anew for each run.
pub(crate) type Program = Arc<dyn Fn() -> Result<Process, Error> + Send + Sync>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Random,
    Priorities(usize),
    Exhaustive,
}

#[derive(Clone)]
pub(crate) struct Options {
    /// Where the trace of the run that fails is to go.
    pub(crate) trace: Option<CString>,
    /// 0: of the environment, or any.
    pub(crate) seed: u64,
    pub(crate) runs: u64,
    pub(crate) kind: Kind,
    /// Of all orders, those with at most so many.
    pub(crate) preemptions: usize,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    /// What plays programs.
    pub(crate) child: Option<StandIn>,
}

#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time_ns: u64,
    pub(crate) steps: u64,
}

/// One run of many.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) way: Way,
    /// Whether it is recorded what happens in it.
    pub(super) is_traced: bool,
}

/// Who goes on in it.
#[derive(Clone)]
pub(super) enum Way {
    BySeed(Kind),
    Written(Order),
    /// The choices of one of all orders, with at most so many preemptions.
    Path(Vec<usize>, usize),
}

impl Plan {
    pub(super) fn new(seed: u64, way: Way) -> Plan {
        Plan {
            seed,
            way,
            is_traced: false,
        }
    }

    pub(super) fn schedule(&self) -> Schedule {
        match &self.way {
            Way::BySeed(Kind::Priorities(depth)) => Schedule::priorities(self.seed, *depth),
            Way::BySeed(_) => Schedule::random(self.seed),
            Way::Written(order) => Schedule::written(order.clone()),
            Way::Path(path, preemptions) => Schedule::path(path.clone(), *preemptions),
        }
    }

    /// How it is told what run it was, and how it is run again. Of what was chosen in it only what is not drawn from the seed.
    pub(super) fn describe(&self, faults: Faults, taken: &Order) -> String {
        let seed = self.seed;
        let again = match &self.way {
            Way::BySeed(Kind::Priorities(depth)) => {
                format!("seed {seed}, schedule pct, depth {depth}, PROCESSION_SEED={seed}")
            }
            Way::BySeed(_) => format!("seed {seed}, schedule random, PROCESSION_SEED={seed}"),
            Way::Written(_) | Way::Path(..) if faults.are_none() => {
                format!("schedule exhaustive, PROCESSION_SCHEDULE={taken}")
            }
            Way::Written(_) | Way::Path(..) => format!(
                "seed {seed}, schedule exhaustive, PROCESSION_SEED={seed} PROCESSION_SCHEDULE={taken}"
            ),
        };
        again + &faults.describe()
    }
}

/// A time of a run, for people.
pub(super) fn after(passed_ns: u64) -> String {
    time_text::of(Duration::from_nanos(passed_ns))
}
