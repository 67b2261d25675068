//! What waits without a thread, as whoever looks at it sees it.

use std::ffi::CStr;

use crate::base::clock::Instant;
use crate::base::common::Common;
use crate::base::events::Apart;
use crate::base::sync::Arc;
use crate::engine::background::Background;
use crate::scope::cancel::TimeLimit;
use crate::scope::promise;
use crate::scope::queue::Turn;
use crate::scope::task_run::TaskRun;

/// What an operation waits for.
#[derive(Clone)]
pub(crate) enum Source {
    Promise(Arc<promise::Node>),
    /// `None`: for ever.
    Moment(Option<Instant>),
    Turn(Arc<Turn>),
}

/// An operation, as it was seen.
pub(crate) struct Shown {
    pub(crate) source: Source,
    pub(crate) around: Vec<Around>,
    pub(crate) since: u64,
}

/// What is around the wait, and is a part of the operation.
#[derive(Clone)]
pub(crate) enum Around {
    Task(Common<TaskRun>),
    Region(Arc<CStr>, Apart),
    /// `None`: its time is never up.
    Timeout(Option<TimeLimit>),
    /// Those who are told of a success. It is not shown.
    Others(Arc<Background>),
}
