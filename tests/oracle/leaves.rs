//! Random leaves, and what they fail with.

use crate::case::{End, Kind, Op, Script, Tree};
use crate::generate::Grower;
use crate::generate::Role::{self, Calm, Failing, Waiting, Yielding};

pub const NAMES: [&str; 6] = [
    "web",
    "db",
    "a",
    "statistics of the hour",
    "größe",
    "web: db",
];
const CODES: [i32; 8] = [
    libc::EINVAL,
    libc::EIO,
    libc::ECANCELED,
    libc::EAGAIN,
    1,
    -7,
    70_000,
    i32::MIN,
];

impl Grower {
    pub fn perhaps_task(&mut self, tree: Tree) -> Tree {
        let name = Some(self.rng.pick(&NAMES));
        if self.rng.percent(25) {
            Tree::Node(Kind::Task(name), vec![tree])
        } else {
            tree
        }
    }

    pub fn leaf(&mut self, role: Role) -> Tree {
        let leaf = self.bare_leaf(role);
        self.perhaps_task(leaf)
    }

    /// One that is no task.
    pub fn bare_leaf(&mut self, role: Role) -> Tree {
        self.budget = self.budget.saturating_sub(1);
        let ops = if matches!(role, Waiting | Yielding) {
            vec![Op::WaitCancel]
        } else {
            vec![]
        };
        let end = match role {
            Calm | Yielding => End::Success,
            Failing => self.failure(),
            Waiting => match self.rng.below(5) {
                0 => End::Success,
                1 => self.failure(),
                _ => End::CancelError,
            },
        };
        self.leaf_of(ops, end)
    }

    pub fn leaf_of(&mut self, ops: Vec<Op>, end: End) -> Tree {
        self.leaves.push(Script {
            no_function: false,
            ops,
            end,
        });
        Tree::Leaf(self.leaves.len() - 1)
    }

    /// A failure whose text is that leaf's alone, but for some that are awkward.
    pub fn failure(&mut self) -> End {
        let leaf = self.leaves.len();
        let code = self.rng.pick(&CODES);
        match self.rng.below(40) {
            0 => End::Fail {
                code,
                text: Some(String::new()),
            },
            1 => End::Fail { code, text: None },
            2 => End::Fail {
                code,
                text: Some(format!("2 errors:\n- no item {leaf}\n- größer: ☂")),
            },
            3 => End::Fail {
                code: 0,
                text: Some(format!("no code {leaf}")),
            },
            _ => End::Fail {
                code,
                text: Some(format!("failure {leaf}")),
            },
        }
    }

    pub fn code_of_cause(&mut self) -> Option<i32> {
        let code = self.rng.pick(&CODES);
        self.rng.percent(80).then_some(code)
    }
}
