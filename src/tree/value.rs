//! A process that has a value, as all has that runs in it.

use crate::base::error::Outcome;
use crate::base::holder::Holder;
use crate::base::user_data::UserData;
use crate::engine::frames::Context;
use crate::scope::cancel::{Entry, Key, Value};
use crate::tree::process::{self, Process};

pub(crate) struct WithValue {
    key: Key,
    value: Holder<Value>,
    child: Process,
}

/// Passes errors on as they are.
#[inline(never)]
pub(crate) fn run(with_value: &WithValue, context: &Context<'_>) -> Outcome {
    let handle = context.scope.child_with(with_value.entry());
    context.under(&handle, |inside| process::run(&with_value.child, inside))
}

impl WithValue {
    pub(crate) fn new(key: Key, value: UserData, child: Process) -> WithValue {
        let value = Value::shared(value);
        WithValue { key, value, child }
    }

    /// What a handle hands down that has it.
    pub(super) fn entry(&self) -> Entry {
        Entry::Value(self.key, self.value.clone())
    }

    pub(crate) fn child(&self) -> &Process {
        &self.child
    }

    pub(crate) fn into_child(self) -> Process {
        self.child
    }
}
