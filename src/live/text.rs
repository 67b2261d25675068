//! The tree as people read it, in the way of `pstree`.

use std::fmt::Write;

use super::{Live, Process, RUNNING};

/// A line a process.
pub(crate) fn write(live: &Live) -> String {
    let mut out = String::new();
    let processes = live.processes.len();
    let _ = writeln!(out, "procession: {processes} running");
    for root in live.roots() {
        write_tree(live, root, &mut out);
    }
    out
}

/// A process that is to be written: its number, what comes before it on the line, and on those of its
/// children.
struct Line {
    number: usize,
    branch: String,
    trunk: String,
}

/// Without recursion: a tree may be deeper than the stack of who asks.
fn write_tree(live: &Live, root: usize, out: &mut String) {
    let (branch, trunk) = (String::new(), String::new());
    let mut ahead = vec![Line {
        number: root,
        branch,
        trunk,
    }];
    while let Some(line) = ahead.pop() {
        let process = &live.processes[line.number];
        let _ = writeln!(out, "{}{}", line.branch, describe(process));
        for (place, &number) in process.children.iter().enumerate().rev() {
            let is_last = place + 1 == process.children.len();
            ahead.push(below(&line.trunk, is_last, number));
        }
        if process.not_started > 0 {
            let joint = joint(process.children.is_empty());
            let _ = writeln!(
                out,
                "{}{joint}{} not yet started",
                line.trunk, process.not_started
            );
        }
    }
}

fn below(trunk: &str, is_last: bool, number: usize) -> Line {
    let rest = if is_last { "  " } else { "│ " };
    Line {
        number,
        branch: format!("{trunk}{}", joint(is_last)),
        trunk: format!("{trunk}{rest}"),
    }
}

fn joint(is_last: bool) -> &'static str {
    if is_last { "└─" } else { "├─" }
}

fn describe(process: &Process) -> String {
    let mut text = process.kind.to_owned();
    if let Some(name) = &process.name {
        let _ = write!(text, " {}", one_line(name));
    }
    if let Some(function) = process.function {
        let _ = write!(text, " {function:#x}");
    }
    let _ = write!(
        text,
        ", thread {}, {}",
        process.thread,
        seconds(process.age_ns)
    );
    if process.doing != RUNNING {
        let _ = write!(text, ", {}", process.doing);
    }
    if let Some(cancelled) = &process.cancelled {
        let (since, cause) = (seconds(cancelled.age_ns), one_line(&cancelled.cause));
        let _ = write!(text, ", cancelled {since} ago: {cause}");
    }
    text
}

fn seconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

/// What would break the line, or the terminal, is written as an escape.
fn one_line(text: &str) -> String {
    let escape = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escape).collect()
}
