//! What an error answers.

use std::ffi::{CStr, CString, c_void};

use super::walk::Walk;
use super::{Error, Kind, Node, Payload, text};
use crate::base::{once, race_detector};

impl Node {
    /// What is around an error has that one's, a multi error its first's.
    pub(crate) fn code(&self) -> i32 {
        let mut node = self;
        loop {
            node = match &node.kind {
                Kind::Failure { code, .. } => return *code,
                Kind::Around { cause, .. } => cause,
                Kind::Several(items) => &items[0],
            };
        }
    }

    pub(crate) fn message(&self) -> &CStr {
        match &self.kind {
            Kind::Failure { message, .. } => message,
            _ => {
                let text = self.text.get().unwrap_or_else(|| self.settle_text());
                race_detector::acquire(&raw const self.text);
                text
            }
        }
    }

    #[cold]
    fn settle_text(&self) -> &CString {
        let text = text::for_c(&text::of(self));
        race_detector::release(&raw const self.text); // Others may read it.
        once::set_once(&self.text, text)
    }

    pub(crate) fn task_type(&self) -> Option<&CStr> {
        match &self.kind {
            Kind::Around {
                what,
                is_task: true,
                ..
            } => Some(what),
            _ => None,
        }
    }

    pub(crate) fn cause(&self) -> Option<&Node> {
        match &self.kind {
            Kind::Around { cause, .. } => Some(cause),
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

    /// The error's own, or that of the one that it is around.
    pub(crate) fn payload(&self) -> Option<*mut c_void> {
        let mut node = self;
        loop {
            node = match &node.kind {
                Kind::Failure { payload, .. } => return payload.as_ref().map(|p| p.user.data),
                Kind::Around { cause, .. } => cause,
                Kind::Several(_) => return None,
            };
        }
    }

    pub(crate) fn has_code(&self, wanted: i32) -> bool {
        Walk::of(self).any(|node| matches!(node.kind, Kind::Failure { code, .. } if code == wanted))
    }

    pub(crate) fn find_task(&self, task_type: &CStr) -> Option<&Node> {
        Walk::of(self).find(|node| node.task_type() == Some(task_type))
    }

    pub(crate) fn find_payload(&self, payload_type: &CStr) -> Option<*mut c_void> {
        let of_type = |payload: &&Payload| payload.payload_type.as_deref() == Some(payload_type);
        Walk::of(self)
            .find_map(|node| node.own_payload().filter(of_type))
            .map(|payload| payload.user.data)
    }

    fn own_payload(&self) -> Option<&Payload> {
        match &self.kind {
            Kind::Failure { payload, .. } => payload.as_ref(),
            _ => None,
        }
    }

    pub(super) fn parts(&self) -> &[Error] {
        match &self.kind {
            Kind::Failure { .. } => &[],
            Kind::Around { cause, .. } => std::slice::from_ref(cause),
            Kind::Several(items) => items,
        }
    }

    fn take_parts(&mut self) -> Vec<Error> {
        let nothing = Kind::Several(Vec::new());
        match std::mem::replace(&mut self.kind, nothing) {
            Kind::Failure { .. } => Vec::new(),
            Kind::Around { cause, .. } => vec![cause],
            Kind::Several(items) => items,
        }
    }
}

impl Drop for Node {
    /// Releases what hangs below without recursion (E3).
    fn drop(&mut self) {
        race_detector::acquire(&raw const *self);
        let mut orphans = self.take_parts();
        while let Some(error) = orphans.pop() {
            if let Some(mut node) = error.0.into_inner() {
                orphans.append(&mut node.take_parts());
            }
        }
    }
}
