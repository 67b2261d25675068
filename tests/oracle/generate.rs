//! Random cases. A tree is grown from roles, so that most of it makes sense; then it is decorated
//! (`decorate.rs`). Whether the outcome of the result is certain is not argued here: the model
//! decides (see `oracle.rs`).

use crate::case::{Case, End, Kind, Nursery, Op, Outside, Promised, Script, Target, Tree};
use crate::decorate;
use crate::leaves::NAMES;
use crate::rng::Rng;

/// How a process behaves toward the handle it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Waits for nobody, succeeds.
    Calm,
    /// Waits for nobody, fails.
    Failing,
    /// Waits for cancellation, then does anything.
    Waiting,
    /// Waits for cancellation, then succeeds.
    Yielding,
}

use Role::{Calm, Failing, Waiting, Yielding};

pub struct Grower {
    pub rng: Rng,
    pub leaves: Vec<Script>,
    shared: Vec<Tree>,
    pub racers: usize,
    pub gates: usize,
    pub nurseries: Vec<Nursery>,
    pub values: usize,
    /// What each promise is completed with before the run, if it is.
    pub promises: Vec<Option<Promised>>,
    /// How many leaves the tree may still have, more or less.
    pub budget: usize,
    pub in_shared: bool,
    /// How often, in percent, a newer kind is taken.
    newer: usize,
}

/// The case of that seed: the first of its growths that the model calls certain.
pub fn generate(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    loop {
        let mut grower = Grower {
            budget: match rng.below(20) {
                0 => rng.between(40, 120),
                _ => rng.between(1, 24),
            },
            newer: rng.pick(&[0, 20, 40]),
            rng,
            leaves: Vec::new(),
            shared: Vec::new(),
            racers: 0,
            gates: 0,
            nurseries: Vec::new(),
            values: 0,
            promises: Vec::new(),
            in_shared: false,
        };
        let (root, outside) = grower.root();
        rng = grower.rng;
        let mut case = Case {
            seed,
            root,
            leaves: grower.leaves,
            shared: grower.shared,
            gates: grower.gates,
            racers: grower.racers,
            nurseries: grower.nurseries,
            values: grower.values,
            promises: grower.promises,
            outside,
        };
        if decorate::decorate(&mut case, &mut rng) {
            return case;
        }
    }
}

impl Grower {
    fn root(&mut self) -> (Tree, Outside) {
        let depth = self.rng.between(0, 7);
        let target = self.rng.pick(&[Target::Given, Target::Outer]);
        let code = self.code_of_cause();
        match self.rng.below(10) {
            0 => (
                self.grow(Calm, depth),
                self.rng.pick(&[Outside::Null, Outside::Given]),
            ),
            1 => {
                let role = self.rng.pick(&[Waiting, Waiting, Yielding, Failing]);
                (self.grow(role, depth), Outside::Cancelled(target, code))
            }
            2 | 3 => {
                let trigger = self.leaf_of(vec![Op::Trigger(target, code)], End::Success);
                let mut kids = self.kids(&[Waiting, Waiting, Calm], 1, depth);
                kids.push(trigger);
                self.rng.shuffle(&mut kids);
                let kind = self.rng.pick(&[Kind::Concurrent, Kind::Group]);
                (Tree::Node(kind, kids), Outside::Given)
            }
            _ => (
                self.grow(Failing, depth),
                self.rng.pick(&[Outside::Null, Outside::Given]),
            ),
        }
    }

    pub fn grow(&mut self, role: Role, depth: usize) -> Tree {
        if depth == 0 || self.budget == 0 {
            return self.leaf(role);
        }
        let depth = depth - 1;
        if self.rng.percent(self.newer) {
            return self.grow_newer(role, depth);
        }
        match self.rng.below(12) {
            0 => self.leaf(role),
            1 if role == Calm => Tree::Node(
                self.rng
                    .pick(&[Kind::Concurrent, Kind::Group, Kind::Sequence]),
                vec![],
            ),
            1 | 2 => {
                let name = Some(self.rng.pick(&NAMES));
                let kind = self
                    .rng
                    .pick(&[Kind::Task(name), Kind::Task(name), Kind::Region(name)]);
                Tree::Node(kind, vec![self.grow(role, depth)])
            }
            3..=5 => self.sequence(role, depth),
            6 | 7 => self.concurrent(role, depth),
            _ => self.group(role, depth),
        }
    }

    fn sequence(&mut self, role: Role, depth: usize) -> Tree {
        let mut kids = self.kids(&[Calm], 0, depth);
        match role {
            Calm => {}
            Failing => {
                kids.push(self.grow(Failing, depth));
                // These are never started.
                kids.append(&mut self.kids(&[Calm, Failing, Waiting], 0, depth));
            }
            Yielding => {
                kids.push(self.grow(Yielding, depth));
                kids.append(&mut self.kids(&[Calm, Yielding], 0, depth));
            }
            Waiting => {
                let first = self.rng.pick(&[Waiting, Yielding]);
                kids.push(self.grow(first, depth));
                kids.append(&mut self.kids(&[Calm, Failing, Waiting, Yielding], 0, depth));
            }
        }
        Tree::Node(Kind::Sequence, kids)
    }

    fn concurrent(&mut self, role: Role, depth: usize) -> Tree {
        let others: &[Role] = match role {
            Calm => &[Calm],
            Failing => &[Calm, Failing],
            Waiting => &[Calm, Failing, Waiting, Yielding],
            Yielding => &[Calm, Yielding],
        };
        let kids = self.kids_with(role, others, depth);
        Tree::Node(Kind::Concurrent, kids)
    }

    fn group(&mut self, role: Role, depth: usize) -> Tree {
        let kids = match role {
            // What is cancelled inside matters to nobody outside.
            Calm if self.rng.percent(30) => {
                self.stopped_group(End::Success, &[Calm, Yielding], depth)
            }
            Failing if self.rng.percent(20) => {
                let end = self
                    .rng
                    .pick(&[Some(Failing), None])
                    .map_or(End::CancelError, |_| self.failure());
                self.stopped_group(end, &[Calm, Waiting], depth)
            }
            Failing if self.racers == 0 && !self.in_shared && self.rng.percent(15) => {
                self.race(Failing, depth)
            }
            Calm => self.kids_with(Calm, &[Calm], depth),
            Failing => self.kids_with(Failing, &[Calm, Waiting, Waiting], depth),
            Waiting => self.kids_with(Waiting, &[Calm, Waiting, Yielding], depth),
            Yielding => self.kids_with(Yielding, &[Calm, Yielding], depth),
        };
        Tree::Node(Kind::Group, kids)
    }

    /// The children of a group that one of them cancels of its own accord.
    fn stopped_group(&mut self, end: End, others: &[Role], depth: usize) -> Vec<Tree> {
        let code = self.code_of_cause();
        let trigger = self.leaf_of(vec![Op::Trigger(Target::Own, code)], end);
        let mut kids = self.kids(others, 1, depth);
        kids.push(trigger);
        self.rng.shuffle(&mut kids);
        kids
    }

    /// The children of a group of which any of several may fail first, or of a race of which any may be the first.
    pub fn race(&mut self, role: Role, depth: usize) -> Vec<Tree> {
        self.racers = self.rng.between(2, 4);
        let others: &[Role] = match role {
            Failing => &[Calm, Waiting],
            // Of a race, no other one may be the first.
            _ => &[Waiting],
        };
        let mut kids = self.kids(others, 0, depth);
        for racer in 0..self.racers {
            let end = match role {
                Failing => self.failure(),
                _ => End::Success,
            };
            let leaf = self.leaf_of(vec![Op::LineUp(racer), Op::Race(racer)], end);
            kids.push(self.perhaps_task(leaf));
        }
        self.rng.shuffle(&mut kids);
        kids
    }

    fn kids_with(&mut self, role: Role, others: &[Role], depth: usize) -> Vec<Tree> {
        let mut kids = vec![self.grow(role, depth)];
        kids.append(&mut self.kids(others, 0, depth));
        self.rng.shuffle(&mut kids);
        kids
    }

    fn kids(&mut self, roles: &[Role], least: usize, depth: usize) -> Vec<Tree> {
        let most = if self.budget > 20 {
            self.rng.between(3, self.budget)
        } else {
            4
        };
        let count = self.rng.between(least, most.min(self.budget).max(least));
        let mut kids = Vec::new();
        for _ in 0..count {
            let role = self.rng.pick(roles);
            // A wide node is wide, not deep as well.
            let depth = if count > 8 { depth.min(1) } else { depth };
            let kid = self.grow(role, depth);
            if role != Failing && !self.in_shared && self.rng.percent(4) {
                self.share(role, depth, &mut kids);
            }
            kids.push(kid);
        }
        kids
    }

    /// One process that the parent has several references to.
    fn share(&mut self, role: Role, depth: usize, kids: &mut Vec<Tree>) {
        self.in_shared = true;
        let tree = self.grow(role, depth);
        self.in_shared = false;
        self.shared.push(tree);
        for _ in 0..self.rng.between(1, 3) {
            kids.push(Tree::Shared(self.shared.len() - 1));
        }
    }
}
