//! Loom models of the protocols. A file belongs to the room whose private parts it sees: the one of the
//! same name, `lending` to `sentinel`, and `engine`, which puts all together, to `fan_out`. `clock` and
//! `threads` stand in for the system's, and `meeting` is what the children in the models do.
//!
//! Each model names the invariant that it checks. Its mutants are the same protocol with a mistake;
//! they are ignored tests, because they must fail: else their model would prove nothing.
//! `./x test models` runs them all.

pub(crate) mod clock;
pub(crate) mod meeting;
pub(crate) mod threads;

use std::process::Command;

use crate::backlog::{Backlog, Published, Watch};
use crate::cancel::Scope;
use crate::frames::{self, PartOf, What};
use crate::slots;
use crate::sync::Arc;

/// What is a part of nothing.
pub(crate) const NO_PART: PartOf = PartOf { job: 0, tree: 0 };

/// Explores with so many preemptions. Of the whole engine even three would take hours.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
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
    fn help(&self) {}
    fn give_up(&self) {}
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
    frames::enter(What::Run("a model"), &scope, None, NO_PART, |context| {
        slots::watch(context.slot);
        context.inside(What::Children("a model", Some(&backlog)), code);
    });
}

/// Runs this program with other arguments; a mutant may abort, so it gets a process of its own.
fn run(arguments: &[&str]) -> (bool, String) {
    let program = std::env::current_exe().expect("this test is a program");
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn every_mutant_is_caught() {
    let (_, list) = run(&["--list", "--ignored"]);
    let mutants: Vec<_> = list
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    assert!(mutants.len() >= 20, "there are mutants: {list}");
    for mutant in mutants {
        let (passed, text) = run(&["--exact", mutant, "--ignored", "--nocapture"]);
        assert!(
            text.contains("running 1 test"),
            "{mutant} did not run: {text}"
        );
        assert!(!passed, "no model caught {mutant}");
        assert!(
            text.contains("panicked at"),
            "{mutant} failed, but in no model: {text}"
        );
    }
}
