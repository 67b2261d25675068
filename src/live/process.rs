//! One process, as it was seen.

use std::ffi::CStr;

use crate::base::common::{Common, Known};
use crate::base::error::Error;
use crate::base::sync::Arc;
use crate::engine::backlog::Places;
use crate::engine::frames;
use crate::engine::start_site::StartSite;
use crate::scope::cancel::Node;
use crate::scope::task_run::TaskRun;

/// One process that runs, or a task that was begun by hand.
pub(super) struct Process {
    pub(super) kind: &'static str,
    pub(super) name: Option<Name>,
    /// The innermost task around it, or it.
    pub(super) task: Option<Common<TaskRun>>,
    /// `None`: no thread runs it.
    pub(super) thread: Option<i32>,
    pub(super) age_ns: u64,
    pub(super) doing: &'static str,
    /// The handle that it runs in.
    pub(super) handle: Option<Known<Node>>,
    pub(super) cancelled: Option<Cancelled>,
    /// In how many nanoseconds a deadline cancels it, or it is over by itself or goes on.
    pub(super) due_ns: Option<u64>,
    /// How often it has run its child again, if that is what it is there for.
    pub(super) restarts: Option<u64>,
    /// How many of its children nobody has begun yet.
    pub(super) not_started: usize,
    /// If only so many of them have a place at once.
    pub(super) places: Option<Places>,
    /// How many of its children wait without a thread, and how many of those are shown.
    pub(super) pending: usize,
    pub(super) pending_shown: usize,
    /// The address of a callback's code.
    pub(super) function: Option<usize>,
    /// Where it was started, if it goes on by itself.
    pub(super) start_site: Option<StartSite>,
    /// What it is inside of.
    pub(super) inside: Option<usize>,
    pub(super) children: Vec<usize>,
}

pub(super) enum Name {
    /// The task's type.
    Task,
    /// A region's, or a program's.
    Given(Arc<CStr>),
    Signal(i32),
    /// Which child of a stack it is.
    Layer(usize),
}

/// Since when its handle is cancelled, and why.
#[derive(Clone)]
pub(super) struct Cancelled {
    pub(super) age_ns: u64,
    pub(super) cause: Error,
}

pub(super) const RUNNING: &str = "running";

/// The kind of what runs in a queue, on the thread that called this.
pub(super) const QUEUE_RUN: &str = "proc_queue_run";
pub(super) const JOINING: &str = "joining children";
pub(super) const AWAITING: &str = "waiting for its signal";
pub(super) const CLEANING_UP: &str = "cleaning up";
pub(super) const DELAYING: &str = "waiting to run it again";
pub(super) const STOPPING: &str = "stopping";
pub(super) const BY_HAND: &str = "begun by hand";
pub(super) const PENDING: &str = "waiting without a thread";

impl Process {
    /// One of which no more is known yet.
    pub(super) fn of(kind: &'static str, age_ns: u64) -> Process {
        Process {
            kind,
            name: None,
            task: None,
            thread: None,
            age_ns,
            doing: RUNNING,
            handle: None,
            cancelled: None,
            due_ns: None,
            restarts: None,
            not_started: 0,
            places: None,
            pending: 0,
            pending_shown: 0,
            function: None,
            start_site: None,
            inside: None,
            children: Vec::new(),
        }
    }

    /// Its task, if it is one.
    pub(super) fn own_task(&self) -> Option<&Common<TaskRun>> {
        self.task
            .as_ref()
            .filter(|_| matches!(self.name, Some(Name::Task)))
    }

    /// What it does when its thread runs no callback.
    pub(super) fn between_callbacks(&self) -> &'static str {
        match self.kind {
            _ if self.doing != RUNNING => self.doing,
            "group" | "concurrent" | "each" | "race" | "any" | "nursery" | "stack" => JOINING,
            "on_signal" => AWAITING,
            _ => RUNNING,
        }
    }
}

impl frames::Running {
    pub(super) fn doing(&self) -> &'static str {
        self.waiting.map_or(RUNNING, |call| call.name())
    }
}
