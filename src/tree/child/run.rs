//! One run of a program: it is started, waited for, and stopped if its run is cancelled.
//!
//! unsafe: the status is written to where the program wants it.
#![allow(unsafe_code)]

use libc::{c_int, pollfd};

use super::groups::{self, Group};
use super::leader::Leader;
use super::members::Members;
use super::output::Output;
use super::streams::{self, Source, Stream};
use super::{Child, StatusOut, Stopping, spawn};
use crate::base::cancelability;
use crate::base::clock::{self, Duration, Instant};
use crate::base::error::Outcome;
use crate::engine::frames::Context;
use crate::engine::late_strike;
use crate::scope::cancel::{Cancel, Node};
use crate::scope::poll;

/// How soon it is looked whether anybody is left in a group without a leader, and how seldom it is at last.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(16);

/// How long those are waited for that were killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// What cannot be waited for is looked at after that time.
const PAUSE: Duration = Duration::from_millis(10);

// SAFETY: the library only writes there, on the thread that runs the process, as the API says.
unsafe impl Send for StatusOut {}
// SAFETY: as above.
unsafe impl Sync for StatusOut {}

impl StatusOut {
    pub(super) fn tell(&self, status: c_int) {
        // SAFETY: it is NULL, or there as long as the process runs, as the API says.
        if let Some(place) = unsafe { self.0.as_mut() } {
            *place = status;
        }
    }
}

struct Run<'a> {
    child: &'a Child,
    stopping: &'a Stopping,
    context: &'a Context<'a>,
    group: Group,
    /// `None`: it is reaped.
    leader: Option<Leader>,
    output: Option<Output>,
}

pub(super) fn run(child: &Child, stopping: &Stopping, context: &Context<'_>) -> Outcome {
    let handle = context.scope.handle();
    let (group, output) = start(child, handle).map_err(|code| child.not_startable(code))?;
    let run = Run {
        child,
        stopping,
        context,
        leader: Some(Leader::of(group.number())),
        group,
        output,
    };
    run.until_it_ends(handle)
}

fn start(child: &Child, handle: &Cancel) -> Result<(Group, Option<Output>), c_int> {
    let [input, out, err] = streams::sources(child.command.streams)?;
    // What it is waited by is to be had before there is anything to wait for.
    let code = |error: std::io::Error| error.raw_os_error().unwrap_or(libc::EIO);
    handle.fd_to_poll().map_err(code)?;
    let output = child.listen.map(Output::open).transpose()?;
    let (output, writers) = output.unzip();
    let [out, err] = match &writers {
        Some(writers) => writers.fds().map(Source::Copy),
        None => [out, err],
    };
    let streams = [Stream::of(input)?, Stream::of(out)?, Stream::of(err)?];
    let group = groups::start(|| spawn::start(&child.command, &streams))?;
    Ok((group, output))
}

impl Run<'_> {
    fn until_it_ends(mut self, handle: &Cancel) -> Outcome {
        while !self.has_ended_after_a_wait(Some(handle), None) {
            if let Some(cause) = handle.cause() {
                late_strike::strike_if_over(handle);
                if !self.leader.as_ref().is_none_or(Leader::has_ended) {
                    self.stop();
                    return Err(cause.clone());
                }
                break;
            }
        }
        self.pass_on_rest();
        let Run {
            child,
            group,
            leader,
            ..
        } = self;
        drop(group); // Before its number may be another's (CH1).
        child.outcome(reap(child, leader))
    }

    /// CH2.
    fn stop(mut self) {
        let mut kill = Kill::after(self.child.stop_after_ns);
        self.stopping.until(kill.at);
        if kill.at.is_none_or(|at| !clock::has_come(at)) {
            self.group.send(libc::SIGTERM);
            self.group.send(libc::SIGCONT); // So that one that is stopped hears of it.
        }
        kill.if_it_is_time(&self.group);
        while !self.has_ended_after_a_wait(None, kill.at()) {
            kill.if_it_is_time(&self.group);
        }
        reap(self.child, self.leader.take());
        self.wait_for_the_rest(&mut kill);
        self.pass_on_rest();
    }

    /// Until nobody is left, or what was left has been killed.
    fn wait_for_the_rest(&mut self, kill: &mut Kill) {
        let mut look_after = FIRST_LOOK;
        let mut members = Members::of(self.group.number());
        while kill.at.is_some() && !kill.is_enough() && members.is_any_alive() {
            let next = clock::now().checked_add(look_after);
            self.has_ended_after_a_wait(None, clock::sooner(next, kill.at()));
            look_after = (look_after * 2).min(LAST_LOOK);
            kill.if_it_is_time(&self.group);
        }
    }

    /// Waits until the leader has ended (true), or something has been written, which is passed on, or that handle is cancelled, or the
    /// moment has come.
    fn has_ended_after_a_wait(&mut self, cancel: Option<&Node>, end: Option<Instant>) -> bool {
        let [out, err] = self.output.as_ref().map_or([-1; 2], Output::fds);
        let ended = self.leader.as_mut().map_or(-1, Leader::fd);
        let mut files = [ended, out, err].map(|fd| pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        });
        let look_at = self.leader.as_ref().and_then(Leader::look_at);
        let end = clock::sooner(end, look_at);
        let waited = cancelability::disabled(|| poll::poll(cancel, &mut files, end));
        self.context.slot.time_passed();
        match waited {
            Err(error) if error.raw_os_error() == Some(libc::ECANCELED) => return false,
            Err(_) => clock::pause(PAUSE), // No descriptor is to be had of the handle any more.
            Ok(_) => (),
        }
        if let Some(output) = &mut self.output {
            output.pass_on(self.context);
        }
        let is_told = files[0].revents != 0;
        let leader = self.leader.as_mut();
        leader.is_none_or(|leader| leader.has_ended_as_told(is_told))
    }

    fn pass_on_rest(&mut self) {
        if let Some(output) = &mut self.output {
            output.pass_on_rest(self.context);
        }
    }
}

/// Tells the status, if it can be had.
fn reap(child: &Child, leader: Option<Leader>) -> Option<c_int> {
    let status = leader.and_then(Leader::reap)?;
    child.status_out.tell(status);
    Some(status)
}

/// When a group is killed that is stopped.
struct Kill {
    /// `None`: never.
    at: Option<Instant>,
    /// When that was done.
    done: Option<Instant>,
}

impl Kill {
    fn after(time_ns: i64) -> Kill {
        Kill {
            at: clock::deadline(time_ns),
            done: None,
        }
    }

    /// When there is something to be done.
    fn at(&self) -> Option<Instant> {
        self.at.filter(|_| self.done.is_none())
    }

    fn if_it_is_time(&mut self, group: &Group) {
        if self.at().is_some_and(clock::has_come) {
            group.send(libc::SIGKILL);
            self.done = Some(clock::now());
        }
    }

    /// Whether those that were killed have had enough time to go.
    fn is_enough(&self) -> bool {
        self.done
            .is_some_and(|done| clock::has_come(done + PATIENCE))
    }
}
