//! A process that runs a program.
//!
//! The program is the leader of a process group of its own. It is started by the C library, and its end is heard of by a
//! descriptor: the thread that runs this waits for that, for what the program writes and for a cancellation, all at once.
//!
//! Invariants:
//! - **CH1 reaped once.** Who reaps a leader is the thread that has started it, once, when that has ended. Its number is used until then and,
//!   where the group is stopped, for as long as somebody is in that: as long it is no other process's.
//! - **CH2 stopped as a whole.** A cancelled run ends when nobody is left in the group, or when what was left has been killed.
//!
//! The rooms, in reading order:
//!
//! - `command`: which program, and with what.
//! - `streams`: which descriptors it has.
//! - `spawn`, `fork_exec`: starting it, and how that is done where the C library cannot.
//! - `leader`: hearing of its end; reaping it.
//! - `members`: whether anybody is left in a group.
//! - `groups`: which groups there are, for who ends the program by force.
//! - `output`: what it writes.
//! - `run`: one run of it.
//! - `stand_in`: what plays it in a simulation.

mod command;
mod fork_exec;
mod groups;
mod leader;
mod members;
mod output;
mod run;
mod spawn;
pub(crate) mod stand_in;
mod streams;

use libc::c_int;

use crate::base::clock::{self, Instant};
use crate::base::error::{self, Error, Outcome};
use crate::base::events;
use crate::base::signal_set;
use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::base::world;
use crate::engine::frames::{Context, What};
use crate::engine::{late_strike, waiting};

pub(crate) use command::Command;
pub(crate) use groups::{Held, forget, hold, kill_all};
pub(crate) use output::Listen;

/// A program to run.
pub(crate) struct Child {
    pub(crate) command: Command,
    /// Who is told what it writes, instead of its streams.
    pub(crate) listen: Option<Listen>,
    /// Between SIGTERM and SIGKILL; negative: for ever.
    pub(crate) stop_after_ns: i64,
    pub(crate) status_out: StatusOut,
}

/// Where the program wants to have the status, or NULL.
pub(crate) struct StatusOut(pub(crate) *mut c_int);

/// How far a run of it is, for who looks: 0: it runs; else it is stopped, and this is when it is killed, as the monotonic clock will show that; or
/// never (`u64::MAX`).
pub(super) struct Stopping(AtomicU64);

#[inline(never)]
pub(super) fn run(child: &Child, context: &Context<'_>) -> Outcome {
    let handle = context.scope.handle();
    late_strike::strike_if_over(handle);
    if let Some(cause) = handle.cause() {
        return Err(cause.clone());
    }
    waiting::hand_over_added();
    let name = child.command.name();
    let begun = events::region_begin(context.task.map(|task| &**task), name);
    let stopping = Stopping(AtomicU64::new(0));
    let outcome = context.inside(What::Program(name, &stopping.0), || match world::here() {
        Some(world) => stand_in::play(child, world, context),
        None => run::run(child, &stopping, context),
    });
    events::region_end(begun);
    context.slot.time_passed();
    outcome
}

impl Stopping {
    fn until(&self, end: Option<Instant>) {
        let moment = end.map_or(u64::MAX, clock::shown_at);
        self.0.store(moment, Ordering::Relaxed);
    }
}

impl Child {
    /// It could not be started.
    fn not_startable(&self, code: c_int) -> Error {
        let reason = error::reason(&std::io::Error::from_raw_os_error(code));
        self.error(code, &reason)
    }

    /// What a status means, as waitpid gives it.
    fn outcome(&self, status: Option<c_int>) -> Outcome {
        let text = match status {
            None => "status lost".to_owned(),
            Some(0) => return Ok(()),
            Some(status) if libc::WIFSIGNALED(status) => {
                format!("killed by {}", name_of(libc::WTERMSIG(status)))
            }
            Some(status) => format!("exit status {}", libc::WEXITSTATUS(status)),
        };
        Err(self.error(libc::ECHILD, &text))
    }

    fn error(&self, code: c_int, text: &str) -> Error {
        let name = self.command.name().to_string_lossy();
        Error::new(code, &format!("{name}: {text}"))
    }
}

/// What the numbers from 32 on mean is a matter of the program's.
fn name_of(signal: c_int) -> String {
    match signal {
        1..=31 => signal_set::name(signal),
        _ => format!("signal {signal}"),
    }
}
