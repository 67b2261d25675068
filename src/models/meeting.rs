//! Children that wait for each other.
//!
//! unsafe: they are callbacks, as those of a program are.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use crate::callback::{Callback, UserData};
use crate::cancel::{self, Cancel, Scope};
use crate::error::{self, Error};
use crate::frames::{self, Context, What};
use crate::models::NO_PART;
use crate::process::{Kind, Process};
use crate::sync::Arc;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// What runs all children of a process and returns their errors.
pub(crate) type Run = fn(&Process, &Context<'_>) -> Vec<Error>;

/// A process whose children all wait for each other, or until they are cancelled.
pub(crate) struct Meeting {
    pub(crate) process: Process,
    counts: Arc<Counts>,
}

struct Counts {
    expected: usize,
    arrived: AtomicUsize,
}

/// The last one to arrive lets the others go, by cancelling the handle that all of them wait on.
unsafe extern "C-unwind" fn meet(
    cancel: *mut cancel::Node,
    counts: *mut c_void,
) -> *mut error::Node {
    // SAFETY: the handle is lent, and the meeting outlives the process.
    let (cancel, counts) = unsafe { (&*cancel, &*counts.cast::<Counts>()) };
    if counts.arrived.fetch_add(1, Ordering::Relaxed) + 1 == counts.expected {
        cancel.trigger(Error::new(1, "all are here"));
    } else {
        cancel.wait(None);
    }
    ptr::null_mut()
}

impl Meeting {
    pub(crate) fn of(expected: usize) -> Meeting {
        let counts = Arc::new(Counts {
            expected,
            arrived: AtomicUsize::new(0),
        });
        let child = |_| {
            let data = Arc::as_ptr(&counts).cast_mut().cast();
            Process::leaf(Callback {
                function: meet,
                user: UserData {
                    data,
                    destroy: None,
                },
            })
        };
        let kind = Kind::Concurrent((0..expected).map(child).collect());
        Meeting {
            process: Process::combine(kind, |_| unreachable!("it is not deep")),
            counts,
        }
    }

    /// Runs it; the first child that cannot run cancels the others. How many cannot, because no thread
    /// could be had; all others must have run.
    pub(crate) fn run(&self, run: Run) -> usize {
        self.counts.arrived.store(0, Ordering::Relaxed);
        let scope = Scope::of(Some(Cancel::root(None)), None);
        let errors = frames::enter(What::Run("a model"), &scope, None, NO_PART, |context| {
            run(&self.process, &context)
        });
        assert!(errors.iter().all(|error| error.code() == libc::EAGAIN));
        let arrived = self.counts.arrived.load(Ordering::Relaxed);
        assert_eq!(arrived + errors.len(), self.counts.expected);
        errors.len()
    }
}
