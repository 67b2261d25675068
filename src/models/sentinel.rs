//! A model of F6, with a mutant that it must catch.

use loom::thread;

use super::*;
use crate::backlog::{Published, Watch};
use crate::cancel::Scope;
use crate::frames::{self, What};

/// A backlog that stays unclaimed.
#[derive(Default)]
struct Unclaimed(Watch);

impl Published for Unclaimed {
    fn backlog(&self) -> &dyn Backlog {
        self
    }

    fn share(&self) -> Arc<dyn Backlog> {
        Arc::new(Unclaimed::default())
    }
}

impl Backlog for Unclaimed {
    fn name(&self) -> &'static str {
        "a model"
    }
    fn unclaimed(&self) -> usize {
        1
    }
    fn help(&self) {}
    fn give_up(&self) {}
    fn watch(&self) -> &Watch {
        &self.0
    }
}

/// A caller publishes while the sentinel goes to sleep. If neither saw the other, the sentinel would
/// sleep for ever, which the model reports as a deadlock.
fn publishing_races_with(sleep: fn(&Sentinel) -> bool) {
    loom::model(move || {
        SENTINEL.state.store(AWAKE, Ordering::SeqCst);
        let sleeping = thread::spawn(move || assert!(sleep(&SENTINEL)));
        let published = Unclaimed::default();
        let scope = Scope::of(None, None);
        frames::enter(What::Run("a model"), &scope, None, |context| {
            slots::watch(context.slot);
            context.inside(What::Children("group", Some(&published)), || {
                watch().expect("the sentinel is there");
                sleeping.join().unwrap();
            });
        });
    });
}

#[test]
fn f6_a_sentinel_never_sleeps_over_a_backlog() {
    publishing_races_with(Sentinel::sleep);
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_looks_before_it_says_so() {
    publishing_races_with(|sentinel| {
        if !slots::unclaimed().is_empty() {
            return true;
        }
        sentinel.state.store(ASLEEP, Ordering::SeqCst);
        let mut changing = sentinel.lock.lock();
        while sentinel.state.load(Ordering::Relaxed) == ASLEEP {
            changing = sentinel.bell.wait(changing);
        }
        true
    });
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_waits_without_looking_again_under_the_lock() {
    publishing_races_with(|sentinel| {
        sentinel.state.store(ASLEEP, Ordering::SeqCst);
        if slots::unclaimed().is_empty() {
            drop(sentinel.bell.wait(sentinel.lock.lock()));
        }
        true
    });
}
