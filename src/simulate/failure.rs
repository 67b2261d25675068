//! How a run ends that does not end by itself.

use crate::base::clock::Duration;
use crate::base::error::Error;
use crate::base::time_text;

/// Why a run does not go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stuck {
    /// Nobody can go on, and nothing is due.
    Deadlock,
    Time(u64),
    Steps(u64),
    /// The process has completed, and this goes on.
    LeftBehind,
    /// A callback blocks outside of the library, on that thread.
    Blocked(u32),
    /// The program would end in that way.
    Ended(String),
    /// A signal to which nobody listens.
    Unheard(String),
}

impl Stuck {
    fn code(&self) -> i32 {
        match self {
            Stuck::Deadlock => libc::EDEADLK,
            Stuck::Time(_) | Stuck::Steps(_) | Stuck::Blocked(_) => libc::ETIMEDOUT,
            Stuck::LeftBehind => libc::EBUSY,
            Stuck::Ended(_) | Stuck::Unheard(_) => libc::EINTR,
        }
    }

    fn text(&self) -> String {
        match self {
            Stuck::Deadlock => "deadlock: nobody can go on, and nothing is due".to_owned(),
            Stuck::Time(limit) => {
                let limit = time_text::of(Duration::from_nanos(*limit));
                format!("it has not ended within {limit}, limit_ns")
            }
            Stuck::Steps(limit) => format!("it has not ended within {limit} switches, limit_steps"),
            Stuck::LeftBehind => "the process has completed, and left threads behind".to_owned(),
            Stuck::Blocked(thread) => format!(
                "thread {thread} has been blocking for more than a second outside of the library"
            ),
            Stuck::Ended(how) => format!("the program was ended: {how}"),
            Stuck::Unheard(signal) => format!("{signal} came, and nobody listens to it"),
        }
    }

    /// The error, with what runs.
    pub(super) fn error(&self, tree: &str) -> Error {
        let text = format!("{}; what runs:\n{}", self.text(), tree.trim_end());
        Error::new(self.code(), &text)
    }
}
