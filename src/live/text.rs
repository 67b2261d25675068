//! The tree as people read it, in the way of `pstree`.

use std::fmt::Write;

use super::process::{Cancelled, Process, RUNNING};
use super::tree::Live;
use super::words::{AS_ABOVE, Causes, Told, short};

use crate::base::world;
use crate::scope::health::Late;
use crate::scope::task_run::TaskRun;
use crate::tree::process::MAX_DEPTH;

/// A line a process.
pub(crate) fn write(live: &Live) -> String {
    let mut out = String::new();
    let processes = live.processes.len();
    let _ = writeln!(out, "procession: {processes} running");
    for late in &live.late {
        let _ = writeln!(out, "late for {}: {}", late_for(late), who_is_late(late));
    }
    let mut causes = Causes::default();
    for root in live.roots() {
        write_tree(live, root, &mut causes, &mut out);
    }
    out
}

fn late_for(late: &Late) -> String {
    seconds(u64::try_from(late.by.as_nanos()).unwrap_or(u64::MAX))
}

fn who_is_late(late: &Late) -> String {
    match &late.service {
        Some(service) => format!("service {}", one_line(&TaskRun::path(Some(service)))),
        None => "the program".to_owned(),
    }
}

/// A process that is to be written: its number, what comes before it on the line, and on those of its
/// children.
struct Line {
    number: usize,
    branch: String,
    trunk: String,
}

/// Without recursion: a tree may be deeper than the stack of who asks.
fn write_tree(live: &Live, root: usize, causes: &mut Causes, out: &mut String) {
    let (branch, trunk) = (String::new(), String::new());
    let mut ahead = vec![Line {
        number: root,
        branch,
        trunk,
    }];
    while let Some(line) = ahead.pop() {
        let process = &live.processes[line.number];
        let _ = writeln!(out, "{}{}", line.branch, describe(process, causes));
        for (place, &number) in process.children.iter().enumerate().rev() {
            let is_last = place + 1 == process.children.len();
            ahead.push(below(&line.trunk, is_last, number));
        }
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                let joint = joint(process.children.is_empty());
                let _ = writeln!(out, "{}{joint}{count} {what}", line.trunk);
            }
        };
        say(process.not_started, "not yet started");
        say(
            process.pending - process.pending_shown,
            "more, waiting without a thread",
        );
    }
}

/// Further in, lines do not begin further to the right: there may be no end to that.
const DEEPEST: usize = 4 * MAX_DEPTH as usize;

fn below(trunk: &str, is_last: bool, number: usize) -> Line {
    let rest = match is_last {
        _ if trunk.len() > DEEPEST => "",
        true => "  ",
        false => "│ ",
    };
    Line {
        number,
        branch: format!("{trunk}{}", joint(is_last)),
        trunk: format!("{trunk}{rest}"),
    }
}

fn joint(is_last: bool) -> &'static str {
    if is_last { "└─" } else { "├─" }
}

fn describe(process: &Process, causes: &mut Causes) -> String {
    let mut text = who(process);
    if let Some(thread) = process.thread {
        let _ = write!(text, ", thread {thread}");
    }
    let _ = write!(text, ", {}", seconds(process.age_ns));
    add_state(process, &mut text);
    if let Some(cancelled) = &process.cancelled {
        let (since, cause) = (seconds(cancelled.age_ns), cause(cancelled, causes));
        let _ = write!(text, ", cancelled {since} ago: {cause}");
    }
    text
}

fn who(process: &Process) -> String {
    let mut text = process.kind.to_owned();
    if let Some(name) = process.name() {
        let _ = write!(text, " {}", one_line(&name));
    }
    if let Some(task) = process.own_task() {
        let _ = write!(text, " #{}", task.id());
        if let Some(label) = task.label() {
            let _ = write!(text, " {}", in_quotes(&short(&label)));
        }
    }
    if let Some(function) = process.function {
        let _ = write!(text, " {:#x}", world::told_code(function));
    }
    text
}

fn add_state(process: &Process, text: &mut String) {
    if let Some(places) = process.places {
        let _ = write!(text, ", {} of {} places taken", places.taken, places.limit);
        if places.wanted > 0 {
            let _ = write!(text, ", {} wanted", places.wanted);
        }
    }
    if process.doing != RUNNING {
        let _ = write!(text, ", {}", process.doing);
    }
    if let Some(due) = process.due_ns {
        let _ = write!(text, ", due in {}", seconds(due));
    }
    if let Some(restarts) = process.restarts {
        let plural = if restarts == 1 { "" } else { "s" };
        let _ = write!(text, ", {restarts} restart{plural}");
    }
}

/// How much is said again of a cause that was told, but not as the last one.
const REMINDER: usize = 30;

fn cause(cancelled: &Cancelled, causes: &mut Causes) -> String {
    match causes.tell(&cancelled.cause).1 {
        Told::First(text) => one_line(&text),
        Told::AsAbove => AS_ABOVE.to_owned(),
        Told::AsBefore(text) => {
            let beginning: String = text.chars().take(REMINDER).collect();
            let rest = if beginning.len() < text.len() {
                "…"
            } else {
                ""
            };
            format!("(as above: {}{rest})", one_line(&beginning))
        }
    }
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

/// The same, so that its end is seen.
fn in_quotes(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", one_line(&text))
}
