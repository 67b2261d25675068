//! One run, from a fresh beginning to what it has left behind.

use std::ffi::{CStr, CString};

use super::failure::Stuck;
use super::faults::Faults;
use super::options::{Limits, Plan, Program, after};
use super::schedule::{Id, Order};
use super::state::Here;
use super::world;
use crate::base::clock::{self, Duration};
use crate::base::error::{Error, Outcome};
use crate::base::world as base_world;
use crate::daemon::proc_main;
use crate::engine::{crew, timer};
use crate::live;
use crate::scope::cancel::Cancel;
use crate::scope::{failing, health, progress, readiness, reloading};
use crate::signal;
use crate::trace::control::{self, Fault};
use crate::trace::of_run;
use crate::tree::process;

/// What has become of a run.
pub(super) struct Ended {
    /// What it fails with, if it does.
    pub(super) outcome: Outcome,
    pub(super) passed_ns: u64,
    pub(super) steps: u64,
    pub(super) taken: Order,
    /// Of each choice, how many there were and which was taken, if all orders are tried.
    pub(super) path: Vec<(usize, usize)>,
    /// Whether it was waited for somebody who blocks.
    pub(super) was_slow: bool,
    /// Its trace, if it was recorded, and why that could not be written.
    trace: Option<Vec<u8>>,
    untraced: Option<Fault>,
}

/// How often it is looked whether anybody goes on.
const LOOK: Duration = Duration::from_millis(100);
/// For how many looks a callback may block outside of the library, and what is taken down may take.
const LOOKS: u32 = 10;

/// Runs the program once. The calling thread is not in the run.
pub(super) fn run(program: &Program, plan: &Plan, limits: Limits, faults: Faults) -> Ended {
    let root = Cancel::root(None);
    let here = Here::new(plan.schedule(), plan.seed, limits, faults, root.clone());
    let program = program.clone();
    let is_traced = plan.is_traced;
    let job = move || {
        begin_afresh();
        if is_traced {
            of_run::begin();
        }
        let outcome =
            program().and_then(|process| process::start("proc_simulate", &process, Some(&root)));
        let by_chance = root.cause().filter(|_| world::is_cancelled_by_chance());
        let outcome = outcome.or_else(|error| error.without_echo(by_chance)); // That is no failure.
        drop((program, root));
        world::complete(outcome);
    };
    let begun = world::begin(here, Box::new(job));
    let left = begun.is_ok().then(watch).flatten();
    let trace = base_world::inside(of_run::end);
    Ended {
        trace,
        ..ended(begun.is_ok(), left)
    }
}

/// What a run has of its own is as if none had been before.
fn begin_afresh() {
    timer::begin_world();
    crew::begin_world();
    readiness::forget(readiness::hold());
    health::forget(health::hold());
    progress::forget(progress::hold());
    failing::forget(failing::hold());
    reloading::forget(reloading::hold());
    signal::begin_world();
    proc_main::after_fork();
}

fn ended(has_begun: bool, left: Option<String>) -> Ended {
    let no_thread = || Error::new(libc::EAGAIN, "proc_simulate: no thread could be had");
    let Some(mut here) = world::end().filter(|_| has_begun) else {
        return Ended {
            outcome: Err(no_thread()),
            passed_ns: 0,
            steps: 0,
            taken: Order::default(),
            path: Vec::new(),
            was_slow: false,
            trace: None,
            untraced: None,
        };
    };
    let was_slow = left.is_some() || here.has_lost;
    let outcome = here.outcome.take().unwrap_or(Ok(()));
    let outcome = match (here.failure.take(), left) {
        (Some(failure), Some(left)) => Err(with_those_left(&failure, &left)),
        (Some(failure), None) => Err(failure),
        (None, _) => outcome.and_then(|()| nothing_left(&here)),
    };
    Ended {
        outcome,
        passed_ns: here.passed_ns,
        steps: here.steps,
        was_slow,
        trace: None,
        untraced: None,
        path: here.schedule.seen().to_vec(),
        taken: std::mem::take(&mut here.schedule.taken),
    }
}

/// Of what the program was given in the run, it has given all back; and no handle below that of the run is held, nor that one.
fn nothing_left(here: &Here) -> Outcome {
    let handle = || {
        let is_held = here.root.is_held_elsewhere();
        is_held.then(|| "a cancel handle, which is held by what hangs below it,".to_owned())
    };
    let Some(left) = here.account.left().or_else(handle) else {
        return Ok(());
    };
    let text = format!(
        "the process has completed, and left {left} behind, which the program was to release"
    );
    Err(Error::new(libc::EBUSY, &text))
}

fn with_those_left(failure: &Error, left: &str) -> Error {
    let text = failure.message().to_string_lossy();
    let text = format!(
        "{text}\nafter a second more this had not returned, and is given up:\n{}",
        left.trim_end()
    );
    Error::new(failure.code(), &text)
}

/// Returns when the run is over, or when it is taken down and does not get on with that: then with what still runs.
fn watch() -> Option<String> {
    let mut seen = Seen::default();
    loop {
        let next_look = clock::now() + LOOK;
        let state = world::await_end(world::lock(), next_look);
        if state.is_over {
            return None;
        }
        let here = state.here.as_ref()?;
        let is_wrecked = here.is_wrecked;
        seen.look(here);
        drop(state);
        if seen.wrecked > LOOKS {
            return Some(base_world::inside(|| live::text(&live::look())));
        }
        if seen.still >= LOOKS && !is_wrecked {
            give_up_running();
            seen.still = 0;
        }
    }
}

/// What was seen of a run.
#[derive(Default)]
struct Seen {
    /// How far it was at the last look, and who ran.
    at: (u64, Id),
    /// For how long that thread had wanted a processor by then, as far as the kernel tells.
    wanted: Option<Duration>,
    /// How many looks in a row have found that nobody goes on or computes.
    still: u32,
    /// How many have found it taken down.
    wrecked: u32,
}

impl Seen {
    fn look(&mut self, here: &Here) {
        self.wrecked += u32::from(here.is_wrecked);
        let at = (here.steps, here.running);
        let before = std::mem::replace(&mut self.at, at);
        let goes_on = self.computes(here) || before != at;
        self.still = if goes_on { 0 } else { self.still + 1 };
    }

    fn computes(&mut self, here: &Here) -> bool {
        let running = here.worker(here.running);
        let wanted = clock::wanted_by(running.map_or(0, |worker| worker.thread()));
        match (std::mem::replace(&mut self.wanted, wanted), wanted) {
            (Some(before), Some(wanted)) => wanted > before + LOOK / 2,
            _ => false,
        }
    }
}

/// The thread that runs blocks outside of the library: the run fails, and the others are to end without it.
fn give_up_running() {
    let Some(running) = world::lock().here.as_ref().map(|here| here.running) else {
        return;
    };
    base_world::inside(|| world::wreck(&Stuck::Blocked(running)));
    world::pass_by(running);
}

impl Ended {
    /// If it has failed.
    pub(super) fn write_trace(&mut self, path: Option<&CStr>) {
        if let (Some(path), Some(trace), Err(_)) = (path, self.trace.take(), &self.outcome) {
            self.untraced = control::write(path, trace).err();
        }
    }

    /// The error of a run that has failed, in words that say how to run it again.
    pub(super) fn error(
        self,
        plan: &Plan,
        faults: Faults,
        shorter: Option<&Order>,
    ) -> Option<Error> {
        let error = self.outcome.err()?;
        let told = plan.describe(faults, &self.taken);
        let mut text = format!("simulation: {told}, after {}", after(self.passed_ns));
        if let Some(shorter) = shorter {
            text += &format!(
                ", fewest switches {}: PROCESSION_SCHEDULE={shorter}",
                shorter.0.len()
            );
        }
        if let Some(fault) = &self.untraced {
            text += &format!(", no trace: {fault}");
        }
        let text = CString::new(text).unwrap_or_default();
        Some(Error::wrap(&text, error))
    }
}
