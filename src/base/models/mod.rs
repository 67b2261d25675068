//! Loom models of the protocols. A file belongs to the room whose private parts it sees: the one of the
//! same name, `lending` to `sentinel`, and `engine`, which puts all together, to `fan_out`. `clock` and
//! `threads` stand in for the system's, and `meeting` is what the children in the models do.
//!
//! Each model names the invariant that it checks. Its mutants are the same protocol with a mistake;
//! they are ignored tests, because they must fail: else their model would prove nothing.
//! `./x test models` runs them all.

pub(crate) mod clock;
pub(crate) mod threads;

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

/// Explores with so many preemptions. Of the whole engine even three would take hours.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Runs this program with other arguments; a mutant may abort, so it gets a process of its own.
fn run(arguments: &[&str]) -> (ExitStatus, String) {
    let program = std::env::current_exe().expect("this test is a program");
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&text).into_owned())
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
        let (status, text) = run(&["--exact", mutant, "--ignored", "--nocapture"]);
        assert!(
            text.contains("running 1 test"),
            "{mutant} did not run: {text}"
        );
        assert!(!status.success(), "no model caught {mutant}");
        // One that uses what was released may end by a signal before a model says so.
        assert!(
            text.contains("panicked at") || status.signal().is_some(),
            "{mutant} failed, but in no model: {text}"
        );
    }
}
