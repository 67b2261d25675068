//! What the short operations cost, counted by `tests/counts`, beside what they cost in version 0.1. Counts are the same on every machine of a
//! kind, and under any load.

use std::path::Path;
use std::process::Command;

use crate::table;

/// What that program printed in version 0.1, whose file says how it was made.
const BEFORE: &str = include_str!("text/counts-0.1.txt");

/// Its name in the directory of programs. Where it cannot be built, nothing is counted.
const PROGRAM: &str = "counts";

pub struct Counted {
    pub name: String,
    pub now: Cost,
    /// Not known of what did not exist.
    pub before: Option<Cost>,
}

pub struct Cost {
    pub instructions: u64,
    pub locked: u64,
    pub allocations: u64,
    pub system_calls: u64,
}

pub fn count(programs: &Path) -> Vec<Counted> {
    let Ok(output) = Command::new(programs.join(PROGRAM)).output() else {
        return Vec::new();
    };
    let before = |name: &str| parsed(BEFORE).find(|(known, _)| *known == name);
    parsed(&String::from_utf8_lossy(&output.stdout))
        .map(|(name, now)| Counted {
            name: name.replace('_', " "),
            now,
            before: before(name).map(|(_, cost)| cost),
        })
        .collect()
}

/// A line an operation; others have no numbers.
fn parsed(text: &str) -> impl Iterator<Item = (&str, Cost)> {
    text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, numbers) = words.split_first()?;
        let numbers: Result<Vec<u64>, _> = numbers.iter().map(|word| word.parse()).collect();
        let [instructions, locked, allocations, system_calls] = numbers.ok()?[..] else {
            return None;
        };
        let cost = Cost {
            instructions,
            locked,
            allocations,
            system_calls,
        };
        Some((*name, cost))
    })
}

pub fn table(counted: &[Counted]) -> String {
    let columns = [
        "instructions",
        "locked instructions",
        "allocations",
        "system calls",
    ];
    let head: Vec<String> = std::iter::once("operation, version 0.1 → now")
        .chain(columns)
        .map(str::to_owned)
        .collect();
    let lines: Vec<Vec<String>> = counted.iter().map(line).collect();
    table::table(&head, &lines)
}

fn line(counted: &Counted) -> Vec<String> {
    let cell = |of: fn(&Cost) -> u64| {
        let before = counted.before.as_ref().map(of);
        let before = before.map_or_else(|| "–".to_owned(), |count| count.to_string());
        format!("{before} → {}", of(&counted.now))
    };
    vec![
        counted.name.clone(),
        cell(|cost| cost.instructions),
        cell(|cost| cost.locked),
        cell(|cost| cost.allocations),
        cell(|cost| cost.system_calls),
    ]
}
