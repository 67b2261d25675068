//! The tree for programs: `docs/dump.schema.json` says what is in it.

use std::fmt::Write;

use super::process::{Cancelled, Process};
use super::tree::Live;
use super::words::{AS_ABOVE, Causes, Paths, Told, short};
use crate::base::world;
use crate::scope::health::Late;
use crate::scope::task_run::TaskRun;

/// One object, on one line.
pub(crate) fn write(live: &Live) -> String {
    let mut out = String::from("{\"processes\":[");
    write_forest(live, &mut out);
    out.push(']');
    write_late(&live.late, &mut out);
    out += "}\n";
    out
}

fn write_late(late: &[Late], out: &mut String) {
    let each = late.iter().map(|late| {
        let path = late.service.as_ref().map(|task| TaskRun::path(Some(task)));
        let path = quoted(&path.unwrap_or_default());
        format!("{{\"path\":{path},\"late_ns\":{}}}", late.by.as_nanos())
    });
    let each: Vec<String> = each.collect();
    if !each.is_empty() {
        let _ = write!(out, ",\"late\":[{}]", each.join(","));
    }
}

/// Without recursion: a tree may be deeper than the stack of who asks.
fn write_forest(live: &Live, out: &mut String) {
    // For each level, what is still to be written on it.
    let mut levels = vec![live.roots().into_iter()];
    let mut said = Said::default();
    let mut is_first = true;
    while let Some(level) = levels.last_mut() {
        let Some(number) = level.next() else {
            levels.pop();
            if !levels.is_empty() {
                *out += "]}";
            }
            is_first = false;
            continue;
        };
        let process = &live.processes[number];
        if !is_first {
            out.push(',');
        }
        write_process(process, &mut said, out);
        *out += ",\"children\":[";
        is_first = true;
        levels.push(process.children.clone().into_iter());
    }
}

/// What was said of processes before.
#[derive(Default)]
struct Said {
    paths: Paths,
    causes: Causes,
}

/// The object, but for its children and its end.
fn write_process(process: &Process, said: &mut Said, out: &mut String) {
    let _ = write!(out, "{{\"kind\":{}", quoted(process.kind));
    if let Some(name) = process.name() {
        let _ = write!(out, ",\"name\":{}", quoted(&name));
    }
    let path = said.paths.of(process.task.as_ref());
    let _ = write!(out, ",\"path\":{}", quoted(&path));
    if let Some(thread) = process.thread {
        let _ = write!(out, ",\"thread\":{thread}");
    }
    let (age_ns, doing) = (process.age_ns, quoted(process.doing));
    let _ = write!(out, ",\"age_ns\":{age_ns},\"doing\":{doing}");
    write_which(process, out);
    write_outlook(process, out);
    if let Some(cancelled) = &process.cancelled {
        write_cancelled(cancelled, &mut said.causes, out);
    }
    write_children(process, out);
}

/// Which one of its kind it is.
fn write_which(process: &Process, out: &mut String) {
    if let Some(task) = process.own_task() {
        let _ = write!(out, ",\"id\":{}", task.id());
        if let Some(label) = task.label() {
            let _ = write!(out, ",\"label\":{}", quoted(&short(&label)));
        }
    }
    if let Some(function) = process.function {
        let function = world::told_code(function);
        let _ = write!(out, ",\"function\":\"{function:#x}\"");
    }
}

/// What is to come of it, and what has.
fn write_outlook(process: &Process, out: &mut String) {
    if let Some(due) = process.due_ns {
        let _ = write!(out, ",\"due_ns\":{due}");
    }
    if let Some(restarts) = process.restarts {
        let _ = write!(out, ",\"restarts\":{restarts}");
    }
}

/// How it stands with the children that are not in the tree.
fn write_children(process: &Process, out: &mut String) {
    if let Some(places) = process.places {
        let (limit, taken, wanted) = (places.limit, places.taken, places.wanted);
        let _ = write!(
            out,
            ",\"places\":{{\"limit\":{limit},\"taken\":{taken},\"wanted\":{wanted}}}"
        );
    }
    if process.not_started > 0 {
        let _ = write!(out, ",\"not_started\":{}", process.not_started);
    }
    if process.pending > 0 {
        let _ = write!(out, ",\"pending\":{}", process.pending);
    }
}

fn write_cancelled(cancelled: &Cancelled, causes: &mut Causes, out: &mut String) {
    let (age_ns, code) = (cancelled.age_ns, cancelled.cause.code());
    let (number, told) = causes.tell(&cancelled.cause);
    let cause = match &told {
        Told::First(text) => text,
        Told::AsAbove | Told::AsBefore(_) => AS_ABOVE,
    };
    let cause = quoted(cause);
    let _ = write!(
        out,
        ",\"cancelled\":{{\"age_ns\":{age_ns},\"cause_id\":{number},\"code\":{code},\"cause\":{cause}}}"
    );
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => _ = write!(out, "\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
