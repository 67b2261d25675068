//! What the children of a combinator mean together: data, by which the one engine runs them all.

use crate::base::error::Error;
use crate::scope::cancel::{Cancel, Struck};
use crate::scope::failing;

/// The rule of a combinator.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    /// What the combinator is called.
    pub(crate) name: &'static str,
    /// Which child decides for the others.
    pub(crate) decides: Decides,
    /// Whether what has not begun at a cancellation is not begun any more.
    pub(crate) stops: bool,
    /// How many run at the same time at most.
    pub(crate) limit: usize,
}

/// Which child decides for the others, who are cancelled then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decides {
    Nobody,
    /// The first to fail: its error is why the others are cancelled.
    Failing,
    /// The first to complete, in whatever way.
    First,
    /// The first to succeed.
    Succeeding,
}

impl Rule {
    /// That of a combinator with no limit, whose children all begin unless one of them decides otherwise.
    pub(crate) const fn of(name: &'static str, decides: Decides) -> Rule {
        Rule {
            name,
            decides,
            stops: false,
            limit: usize::MAX,
        }
    }

    /// The same with a limit, of which 0 is none; once it is cancelled, nothing begins.
    pub(crate) fn limited(self, limit: usize) -> Rule {
        let limit = if limit == 0 { usize::MAX } else { limit };
        Rule {
            stops: true,
            limit,
            ..self
        }
    }

    /// Whether a child decides by being the first.
    pub(crate) fn is_contest(&self) -> bool {
        matches!(self.decides, Decides::First | Decides::Succeeding)
    }
}

/// A failure cancels the others.
#[cold]
pub(super) fn cancel_by_failure(cancel: &Cancel, failure: &Error) -> Struck {
    let struck = cancel.strike_all(failure);
    failing::note(cancel, failure, failure); // Before hooks, which may hang.
    struck
}
