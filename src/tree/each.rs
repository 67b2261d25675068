//! A group of children made of one callback and an index, which takes no memory for each.

use std::ffi::CString;

use crate::base::error::{Error, Outcome};
use crate::base::sync::Arc;
use crate::base::sync::notes::{AtomicBool, Ordering};
use crate::engine::children::Children;
use crate::engine::frames::Context;
use crate::engine::rule::{Decides, Rule};
use crate::tree::callback::IndexCallback;
use crate::tree::{group, process};

pub(crate) struct Each {
    count: usize,
    limit: usize,
    callback: IndexCallback,
    /// Whether the children needed a thread each when they last ran: a hint, which may be wrong.
    stalls: AtomicBool,
}

pub(super) fn run(each: &Arc<Each>, context: &Context<'_>) -> Outcome {
    let rule = Rule::of("each", Decides::Failing).limited(each.limit);
    group::run(each, context, rule)
}

impl Each {
    pub(crate) fn new(count: usize, limit: usize, callback: IndexCallback) -> Each {
        Each {
            count,
            limit,
            callback,
            stalls: AtomicBool::new(false),
        }
    }
}

impl Children for Arc<Each> {
    /// Nobody gets to the end of as many as there are numbers, and claims are to find room behind the last.
    fn count(&self) -> usize {
        self.count.min(usize::MAX / 2)
    }

    #[inline(always)]
    fn run_one(&self, index: usize, context: &Context<'_>) -> Outcome {
        let function = self.callback.function as usize;
        let call = || self.callback.call(context.scope.handle(), index);
        let outcome = process::call(function, context, call);
        outcome.map_err(|error| named(index, error))
    }

    fn not_started(&self, index: usize, error: Error) -> Error {
        named(index, error)
    }

    fn stalled(&self) -> bool {
        self.stalls.load(Ordering::Relaxed)
    }

    fn note_stalled(&self, stalled: bool) {
        self.stalls.store(stalled, Ordering::Relaxed);
    }
}

#[cold]
fn named(index: usize, error: Error) -> Error {
    let name = CString::new(format!("[{index}]")).unwrap_or_default();
    Error::wrap(&name, error)
}
