//! The model's promises.

use crate::case::{Promised, broken_text};
use crate::claims::Claim;
use crate::evaluate::Model;
use crate::expect::{Cause, Expect};
use crate::model::{Answer, Broken};
use crate::past::Past;
use crate::run::Run;

/// A promise that is complete.
#[derive(Clone, Copy)]
pub struct Completed {
    pub event: usize,
    pub past: Past,
    /// What all that await it fail with: the very same error.
    error: Option<Cause>,
}

impl<'a> Model<'a> {
    pub fn complete_before_the_run(&mut self) {
        for (promise, promised) in self.case.promises.iter().enumerate() {
            if let Some(promised) = promised {
                self.promises[promise] = Some(self.completed(*promised, Past::default()));
            }
        }
    }

    fn completed(&mut self, promised: Promised, mut past: Past) -> Completed {
        let event = self.handles.event();
        past.learn(event);
        let keeps = self.broken == Broken::PromiseKeptAnyhow;
        let error = match promised {
            Promised::Success => None,
            Promised::Failure(code) => Some(Expect::error(code, Some(&broken_text(code)))),
            Promised::Nothing if keeps => None,
            Promised::Nothing => Some(Expect::own_words(libc::EPIPE, &["proc_await"])),
        };
        Completed {
            event,
            past,
            error: error.map(|error| self.handles.add_cause(error)),
        }
    }

    /// Only the first call counts, and who makes another one must know that.
    pub fn complete(&mut self, run: &mut Run<'a>, leaf: usize, promise: usize, promised: Promised) {
        let earlier = self.promises[promise];
        self.racy |= earlier.is_some_and(|earlier| !run.past.knows(earlier.event));
        if earlier.is_none() {
            let new = self.completed(promised, run.past);
            self.promises[promise] = Some(new);
            run.past.learn(new.event);
        }
        if promised != Promised::Nothing {
            self.answer(leaf, Answer::Bool(Some(earlier.is_none())));
        }
    }

    /// What waits for a promise, and is ended by a cancellation too; but if the promise is complete by then, that counts.
    pub fn await_promise(&mut self, run: &mut Run<'a>, promise: usize) -> bool {
        let handle = run.inside.handle;
        if let Some(completed) = self.promises[promise] {
            let event = completed.event;
            if !run.past.knows(event) {
                self.claims.push(Claim::Completed { handle, event });
            }
            run.past.learn_all(&completed.past);
            return run.finish(completed.error.map(Expect::Echo));
        }
        let Some(cause) = self.handles.wait(handle, &mut run.past) else {
            return false;
        };
        let event = self.handles.event();
        run.past.learn(event);
        self.claims.push(Claim::NotCompleted { promise, event });
        run.finish(Some(Expect::Echo(cause)))
    }
}
