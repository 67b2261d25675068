//! A model of F11, with a mutant that it must catch.

use loom::thread;

use super::*;
use crate::base::error::Outcome;
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::engine::backlog::Backlog;
use crate::engine::fan_out::FanOut;
use crate::engine::frames::{self, What};
use crate::engine::models::without_hints;
use crate::engine::rule::{Decides, Rule};
use crate::scope::cancel::Scope;

/// Children that their caller lends, and that end.
struct Ending(Arc<AtomicBool>);

impl Clone for Ending {
    fn clone(&self) -> Ending {
        assert!(!self.0.load(Ordering::Relaxed), "they are not in place");
        Ending(Arc::default())
    }
}

impl Children for Ending {
    fn count(&self) -> usize {
        2
    }
    fn run_one(&self, _: usize, _: &Context<'_>) -> Outcome {
        Ok(())
    }
    without_hints!();
}

/// A helper comes while the caller ends.
fn a_helper_comes(end: fn(&FanOut<Ending>, &AtomicBool)) {
    loom::model(move || {
        let (children, scope) = (Ending(Arc::default()), Scope::of(None, None));
        let rule = Rule::of("a model", Decides::Nobody);
        let enter = |code: &dyn Fn(Context<'_>)| {
            frames::enter(What::Run("a model"), &scope, None, 0, code);
        };
        enter(&|context| {
            let fan_out = Arc::new(FanOut::new(&children, &context, rule));
            let helped = fan_out.clone();
            let other = thread::spawn(move || helped.help());
            fan_out.work(&children, &context);
            end(&fan_out, &children.0);
            other.join().unwrap();
        });
    });
}

#[test]
fn f11_what_is_lent_is_in_place() {
    a_helper_comes(|fan_out, has_ended| {
        fan_out.join();
        has_ended.store(true, Ordering::Relaxed);
    });
}

#[test]
#[ignore = "a mutant"]
fn f11_mutant_goes_on_before_it_closes() {
    a_helper_comes(|fan_out, has_ended| {
        has_ended.store(true, Ordering::Relaxed);
        fan_out.join();
    });
}
