//! Models of a supervisor's delay against a cancellation, with mutants that they must catch. In a model, time does not end a wait.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::Arc;
use crate::engine::frames;
use crate::scope::cancel::{Cancel, Scope};
use crate::scope::waiter::Waiter;

const LONG: Duration = Duration::from_secs(3600);

/// A cancellation comes as a supervisor begins to wait, or while it waits.
fn it_is_cancelled(wait: fn(Duration, &Context<'_>) -> Outcome) {
    explore(3, move || {
        let cancel = Cancel::root(None);
        let cancelled = cancel.clone();
        let cancels = thread::spawn(move || cancelled.trigger(Error::new(77, "because")));
        let scope = Scope::of(Some(&cancel), None);
        let outcome = frames::enter(What::Run("a model"), &scope, None, 0, |context| {
            wait(LONG, &context)
        });
        assert_eq!(outcome.err().map(|error| error.code()), Some(77));
        cancels.join().unwrap();
    });
}

#[test]
fn a_cancellation_ends_the_delay() {
    it_is_cancelled(wait);
}

#[test]
#[ignore = "a mutant"]
fn mutant_looks_before_it_waits_and_not_after() {
    it_is_cancelled(|delay, context| {
        let handle = context.scope.handle();
        if let Some(cause) = handle.cause() {
            return Err(cause.clone());
        }
        handle.wait(clock::now().checked_add(delay));
        Ok(())
    });
}

#[test]
#[ignore = "a mutant"]
fn mutant_waits_for_the_time_alone() {
    it_is_cancelled(|delay, context| {
        let waiter = Arc::new(Waiter::new());
        waiter.wait(clock::now().checked_add(delay));
        context.scope.handle().cause().cloned().map_or(Ok(()), Err)
    });
}
