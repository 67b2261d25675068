//! A case: one tree, the script of each of its leaves, and the handle it is run with. It is plain
//! data: the library (`stage.rs`) and the model (`evaluate.rs`) each read it in their own way.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Concurrent,
    Group,
    Sequence,
    /// No name: bad input.
    Task(Option<&'static str>),
    Region(Option<&'static str>),
}

#[derive(Clone, Debug)]
pub enum Tree {
    /// A process of its own, made from the script with that number.
    Leaf(usize),
    Node(Kind, Vec<Tree>),
    /// Another reference to the process with that number, which several parents hold.
    Shared(usize),
    /// A NULL where a process belongs.
    Null,
    /// A NULL array said to have that many elements.
    NoArray(Kind, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The handle that the leaf was given.
    Own,
    /// The handle that the whole run was given.
    Given,
    /// The parent of that handle.
    Outer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Open(usize),
    Await(usize),
    /// Looks whether the handle is cancelled, and goes on.
    Look,
    WaitCancel,
    /// Cancels with a cause of that code, or with none.
    Trigger(Target, Option<i32>),
    /// The racer is at the starting line.
    LineUp(usize),
    /// Goes on when all racers are there, all at the same moment. They are about to fail: any one
    /// of them may be the first.
    Race(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Success,
    Fail {
        code: i32,
        text: Option<String>,
    },
    /// Returns what `proc_cancel_error` says, which is success when nothing was cancelled.
    CancelError,
}

#[derive(Clone, Debug)]
pub struct Script {
    /// A process made of a NULL callback: bad input.
    pub no_function: bool,
    pub ops: Vec<Op>,
    pub end: End,
}

/// The handle that the run is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    Null,
    Given,
    /// Cancelled before the run begins.
    Cancelled(Target, Option<i32>),
}

#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub root: Tree,
    pub leaves: Vec<Script>,
    pub shared: Vec<Tree>,
    pub gates: usize,
    /// How many leaves compete to be the first to fail.
    pub racers: usize,
    pub outside: Outside,
}

impl Kind {
    pub fn constructor(self) -> &'static str {
        match self {
            Kind::Concurrent => "proc_concurrent",
            Kind::Group => "proc_group",
            Kind::Sequence => "proc_sequence",
            Kind::Task(_) => "proc_task",
            Kind::Region(_) => "proc_trace_region",
        }
    }

    /// Whether it is made of an array of children, not of a name and one child.
    pub fn takes_array(self) -> bool {
        !matches!(self, Kind::Task(_) | Kind::Region(_))
    }
}

/// The text that the cause of a triggered cancellation bears.
pub fn cause_text(code: i32) -> String {
    format!("stop for reason {code}")
}

/// Levels of one child each are drawn on one line, so that a tower of a thousand stays readable.
fn draw(out: &mut fmt::Formatter<'_>, case: &Case, tree: &Tree, margin: &str) -> fmt::Result {
    match tree {
        Tree::Leaf(leaf) => writeln!(out, "leaf {leaf}: {}", case.leaves[*leaf]),
        Tree::Shared(index) => {
            write!(out, "shared #{index} = ")?;
            draw(out, case, &case.shared[*index], margin)
        }
        Tree::Null => writeln!(out, "NULL"),
        Tree::NoArray(kind, count) => writeln!(out, "{}(NULL, {count})", kind.constructor()),
        Tree::Node(kind, kids) => {
            match kind {
                Kind::Task(name) => write!(out, "task {name:?}")?,
                Kind::Region(name) => write!(out, "region {name:?}")?,
                _ => write!(out, "{}", &kind.constructor()["proc_".len()..])?,
            }
            draw_kids(out, case, kids, margin)
        }
    }
}

fn draw_kids(
    out: &mut fmt::Formatter<'_>,
    case: &Case,
    kids: &[Tree],
    margin: &str,
) -> fmt::Result {
    if let [only] = kids {
        write!(out, " > ")?;
        return draw(out, case, only, margin);
    }
    writeln!(out, " of {}", kids.len())?;
    let margin = format!("{margin}  ");
    for kid in kids {
        write!(out, "{margin}")?;
        draw(out, case, kid, &margin)?;
    }
    Ok(())
}

impl fmt::Display for Script {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.no_function {
            return write!(out, "no function");
        }
        for op in &self.ops {
            write!(out, "{op:?}, ")?;
        }
        match &self.end {
            End::Fail { code, text } => write!(out, "fail {code} {text:?}"),
            end => write!(out, "{end:?}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "seed {}, run with handle: {:?}",
            self.seed, self.outside
        )?;
        draw(out, self, &self.root, "")
    }
}
