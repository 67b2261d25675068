//! What plays programs in a simulation, where a real one would run in a time of its own: a process, which code of the run's makes.
//!
//! A program that is killed by chance is one whose handle is cancelled by chance, or that has not begun, or is told to have been killed as it was
//! about to end. So it is found out what is made of a half of its work, and what of all of it without its status.

use libc::c_int;

use super::Child;
use crate::base::error::{Error, Outcome};
use crate::base::sync::{Arc, Mutex, global};
use crate::base::world::{Death, Job, World};
use crate::engine::frames::Context;
use crate::scope::cancel::Cancel;
use crate::tree::process::{self, Process};

/// Makes what plays that program, and passes it on; `None`: there is no such program.
pub(crate) type StandIn = Arc<dyn Fn(&Child, Play<'_>) -> Outcome + Send + Sync>;

/// Runs it, and tells how the program has ended.
pub(crate) type Play<'a> = &'a dyn Fn(Option<Process>) -> Outcome;

global!(STAND_IN: Mutex<Option<StandIn>> = Mutex::new(None));

/// What plays all programs, for as long as what comes back is there.
pub(crate) fn plays(stand_in: Option<StandIn>) -> Plays {
    *STAND_IN.lock() = stand_in;
    Plays
}

pub(crate) struct Plays;

impl Drop for Plays {
    fn drop(&mut self) {
        *STAND_IN.lock() = None;
    }
}

pub(super) fn play(child: &Child, world: &dyn World, context: &Context<'_>) -> Outcome {
    let stand_in = STAND_IN.lock().clone().ok_or_else(|| {
        let text = "a simulation runs no programs, and options->child of proc_simulate is NULL";
        child.error(libc::ENOTSUP, text)
    })?;
    stand_in(child, &|process| {
        let process = process.ok_or_else(|| child.not_startable(libc::ENOENT))?;
        run(child, &process, world, context)
    })
}

fn run(child: &Child, process: &Process, world: &dyn World, context: &Context<'_>) -> Outcome {
    let handle = context.scope.child();
    let death = world.draw_death(killer(&handle));
    let played = match death {
        Some(Death::BeforeItBegins) => Ok(()),
        _ => process::start("proc_child", process, Some(&handle)),
    };
    handle.close("program");
    let status = match &played {
        _ if death.is_some() => libc::SIGKILL,
        Err(error) => exit_status(error),
        Ok(()) => 0,
    };
    child.status_out.tell(status);
    match (context.scope.handle().cause(), played) {
        (Some(cause), _) => Err(cause.clone()),
        (None, Err(error)) if death.is_none() => Err(failed(child, status, &error)),
        (None, _) => child.outcome(Some(status)),
    }
}

fn failed(child: &Child, status: c_int, error: &Error) -> Error {
    let text = error.message().to_string_lossy();
    let number = libc::WEXITSTATUS(status);
    child.error(libc::ECHILD, &format!("exit status {number}: {text}"))
}

/// Kills what has that handle, if it is still there.
fn killer(handle: &Cancel) -> Job {
    let known = handle.downgrade();
    Box::new(move || {
        if let Some(handle) = known.upgrade() {
            handle.trigger(Error::new(libc::ECANCELED, "killed by the simulation"));
        }
    })
}

/// As `waitpid` gives it: an exit status is a number of 8 bits, and of the next ones.
fn exit_status(error: &Error) -> c_int {
    let number = match error.code() {
        code @ 1..=255 => code,
        _ => 1,
    };
    number << 8
}
