//! Children that wait for each other.

use crate::base::error::{Error, Outcome};
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::base::sync::notes::AtomicBool;
use crate::engine::children::Children;
use crate::engine::ended::Noted;
use crate::engine::frames::{self, Context, What};
use crate::scope::cancel::Scope;

/// What runs all children and returns their errors.
pub(crate) type Run = fn(&Meeting, &Context<'_>) -> Noted;

/// Children that all wait for each other, or until they are cancelled.
#[derive(Clone)]
pub(crate) struct Meeting(Arc<Counts>);

struct Counts {
    expected: usize,
    arrived: AtomicUsize,
    stalled: AtomicBool,
}

impl Children for Meeting {
    fn count(&self) -> usize {
        self.0.expected
    }

    /// The last one to arrive lets the others go, by cancelling the handle that all of them wait on.
    fn run_one(&self, _: usize, context: &Context<'_>) -> Outcome {
        let cancel = context.scope.handle();
        if self.0.arrived.fetch_add(1, Ordering::Relaxed) + 1 == self.0.expected {
            cancel.trigger(Error::new(1, "all are here"));
        } else {
            cancel.wait(None);
        }
        Ok(())
    }

    fn not_started(&self, _: usize, error: Error) -> Error {
        error
    }

    fn stalled(&self) -> bool {
        self.0.stalled.load(Ordering::Relaxed)
    }

    fn note_stalled(&self, stalled: bool) {
        self.0.stalled.store(stalled, Ordering::Relaxed);
    }
}

impl Meeting {
    pub(crate) fn of(expected: usize) -> Meeting {
        Meeting(Arc::new(Counts {
            expected,
            arrived: AtomicUsize::new(0),
            stalled: AtomicBool::new(false),
        }))
    }

    /// Runs it; the first child that cannot run cancels the others. How many cannot, because no thread
    /// could be had; all others must have run.
    pub(crate) fn run(&self, run: Run) -> usize {
        self.0.arrived.store(0, Ordering::Relaxed);
        let scope = Scope::of(None, None);
        let noted = frames::enter(What::Run("a model"), &scope, None, 0, |context| {
            run(self, &context)
        });
        let errors = noted.map_or_else(Vec::new, |ended| ended.errors);
        assert!(errors.iter().all(|error| error.code() == libc::EAGAIN));
        let arrived = self.0.arrived.load(Ordering::Relaxed);
        assert_eq!(arrived + errors.len(), self.0.expected);
        errors.len()
    }
}
