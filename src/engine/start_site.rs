//! Where something was started that goes on by itself, a job or a task by hand: so that the dump shows it there.
//!
//! Nothing of the program's is held by this. A handle is known by the place of its node, which is nobody else's for
//! as long as somebody knows it, even when the handle is gone.

use crate::base::common::Known;
use crate::engine::leaf::Call;
use crate::scope::cancel::Node;

#[derive(Clone)]
pub(crate) struct StartSite {
    /// Under which handle, if the program gave one.
    pub(crate) under: Option<Known<Node>>,
    /// By which callback, if one ran on the thread.
    pub(crate) by: Option<By>,
}

/// The same, of what holds the handle that it was given for as long as it can be seen: it is that of its frame.
pub(crate) struct JobSite {
    /// Whether the program gave one.
    pub(crate) is_given: bool,
    pub(crate) by: Option<By>,
}

#[derive(Clone)]
pub(crate) struct By {
    pub(crate) callback: Running,
    /// What the callback ran in.
    pub(crate) handle: Known<Node>,
}

/// A callback that runs, as no other is known: the slot's address, and what its leaf says.
pub(crate) type Running = (usize, Call);
