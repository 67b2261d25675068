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
    /// At most so many at a time; 0: any number.
    ConcurrentLimit(usize),
    GroupLimit(usize),
    /// `proc_each` with that limit: its children are leaves, one for each index.
    Each(usize),
    Race,
    Any,
    /// What to run, and what cleans up after it.
    Finally,
    /// With that grace, in nanoseconds.
    Shield(i64),
    Background,
    /// All in it has that number as a value.
    Value(usize),
    /// The nursery with that number: the first child is its body, a leaf, the others are there to be spawned.
    Nursery(usize),
}

/// What the errors of a nursery's children pass through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    None,
    Swallow,
    Pass,
    /// Another error in its place, `REPLACED`.
    Replace,
}

pub const REPLACED: (i32, &str) = (4_711, "in place of what failed");

#[derive(Clone, Copy, Debug)]
pub struct Nursery {
    pub limit: usize,
    pub on_failure: OnFailure,
}

/// What a promise is completed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promised {
    Success,
    Failure(i32),
    /// Its last reference goes.
    Nothing,
}

#[derive(Clone, Debug)]
pub enum Tree {
    /// A process of its own, made from the script with that number.
    Leaf(usize),
    Node(Kind, Vec<Tree>),
    /// Another reference to the process with that number, which several parents hold.
    Shared(usize),
    /// A process that completes as the promise with that number does.
    Await(usize),
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
    /// Spawns that child of that nursery, waiting for a place or not.
    Spawn(usize, usize),
    TrySpawn(usize, usize),
    /// Waits until no child of that nursery is left. For its body only.
    NurseryWait(usize),
    Count(usize),
    /// Looks whether the handle is draining.
    Draining,
    Complete(usize, Promised),
    /// Takes so long that others may come to help.
    Dwell,
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
    pub nurseries: Vec<Nursery>,
    /// How many values there are.
    pub values: usize,
    /// What each promise is completed with before the run, if it is.
    pub promises: Vec<Option<Promised>>,
    pub outside: Outside,
}

impl Case {
    /// Whether it is of the background of what it is a child of.
    pub fn is_background(&self, tree: &Tree) -> bool {
        match tree {
            Tree::Node(Kind::Background, _) => true,
            Tree::Node(Kind::Task(_), kids) => self.is_background(&kids[0]),
            Tree::Shared(index) => self.is_background(&self.shared[*index]),
            _ => false,
        }
    }

    /// Whether nothing in it waits, but for a place in that nursery.
    pub fn never_waits(&self, tree: &Tree, nursery: usize) -> bool {
        let waits = |op: &Op| match op {
            Op::Await(_) | Op::WaitCancel | Op::Race(_) | Op::NurseryWait(_) => true,
            Op::Spawn(other, _) => *other != nursery,
            _ => false,
        };
        match tree {
            Tree::Leaf(leaf) => !self.leaves[*leaf].ops.iter().any(waits),
            Tree::Node(_, kids) => kids.iter().all(|kid| self.never_waits(kid, nursery)),
            Tree::Shared(index) => self.never_waits(&self.shared[*index], nursery),
            Tree::Await(_) => false,
            Tree::Null | Tree::NoArray(..) => true,
        }
    }
}

impl Kind {
    pub fn constructor(self) -> &'static str {
        match self {
            Kind::Concurrent => "proc_concurrent",
            Kind::Group => "proc_group",
            Kind::Sequence => "proc_sequence",
            Kind::Task(_) => "proc_task",
            Kind::Region(_) => "proc_trace_region",
            Kind::ConcurrentLimit(_) => "proc_concurrent_limit",
            Kind::GroupLimit(_) => "proc_group_limit",
            Kind::Each(_) => "proc_each",
            Kind::Race => "proc_race",
            Kind::Any => "proc_any",
            Kind::Finally => "proc_finally",
            Kind::Shield(_) => "proc_shield",
            Kind::Background => "proc_background",
            Kind::Value(_) => "proc_with_value",
            Kind::Nursery(_) => "proc_with_nursery",
        }
    }

    /// Whether it is made of an array of children.
    pub fn takes_array(self) -> bool {
        use Kind::{Any, Concurrent, ConcurrentLimit, Group, GroupLimit, Race, Sequence};
        let is_limited = matches!(self, ConcurrentLimit(_) | GroupLimit(_));
        is_limited || matches!(self, Concurrent | Group | Sequence | Race | Any)
    }

    /// The argument that its child with that index is.
    pub fn argument(self, index: usize) -> &'static str {
        match self {
            Kind::Finally if index == 1 => "cleanup",
            kind if kind.takes_array() => "impls",
            _ => "impl",
        }
    }
}

/// The text that the cause of a triggered cancellation bears.
pub fn cause_text(code: i32) -> String {
    format!("stop for reason {code}")
}

/// The text of what a promise fails with.
pub fn broken_text(code: i32) -> String {
    format!("promised to fail with {code}")
}

/// Levels of one child each are drawn on one line, so that a tower of a thousand stays readable.
fn draw(out: &mut fmt::Formatter<'_>, case: &Case, tree: &Tree, margin: &str) -> fmt::Result {
    match tree {
        Tree::Leaf(leaf) => writeln!(out, "leaf {leaf}: {}", case.leaves[*leaf]),
        Tree::Shared(index) => {
            write!(out, "shared #{index} = ")?;
            draw(out, case, &case.shared[*index], margin)
        }
        Tree::Await(promise) => {
            let before = case.promises[*promise];
            writeln!(out, "await {promise}, before the run: {before:?}")
        }
        Tree::Null => writeln!(out, "NULL"),
        Tree::NoArray(kind, count) => writeln!(out, "{}(NULL, {count})", kind.constructor()),
        Tree::Node(kind, kids) => {
            match kind {
                Kind::Task(name) => write!(out, "task {name:?}")?,
                Kind::Region(name) => write!(out, "region {name:?}")?,
                Kind::ConcurrentLimit(n) | Kind::GroupLimit(n) | Kind::Each(n) => {
                    write!(out, "{} {n}", &kind.constructor()["proc_".len()..])?;
                }
                Kind::Shield(grace) => write!(out, "shield for {grace} ns")?,
                Kind::Value(number) => write!(out, "value {number}")?,
                Kind::Nursery(n) => write!(out, "nursery {n}, {:?}", case.nurseries[*n])?,
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
