//! Loom models of the protocols: one file for each room, which sees that room's private parts.
//!
//! Each model names the invariant that it checks. Its mutants are the same protocol with a mistake;
//! they are ignored tests, because they must fail: else their model would prove nothing.
//! `./x test models` runs them all.

use std::process::Command;

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
    assert!(mutants.len() >= 10, "there are mutants: {list}");
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
