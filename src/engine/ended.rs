//! What has become of all children of a fan-out.

use crate::base::error::{Error, Outcome};
use crate::engine::rule::Decides;

/// What there is to say of that: nothing, if they have succeeded and did not compete. Most fan-outs end so, and take and move
/// no memory for it.
pub(crate) type Noted = Option<Box<Ended>>;

#[derive(Default)]
pub(crate) struct Ended {
    /// In order of completion (F5); that of the child that has decided a contest is the first.
    pub(crate) errors: Vec<Error>,
    /// Whether the first failure was to cancel the others, because nothing else had.
    pub(crate) cancelled_others: bool,
    /// Whether a child has decided a contest.
    pub(super) is_decided: bool,
    /// Whether that one has succeeded.
    pub(crate) is_won: bool,
    /// Why it has cancelled the others.
    pub(crate) cancelled_by: Option<Error>,
    /// Whether some were not begun any more, because what they run under was cancelled.
    pub(crate) is_cut: bool,
}

impl Ended {
    /// Records failures, after which the others are to be cancelled, or not. Returns the first one recorded, which
    /// is why they are (F5).
    pub(super) fn record(
        &mut self,
        errors: impl IntoIterator<Item = Error>,
        cancels: bool,
    ) -> Option<Error> {
        self.errors.extend(errors);
        let first = self.errors.first().cloned();
        self.cancelled_others |= cancels && first.is_some();
        first
    }

    /// Notes how a child of a contest has ended. If it has decided it, tells why the others are to be cancelled (F9).
    pub(super) fn compete(&mut self, outcome: Outcome, decides: Decides) -> Option<Error> {
        let counts = outcome.is_ok() || decides == Decides::First;
        let is_first = counts && !self.is_decided;
        self.is_decided |= counts;
        match outcome {
            Ok(()) => self.is_won |= is_first,
            Err(error) if is_first => self.errors.insert(0, error),
            Err(error) => self.errors.push(error),
        }
        if is_first {
            self.cancelled_by = Some(Error::new(libc::ECANCELED, "another one was first"));
            self.cancelled_by.clone()
        } else {
            None
        }
    }
}

/// Why a child fails for which no thread could be had (F3).
pub(super) fn denied() -> Error {
    Error::new(libc::EAGAIN, "no thread could be had to run it")
}
