//! Texts of the program's, as the dump tells them: no longer than fits, and the same cause once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::CStr;
use std::rc::Rc;

use super::process::{Name, Process};
use crate::base::common::Common;
use crate::base::error::{self, Error};
use crate::scope::task_run::TaskRun;
use crate::signal;

/// A longer text is cut, and what is left out is told.
const LONGEST: usize = 4096;

/// What stands for a cause that was told before.
pub(super) const AS_ABOVE: &str = "(as above)";

pub(super) fn short(text: &CStr) -> Cow<'_, str> {
    match fitting(text.to_bytes(), LONGEST) {
        (whole, 0) => whole,
        (kept, left_out) => Cow::Owned(kept.into_owned() + &more(left_out)),
    }
}

/// As much of a text as there is room for, and how many bytes that leaves out.
fn fitting(text: &[u8], room: usize) -> (Cow<'_, str>, usize) {
    let mut end = room.min(text.len());
    // Not in the middle of a UTF-8 character, which has 4 bytes at most.
    let is_inside = |end: usize| end > 0 && text.get(end).is_some_and(|byte| byte & 0xC0 == 0x80);
    for _ in 0..3 {
        end -= usize::from(is_inside(end));
    }
    (String::from_utf8_lossy(&text[..end]), text.len() - end)
}

fn more(bytes: usize) -> String {
    format!("… ({bytes} bytes more)")
}

/// Which causes were told.
#[derive(Default)]
pub(super) struct Causes {
    numbers: HashMap<*const error::Node, usize>,
    last: usize,
}

/// What is to be said of a cause.
pub(super) enum Told<'a> {
    First(Cow<'a, str>),
    /// It was told, and none since then.
    AsAbove,
    /// It was told, before others.
    AsBefore(Cow<'a, str>),
}

impl Causes {
    /// What to say of a cause, and the number by which it is told from others.
    pub(super) fn tell<'a>(&mut self, cause: &'a Error) -> (usize, Told<'a>) {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(cause.address()).or_insert(next);
        let told = if number == next {
            Told::First(short(cause.message()))
        } else if number == self.last {
            Told::AsAbove
        } else {
            Told::AsBefore(short(cause.message()))
        };
        self.last = number;
        (number, told)
    }
}

impl Process {
    pub(super) fn name(&self) -> Option<Cow<'_, str>> {
        match self.name.as_ref()? {
            Name::Task => self.task.as_ref().map(|task| short(task.name())),
            Name::Given(name) => Some(short(name)),
            Name::Signal(number) => Some(Cow::Owned(signal::name(*number))),
            Name::Layer(number) => Some(Cow::Owned(format!("[{number}]"))),
        }
    }
}

/// The paths of tasks, each put together once.
#[derive(Default)]
pub(super) struct Paths(HashMap<*const TaskRun, Rc<Path>>);

/// The names of the tasks around a place, outermost first.
#[derive(Default)]
struct Path {
    kept: Rc<str>,
    left_out: usize,
}

impl Paths {
    /// What they are, joined.
    pub(super) fn of(&mut self, innermost: Option<&Common<TaskRun>>) -> String {
        let mut unknown = Vec::new();
        let mut path = None;
        for task in TaskRun::around(innermost) {
            path = self.0.get(&Common::as_ptr(task)).cloned();
            if path.is_some() {
                break;
            }
            unknown.push(task);
        }
        for task in unknown.into_iter().rev() {
            let longer = Rc::new(Path::below(path.as_deref(), task.name()));
            self.0.insert(Common::as_ptr(task), longer.clone());
            path = Some(longer);
        }
        path.map_or(String::new(), |path| path.text())
    }
}

impl Path {
    /// The path of a task, below another one, if there is one.
    fn below(outer: Option<&Path>, name: &CStr) -> Path {
        let name = name.to_bytes();
        let before = outer.map_or(String::new(), |outer| format!("{}/", outer.kept));
        let room = LONGEST.saturating_sub(before.len());
        match outer {
            Some(outer) if outer.left_out > 0 || room == 0 => Path {
                kept: outer.kept.clone(),
                left_out: outer.left_out + 1 + name.len(),
            },
            _ => {
                let (kept, left_out) = fitting(name, room);
                let kept = Rc::from(before + &kept);
                Path { kept, left_out }
            }
        }
    }

    fn text(&self) -> String {
        match self.left_out {
            0 => self.kept.to_string(),
            left_out => self.kept.to_string() + &more(left_out),
        }
    }
}
