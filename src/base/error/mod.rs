//! What went wrong: a failure, something around an error (a task, a text), or several errors at once.
//!
//! Invariants:
//! - **E1 values.** An error never changes once it is made; its text is fixed too.
//! - **E2 flat.** A multi error holds two or more errors, each once, and none of them is a multi error. A
//!   task error or a text around an error may have one in it.
//! - **E3 any depth.** A program can wrap errors without end (an error returned by one run becomes
//!   the failure of the next), so nothing here recurses: neither walking nor releasing.
//! - **E4 once.** A program can put one error into many, and those into one again, so that there are
//!   endless ways to it. Whoever goes through an error comes to each one in it once.

mod echoes;
mod merge;
mod node;
mod text;
mod walk;

use std::ffi::{CStr, CString};
use std::io;
use std::ops::Deref;

use crate::base::holder::Holder;
use crate::base::sync::OnceLock;
use crate::base::user_data::UserData;

pub(crate) use echoes::Echoes;

/// What a process ends with.
pub(crate) type Outcome = Result<(), Error>;

/// A shared error. Two of them are the same error only if they share one node.
#[derive(Clone)]
pub(crate) struct Error(Holder<Node>);

/// An error as its readers see it.
pub(crate) struct Node {
    kind: Kind,
    /// Made when it is first read: a program may wrap errors again and again, and read none.
    text: OnceLock<CString>,
}

enum Kind {
    Failure {
        code: i32,
        message: CString,
        payload: Option<Payload>,
    },
    /// Says more of an error, which it is in all else.
    Around {
        /// The name of the task that failed, or what somebody had to say.
        what: CString,
        is_task: bool,
        cause: Error,
    },
    Several(Vec<Error>),
}

/// What the program attached to a failure.
pub(crate) struct Payload {
    pub(crate) user: UserData,
    /// By which a part of the program tells its own payloads from others'.
    pub(crate) payload_type: Option<CString>,
}

impl Error {
    /// A failure with a code of `errno` or of the program's own, which is not 0.
    pub(crate) fn new(code: i32, message: &str) -> Error {
        Error::with_payload(code, message, None)
    }

    pub(crate) fn with_payload(code: i32, message: &str, payload: Option<Payload>) -> Error {
        let message = text::for_c(message);
        Error::from_kind(Kind::Failure {
            code,
            message,
            payload,
        })
    }

    /// The failure of a named task.
    pub(crate) fn task(task_type: &CStr, cause: Error) -> Error {
        Error::around(task_type, true, cause)
    }

    /// An error with a text before its own.
    pub(crate) fn wrap(text: &CStr, cause: Error) -> Error {
        Error::around(text, false, cause)
    }

    fn around(what: &CStr, is_task: bool, cause: Error) -> Error {
        let what = what.to_owned();
        Error::from_kind(Kind::Around {
            what,
            is_task,
            cause,
        })
    }

    fn from_kind(kind: Kind) -> Error {
        let text = OnceLock::new();
        Error(Holder::new(|| Node { kind, text }))
    }

    pub(crate) fn into_raw(self) -> *const Node {
        self.0.into_raw()
    }

    pub(crate) fn from_holder(node: Holder<Node>) -> Error {
        Error(node)
    }

    /// Whether it is the same error, not only one that looks alike.
    pub(crate) fn is(&self, other: &Error) -> bool {
        self.0.is(&other.0)
    }

    /// The errors side by side: of a multi error its items, else the error itself.
    pub(crate) fn side_by_side(&self) -> &[Error] {
        match self.items() {
            [] => std::slice::from_ref(self),
            items => items,
        }
    }
}

impl Deref for Error {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

/// What the C library says of an error of the system's, without std's "(os error N)".
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = error.raw_os_error().and_then(|_| text.rfind(" ("));
    text[..end.unwrap_or(text.len())].to_owned()
}
