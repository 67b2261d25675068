//! Which runs are made: with one seed after the other, in all orders, or one that is written down.

use super::board::Board;
use super::forked;
use super::journal;
use super::options::{Kind, Options, Plan, Program, Way};
use super::run::{self, Ended};
use super::schedule::{Order, next_path};
use super::shrinking;
use super::world::Turn;
use crate::base::error::Error;
use crate::base::random::Random;
use crate::base::world;
use crate::tree::child::stand_in;

/// How it has ended.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// The seed of the run that has failed; `None`: it has none.
    pub(crate) seed: Option<u64>,
}

impl Failed {
    fn without_run(code: i32, text: &str) -> Failed {
        Failed {
            error: Error::new(code, text),
            seed: None,
        }
    }
}

/// What the environment says.
const SEED: &str = "PROCESSION_SEED";
const SCHEDULE: &str = "PROCESSION_SCHEDULE";

pub(crate) fn simulate(program: &Program, options: &Options) -> Result<(), Failed> {
    if world::is_here() {
        let text = "proc_simulate: a simulation in a simulation would wait for itself";
        return Err(Failed::without_run(libc::EDEADLK, text));
    }
    let _turn = Turn::take();
    let _plays = stand_in::plays(options.child.clone());
    let seed = first_seed(options)?;
    if let Some(path) = journal::path() {
        let way = Way::Path(path, options.preemptions);
        return once(program, options, Plan::new(seed, way));
    }
    if let Some(order) = said(SCHEDULE)? {
        let way = Way::Written(order);
        return once(program, options, Plan::new(seed, way));
    }
    match options.kind {
        Kind::Exhaustive => in_all_orders(program, options, seed),
        _ => by_seeds(program, options, seed),
    }
}

/// That of the options, of the environment, or any.
fn first_seed(options: &Options) -> Result<u64, Failed> {
    if options.seed != 0 {
        return Ok(options.seed);
    }
    let any = || 1 + (Random::new().next() >> 32);
    Ok(said(SEED)?.unwrap_or_else(any))
}

/// What a variable of the environment says, if it is there.
fn said<T: std::str::FromStr>(name: &str) -> Result<Option<T>, Failed> {
    let Some(text) = std::env::var_os(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let value = text.to_str().and_then(|text| text.parse().ok());
    let bad = || {
        let text = format!("proc_simulate: {name} in the environment is {text:?}");
        Failed::without_run(libc::EINVAL, &text)
    };
    value.map(Some).ok_or_else(bad)
}

/// One run, here.
fn once(program: &Program, options: &Options, mut plan: Plan) -> Result<(), Failed> {
    plan.is_traced = options.trace.is_some();
    let ended = run::run(program, &plan, options.limits, options.faults);
    told(program, options, &plan, ended)
}

/// What is told of a run that was made here: if it has failed, with how few switches it still does.
fn told(program: &Program, options: &Options, plan: &Plan, mut ended: Ended) -> Result<(), Failed> {
    ended.write_trace(options.trace.as_deref());
    let shorter = shrinking::shrink(program, options, plan, &ended);
    let seed = matches!(plan.way, Way::BySeed(_)).then_some(plan.seed);
    match ended.error(plan, options.faults, shorter.as_ref()) {
        Some(error) => Err(Failed { error, seed }),
        None => Ok(()),
    }
}

fn by_seeds(program: &Program, options: &Options, first: u64) -> Result<(), Failed> {
    let plan = |offset| Plan::new(first.wrapping_add(offset), Way::BySeed(options.kind));
    if options.runs == 1 {
        return once(program, options, plan(0));
    }
    let run_one = |offset| run::run(program, &plan(offset), options.limits, options.faults);
    let found = forked::first_failing(options.runs, |offset| run_one(offset).outcome.err());
    let Some(found) = found.map_err(|error| Failed::without_run(libc::EAGAIN, &error))? else {
        return Ok(());
    };
    let plan = plan(found.offset);
    let not_here = found.ended.is_some();
    if !not_here {
        once(program, options, plan.clone())?; // It fails with the real error.
    }
    // It has ended the process that it was run in, or fails only there.
    let (code, text) = match found.ended {
        Some(how) => (libc::ENOTRECOVERABLE, how),
        None => found.told,
    };
    let mut told = plan.describe(options.faults, &Order::default());
    if options.trace.is_some() {
        told += ", no trace: it fails in a process of its own only";
    }
    Err(Failed {
        error: Error::new(code, &format!("simulation: {told}: {text}")),
        seed: Some(plan.seed),
    })
}

/// All orders are tried in a child; the one that fails is run here.
fn in_all_orders(program: &Program, options: &Options, seed: u64) -> Result<(), Failed> {
    let board = Board::new().map_err(|error| Failed::without_run(libc::ENOMEM, &error))?;
    let ended = forked::in_child(|| {
        if let Some((code, text)) = try_all_orders(program, options, seed) {
            board.tell(code, &text);
        }
    });
    ended.map_err(|how| Failed::without_run(libc::ENOTRECOVERABLE, &how))?;
    match board.told() {
        None => Ok(()),
        Some((libc::ENOBUFS, _)) => {
            let text = format!(
                "proc_simulate: there are more than {} orders, options->runs",
                options.runs
            );
            Err(Failed::without_run(libc::ENOBUFS, &text))
        }
        Some((_, order)) => {
            let way = Way::Written(order.parse().unwrap_or_default());
            once(program, options, Plan::new(seed, way))
        }
    }
}

/// The order that fails; or that there are too many.
fn try_all_orders(program: &Program, options: &Options, seed: u64) -> Option<(i32, String)> {
    let mut next = Some(Vec::new());
    let mut runs = 0;
    while let Some(path) = next {
        if runs == options.runs {
            return Some((libc::ENOBUFS, String::new()));
        }
        runs += 1;
        let way = Way::Path(path, options.preemptions);
        let plan = Plan::new(seed, way);
        let ended = run::run(program, &plan, options.limits, options.faults);
        if ended.outcome.is_err() {
            return Some((libc::EPROTO, ended.taken.to_string()));
        }
        next = next_path(&ended.path);
    }
    None
}
