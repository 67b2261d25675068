//! One process as the purpose of a program: runs until it is done or told to stop by a signal.

use libc::c_int;

use crate::base::environment;
use crate::base::error::{Error, Outcome};
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::world::{self, per_world};
use crate::daemon::last_chance::{self, LastChance};
use crate::daemon::notify;
use crate::daemon::reaper::Reaper;
use crate::daemon::shutdown::{Options, Shutdown, Stop};
use crate::engine::crew::NoThread;
use crate::engine::frames;
use crate::scope::cancel::Cancel;
use crate::scope::{drain, drain_handle, failing, health, progress, readiness, reloading};
use crate::signal::{Listening, Set};
use crate::tree::process::{self, Process};
use crate::{signal, trace};

/// What the process has ended with, and by which signal it was asked to stop, if by one.
pub(super) type Ending = (Outcome, Option<c_int>);

/// Runs a process. The function of the API by which somebody asks for it is named in errors.
pub(crate) fn main(function: &str, process: &Process, options: &Options) -> Ending {
    match Only::claim(function) {
        Ok(_only) => run(function, process, options),
        Err(error) => (Err(error), None),
    }
}

fn run(function: &str, process: &Process, options: &Options) -> Ending {
    let is_simulated = world::is_here();
    if !is_simulated {
        take_environment(options); // First, as long as there may be no other thread.
    }
    let last_chance = options.on_abandon.map(LastChance::prepare);
    let Ok(last_chance) = last_chance.transpose() else {
        return (Err(no_thread(function, "for on_abandon")), None);
    };
    let root = root();
    let _begun = drain_handle::main_begins(root.main());
    let hearing = Hearing::begin(&root);
    let shutdown = Shutdown::new(root.clone(), options, last_chance.as_ref());
    let listening = signal::listen(shutdown.clone(), options.dump, Some(options.stops));
    let listening = match listening {
        Ok(listening) => listening,
        Err(NoThread) => return (Err(no_thread(function, "to listen for signals")), None),
    };
    let reaping = (options.reap && !is_simulated).then(reap);
    let trace = (!is_simulated).then(trace::environment::start_if_asked);
    if options.failure_grace_ns > 0 && process.fails_as_a_whole() {
        failing::begin(signal::wake);
    }
    let outcome = process::start("proc_main", process, Some(&root));
    let stop = shutdown.over();
    drop(trace); // Before a signal is sent again, which may end the program.
    drop(reaping);
    let first = listening.close();
    shutdown.close();
    drop(hearing);
    drop(last_chance);
    if let Some(stop) = stop {
        return (stopped(outcome, &stop, &root), Some(stop.signal));
    }
    if let Some(too_late) = first {
        signal::send_again(too_late); // G3
    }
    (outcome, None)
}

/// What the process says of itself is heard until this is dropped.
struct Hearing;

impl Hearing {
    fn begin(root: &Cancel) -> Hearing {
        let main = root.main();
        readiness::begin(main, signal::wake);
        progress::begin(main, signal::wake);
        health::begin(main, signal::wake);
        reloading::begin(main, signal::wake);
        Hearing
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        readiness::end();
        progress::end();
        health::end();
        reloading::end();
        failing::end();
    }
}

/// Reaps orphans until that is dropped. There is a thread that listens already.
fn reap() -> Result<Listening, NoThread> {
    signal::listen(Reaper::begin(), Set::EMPTY, None)
}

/// The handle of a run, which has what the callback has that calls this, if one does.
fn root() -> Cancel {
    frames::with_current(|asking| {
        let task = process::task_of(None, asking).cloned();
        Cancel::alone(task, drain::number(), process::values_of(asking))
    })
}

/// What the environment says to this program alone.
fn take_environment(options: &Options) {
    environment::take(&[environment::TRACE]);
    environment::take(&[environment::PARENT_TRACE]);
    environment::pass_on_trace();
    if options.notify {
        notify::take_environment();
    }
}

/// What the process has returned, less the echo of the cancellation.
fn stopped(outcome: Outcome, stop: &Stop, root: &Cancel) -> Outcome {
    // A process that ended in the drain time may have left handles with others, who were told to stop soon.
    root.trigger(stop.cause.clone());
    outcome.or_else(|error| error.without_echo(Some(&stop.cause)))
}

fn no_thread(function: &str, for_what: &str) -> Error {
    let text = format!("{function}: no thread could be had {for_what}");
    Error::new(libc::EAGAIN, &text)
}

/// The right to be the one that runs.
struct Only;

per_world!(RUNNING: AtomicBool = AtomicBool::new(false));

impl Only {
    fn claim(function: &str) -> Result<Only, Error> {
        if RUNNING.swap(true, Ordering::SeqCst) {
            let text = format!("{function}: it is running already");
            return Err(Error::new(libc::EBUSY, &text));
        }
        Ok(Only)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::SeqCst);
    }
}

/// In a child of `fork`: what ran in the parent does not run here.
pub(crate) fn after_fork() {
    RUNNING.store(false, Ordering::SeqCst);
    last_chance::after_fork();
}
