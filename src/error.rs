//! What went wrong: a failure, a task that failed, or several errors at once.
//!
//! Invariants:
//! - **E1 values.** An error never changes once it is made; its text is fixed too.
//! - **E2 flat.** A multi error holds two or more errors, and none of them is a multi error. A task
//!   error may wrap one.
//! - **E3 any depth.** A program can wrap errors without end (an error returned by one run becomes
//!   the failure of the next), so nothing here recurses: neither walking nor releasing.

use std::ffi::{CStr, CString, c_void};
use std::io;
use std::ops::Deref;

use crate::callback::UserData;
use crate::fork;
use crate::sync::{Arc, OnceLock};

/// What a process ends with.
pub(crate) type Outcome = Result<(), Error>;

/// A shared error. Two of them are the same error only if they share one node.
#[derive(Clone)]
pub(crate) struct Error(Arc<Node>);

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
    Task {
        task_type: CString,
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
        let message = text(message);
        Error::from_kind(Kind::Failure {
            code,
            message,
            payload,
        })
    }

    /// The failure of a named task.
    pub(crate) fn task(task_type: &CStr, cause: Error) -> Error {
        let task_type = task_type.to_owned();
        Error::from_kind(Kind::Task { task_type, cause })
    }

    /// All these errors as one, in this order; none is lost (E2).
    pub(crate) fn merge(errors: Vec<Error>) -> Outcome {
        let mut items = flatten(errors);
        match items.len() {
            0 => Ok(()),
            1 => Err(items.remove(0)),
            _ => Err(Error::from_kind(Kind::Several(items))),
        }
    }

    /// What is left of this error without the echo of a cancellation; nothing, if it is no more than that.
    pub(crate) fn without_echo(self, cause: Option<&Error>) -> Outcome {
        let Some(cause) = cause else {
            return Err(self);
        };
        let kept = Echoes::of(cause).keep_none(vec![self.clone()]);
        if kept.len() == self.items().len().max(1) {
            return Err(self);
        }
        Error::merge(kept)
    }

    fn from_kind(kind: Kind) -> Error {
        let text = OnceLock::new();
        Error(Arc::new(Node { kind, text }))
    }

    pub(crate) fn into_arc(self) -> Arc<Node> {
        self.0
    }

    pub(crate) fn from_arc(node: Arc<Node>) -> Error {
        Error(node)
    }

    fn address(&self) -> *const Node {
        Arc::as_ptr(&self.0)
    }
}

impl Deref for Error {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.0
    }
}

impl Node {
    /// A task's is its cause's, a multi error's its first's.
    pub(crate) fn code(&self) -> i32 {
        let mut node = self;
        loop {
            node = match &node.kind {
                Kind::Failure { code, .. } => return *code,
                Kind::Task { cause, .. } => cause,
                Kind::Several(items) => &items[0],
            };
        }
    }

    pub(crate) fn message(&self) -> &CStr {
        match &self.kind {
            Kind::Failure { message, .. } => message,
            _ => self.text.get().unwrap_or_else(|| self.settle_text()),
        }
    }

    #[cold]
    fn settle_text(&self) -> &CString {
        fork::set_once(&self.text, text(&self.compose()))
    }

    /// The text of an error with others in it, without recursion (E3).
    fn compose(&self) -> String {
        let mut text = String::new();
        let mut ahead = vec![("", self)];
        while let Some((before, node)) = ahead.pop() {
            text += before;
            match &node.kind {
                Kind::Failure { message, .. } => text += &message.to_string_lossy(),
                Kind::Task { task_type, cause } => {
                    text += &task_type.to_string_lossy();
                    ahead.push((": ", cause));
                }
                Kind::Several(items) => {
                    text += &format!("{} errors:", items.len());
                    ahead.extend(items.iter().rev().map(|item| ("\n- ", &**item)));
                }
            }
        }
        text
    }

    pub(crate) fn task_type(&self) -> Option<&CStr> {
        match &self.kind {
            Kind::Task { task_type, .. } => Some(task_type),
            _ => None,
        }
    }

    pub(crate) fn cause(&self) -> Option<&Node> {
        match &self.kind {
            Kind::Task { cause, .. } => Some(cause),
            _ => None,
        }
    }

    /// The errors side by side in a multi error; a single one has none beside it.
    pub(crate) fn items(&self) -> &[Error] {
        match &self.kind {
            Kind::Several(items) => items,
            _ => &[],
        }
    }

    /// The error's own, or the one that the task's cause carries.
    pub(crate) fn payload(&self) -> Option<*mut c_void> {
        let mut node = self;
        loop {
            node = match &node.kind {
                Kind::Failure { payload, .. } => return payload.as_ref().map(|p| p.user.data),
                Kind::Task { cause, .. } => cause,
                Kind::Several(_) => return None,
            };
        }
    }

    pub(crate) fn has_code(&self, wanted: i32) -> bool {
        self.walk()
            .any(|node| matches!(node.kind, Kind::Failure { code, .. } if code == wanted))
    }

    pub(crate) fn find_task(&self, task_type: &CStr) -> Option<&Node> {
        self.walk().find(|node| node.task_type() == Some(task_type))
    }

    pub(crate) fn find_payload(&self, payload_type: &CStr) -> Option<*mut c_void> {
        let of_type = |payload: &&Payload| payload.payload_type.as_deref() == Some(payload_type);
        self.walk()
            .find_map(|node| node.own_payload().filter(of_type))
            .map(|payload| payload.user.data)
    }

    fn own_payload(&self) -> Option<&Payload> {
        match &self.kind {
            Kind::Failure { payload, .. } => payload.as_ref(),
            _ => None,
        }
    }

    /// Every error in this one, itself first, depth first (E3).
    fn walk(&self) -> impl Iterator<Item = &Node> {
        let mut ahead = vec![self];
        std::iter::from_fn(move || {
            let node = ahead.pop()?;
            ahead.extend(node.parts().iter().rev().map(|part| &**part));
            Some(node)
        })
    }

    fn parts(&self) -> &[Error] {
        match &self.kind {
            Kind::Failure { .. } => &[],
            Kind::Task { cause, .. } => std::slice::from_ref(cause),
            Kind::Several(items) => items,
        }
    }

    fn take_parts(&mut self) -> Vec<Error> {
        let nothing = Kind::Several(Vec::new());
        match std::mem::replace(&mut self.kind, nothing) {
            Kind::Failure { .. } => Vec::new(),
            Kind::Task { cause, .. } => vec![cause],
            Kind::Several(items) => items,
        }
    }
}

impl Drop for Node {
    /// Releases what hangs below without recursion (E3).
    fn drop(&mut self) {
        let mut orphans = self.take_parts();
        while let Some(error) = orphans.pop() {
            if let Some(mut node) = Arc::into_inner(error.0) {
                orphans.append(&mut node.take_parts());
            }
        }
    }
}

/// The echoes of one cancellation: errors that are nothing but its cause come back.
pub(crate) struct Echoes {
    /// The cause's node, or those of its items if it is a multi error; sorted.
    parts: Vec<*const Node>,
    /// Which of the parts need not be listed again.
    listed: Vec<bool>,
}

impl Echoes {
    pub(crate) fn of(cause: &Error) -> Echoes {
        let mut parts = match cause.items() {
            [] => vec![cause.address()],
            items => items.iter().map(Error::address).collect(),
        };
        parts.sort_unstable();
        let listed = vec![false; parts.len()];
        Echoes { parts, listed }
    }

    /// Leaves of the errors, in their order, what is no echo and the first of each echo.
    pub(crate) fn keep_first(mut self, errors: Vec<Error>) -> Vec<Error> {
        self.filter(errors)
    }

    /// Leaves of the errors, in their order, what is no echo.
    pub(crate) fn keep_none(mut self, errors: Vec<Error>) -> Vec<Error> {
        self.listed.fill(true);
        self.filter(errors)
    }

    fn filter(&mut self, errors: Vec<Error>) -> Vec<Error> {
        let mut items = flatten(errors);
        items.retain(|item| match self.echoed(item) {
            None => true,
            Some(echoed) => self.list(&echoed),
        });
        items
    }

    /// Which parts of the cause an error is made of; `None` if it is made of anything else too.
    fn echoed(&self, error: &Error) -> Option<Vec<usize>> {
        let mut echoed = Vec::new();
        let mut ahead = vec![error];
        while let Some(error) = ahead.pop() {
            match self.parts.binary_search(&error.address()) {
                Ok(part) => echoed.push(part),
                Err(_) if error.parts().is_empty() => return None,
                Err(_) => ahead.extend(error.parts()),
            }
        }
        Some(echoed)
    }

    /// Notes these parts as listed; tells whether any of them had not been.
    fn list(&mut self, echoed: &[usize]) -> bool {
        echoed.iter().fold(false, |new, &part| {
            new | !std::mem::replace(&mut self.listed[part], true)
        })
    }
}

fn flatten(errors: Vec<Error>) -> Vec<Error> {
    if errors.iter().all(|error| error.items().is_empty()) {
        return errors;
    }
    let split = |error: Error| match error.items() {
        [] => vec![error],
        items => items.to_vec(),
    };
    errors.into_iter().flat_map(split).collect()
}

/// What the C library says of an error of the system's, without std's "(os error N)".
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = error.raw_os_error().and_then(|_| text.rfind(" ("));
    text[..end.unwrap_or(text.len())].to_owned()
}

/// A text for C: it ends where C would end it.
fn text(message: &str) -> CString {
    let end = message.find('\0').unwrap_or(message.len());
    CString::new(&message[..end]).expect("cut before the first NUL")
}
