//! What the models of the engine have in common.

pub(crate) mod meeting;

use crate::base::sync::Arc;
use crate::engine::backlog::{Backlog, Published, Watch};
use crate::engine::frames::{self, What};
use crate::engine::slots;
use crate::scope::cancel::{Cancel, Scope};

impl Default for Watch {
    fn default() -> Watch {
        Watch::of(0)
    }
}

/// What children in models have that keep no hint: one that could not be started fails as it is told.
macro_rules! without_hints {
    () => {
        fn not_started(
            &self,
            _: usize,
            error: $crate::base::error::Error,
        ) -> $crate::base::error::Error {
            error
        }
        fn stalled(&self) -> bool {
            false
        }
        fn note_stalled(&self, _: bool) {}
    };
}
pub(crate) use without_hints;

/// One that has a handle already, which stays when a thread leaves its slot, and which several may ask for.
pub(crate) fn lasting_scope() -> Scope<'static> {
    Scope::of(Some(Box::leak(Box::new(Cancel::root(None)))), None)
}

/// A backlog of one child that nobody claims.
#[derive(Default)]
pub(crate) struct Unclaimed(Watch);

impl Backlog for Unclaimed {
    fn name(&self) -> &'static str {
        "a model"
    }
    fn unclaimed(&self) -> usize {
        1
    }
    fn claimed(&self) -> usize {
        0
    }
    fn help(&self) {}
    fn give_up(self: Arc<Self>) {}
    fn watch(&self) -> &Watch {
        &self.0
    }
}

impl Published for Arc<Unclaimed> {
    fn backlog(&self) -> &dyn Backlog {
        &**self
    }
    fn share(&self) -> Arc<dyn Backlog> {
        self.clone()
    }
}

/// Runs code while such a backlog of the calling thread's is published.
pub(crate) fn publishing(code: impl FnOnce()) {
    let backlog = Arc::new(Unclaimed::default());
    let scope = Scope::of(None, None);
    frames::enter(What::Run("a model"), &scope, None, 0, |context| {
        slots::watch(context.slot);
        context.inside(What::Children("a model", Some(&backlog)), code);
    });
}
