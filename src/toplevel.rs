//! One process as the purpose of a program: runs until it is done or told to stop by a signal.

use libc::c_int;

use crate::cancel::Cancel;
use crate::crew::NoThread;
use crate::error::{Error, Outcome};
use crate::process::{self, Process};
use crate::shutdown::{Options, Shutdown, Stop};
use crate::signal;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::global;
use crate::{drain, readiness, trace};

/// What the process has ended with, and by which signal it was asked to stop, if by one.
pub(crate) type Ending = (Outcome, Option<c_int>);

/// Runs a process. The function of the API by which somebody asks for it is named in errors.
pub(crate) fn main(function: &str, process: &Process, options: &Options) -> Ending {
    match Only::claim(function) {
        Ok(_only) => run(function, process, options),
        Err(error) => (Err(error), None),
    }
}

fn run(function: &str, process: &Process, options: &Options) -> Ending {
    let root = Cancel::of_main(process::task_of(None), drain::number());
    readiness::begin(root.main());
    let shutdown = Shutdown::new(root.clone(), options);
    let listening = signal::listen(shutdown.clone(), options.dump, Some(options.stops));
    let listening = match listening {
        Ok(listening) => listening,
        Err(NoThread) => return (Err(no_thread(function)), None),
    };
    let trace = trace::start_if_asked();
    let outcome = process::start("proc_main", process, Some(root.clone()));
    let stop = shutdown.over();
    drop(trace); // Before a signal is sent again, which may end the program.
    let first = listening.close();
    shutdown.close();
    readiness::end();
    if let Some(stop) = stop {
        return (stopped(outcome, &stop, &root), Some(stop.signal));
    }
    if let Some(too_late) = first {
        signal::send_again(too_late); // G3
    }
    (outcome, None)
}

/// What the process has returned, less the echo of the cancellation.
fn stopped(outcome: Outcome, stop: &Stop, root: &Cancel) -> Outcome {
    // A process that ended in the drain time may have left handles with others, who were told to stop soon.
    root.trigger(stop.cause.clone());
    outcome.or_else(|error| error.without_echo(Some(&stop.cause)))
}

fn no_thread(function: &str) -> Error {
    let text = format!("{function}: no thread could be had to listen for signals");
    Error::new(libc::EAGAIN, &text)
}

/// The right to be the one that runs.
struct Only;

global!(RUNNING: AtomicBool = AtomicBool::new(false));

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
}
