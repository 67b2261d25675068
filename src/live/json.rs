//! The tree for programs: `docs/dump.schema.json` says what is in it.

use std::fmt::Write;

use super::{Live, Process};

/// One object, on one line.
pub(crate) fn write(live: &Live) -> String {
    let mut out = String::from("{\"processes\":[");
    write_forest(live, &mut out);
    out += "]}\n";
    out
}

/// Without recursion: a tree may be deeper than the stack of who asks.
fn write_forest(live: &Live, out: &mut String) {
    // For each level, what is still to be written on it.
    let mut levels = vec![live.roots().into_iter()];
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
        write_process(process, out);
        *out += ",\"children\":[";
        is_first = true;
        levels.push(process.children.clone().into_iter());
    }
}

/// The object, but for its children and its end.
fn write_process(process: &Process, out: &mut String) {
    let _ = write!(out, "{{\"kind\":{}", quoted(process.kind));
    if let Some(name) = &process.name {
        let _ = write!(out, ",\"name\":{}", quoted(name));
    }
    let _ = write!(
        out,
        ",\"path\":{},\"thread\":{},\"age_ns\":{},\"doing\":{}",
        quoted(&process.path),
        process.thread,
        process.age_ns,
        quoted(process.doing)
    );
    if let Some(function) = process.function {
        let _ = write!(out, ",\"function\":\"{function:#x}\"");
    }
    if let Some(cancelled) = &process.cancelled {
        let _ = write!(
            out,
            ",\"cancelled\":{{\"age_ns\":{},\"code\":{},\"cause\":{}}}",
            cancelled.age_ns,
            cancelled.code,
            quoted(&cancelled.cause)
        );
    }
    if process.not_started > 0 {
        let _ = write!(out, ",\"not_started\":{}", process.not_started);
    }
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
