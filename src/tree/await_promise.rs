//! A process that completes as a promise does.

use crate::base::error::Outcome;
use crate::base::sync::Arc;
use crate::engine::frames::{Context, What};
use crate::engine::waiting;
use crate::scope::alert::Alert;
use crate::scope::cancel::Cancel;
use crate::scope::listener::Listening;
use crate::scope::promise;
use crate::scope::waiter::Waiter;

/// It has no reference: it may outlive all of them.
pub(crate) struct Await(Arc<promise::Node>);

#[inline(never)]
pub(crate) fn run(awaits: &Await, context: &Context<'_>) -> Outcome {
    if let Some(outcome) = awaits.0.outcome() {
        return outcome;
    }
    waiting::hand_over_added();
    let outcome = context.inside(What::Await, || wait(&awaits.0, context.scope.handle()));
    context.slot.time_passed();
    outcome
}

/// Blocks until the promise is complete or the handle is cancelled. If both are, the promise counts.
fn wait(promise: &promise::Node, cancel: &Cancel) -> Outcome {
    block(promise, Some(cancel));
    promise.outcome().unwrap_or_else(|| cancel.echo())
}

/// Blocks until the promise is complete, or, with a handle, until that is cancelled.
pub(super) fn block(promise: &promise::Node, cancel: Option<&Cancel>) {
    let waiter = Arc::new(Waiter::new());
    let listening = Listening::of(waiter.clone());
    if promise.listen(&listening) {
        let alert = cancel.map(|cancel| Alert::on(cancel, &waiter));
        waiter.wait(cancel.and_then(|cancel| cancel.at_the_latest(None)));
        drop(alert);
        promise.unlisten(&listening);
    }
}

impl Await {
    pub(crate) fn new(promise: Arc<promise::Node>) -> Await {
        Await(promise)
    }

    pub(super) fn promise(&self) -> &Arc<promise::Node> {
        &self.0
    }
}

#[cfg(all(test, loom))]
#[path = "models/await_promise.rs"]
mod models;
