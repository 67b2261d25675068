//! Random combinators of the newer kinds.

use crate::case::{End, Kind, Nursery, OnFailure, Op, Promised, Target, Tree};
use crate::generate::Grower;
use crate::generate::Role::{self, Calm, Failing, Waiting, Yielding};

/// More in one case are not worth their possibilities.
const MOST_NURSERIES: usize = 2;

impl Grower {
    pub fn grow_newer(&mut self, role: Role, depth: usize) -> Tree {
        match self.rng.below(18) {
            0..=2 => self.contest(role, depth),
            3 | 4 => self.limited(role, depth),
            5 => self.each(role),
            6 | 7 => self.finally(role, depth),
            8 | 9 => self.shield(role, depth),
            10 => {
                self.values += 1;
                let kind = Kind::Value(self.values - 1);
                Tree::Node(kind, vec![self.grow(role, depth)])
            }
            11 | 12 => self.await_promise(role),
            13 => self.background(role, depth),
            _ if self.nurseries.len() < MOST_NURSERIES && !self.in_shared => {
                self.nursery(role, depth)
            }
            _ => self.leaf(role),
        }
    }

    fn contest(&mut self, role: Role, depth: usize) -> Tree {
        let kind = self.rng.pick(&[Kind::Race, Kind::Any]);
        let may_line_up = self.racers == 0 && !self.in_shared && kind == Kind::Race;
        if matches!(role, Calm | Failing) && may_line_up && self.rng.percent(25) {
            return Tree::Node(kind, self.race(role, depth));
        }
        let others: &[Role] = match (role, kind) {
            (Calm, Kind::Any) => &[Waiting, Yielding, Failing, Calm],
            (Calm, _) => &[Waiting, Yielding, Waiting, Calm],
            (Failing, Kind::Any) => &[Failing],
            (Failing, _) => &[Waiting, Yielding],
            (Waiting, Kind::Any) => &[Waiting, Failing],
            (Waiting, _) => &[Waiting, Yielding],
            (Yielding, Kind::Any) => &[Yielding, Failing],
            (Yielding, _) => &[Yielding],
        };
        let mut kids = vec![self.grow(role, depth)];
        for _ in 0..self.rng.between(0, 2) {
            let role = self.rng.pick(others);
            kids.push(self.grow(role, depth));
        }
        self.rng.shuffle(&mut kids);
        Tree::Node(kind, kids)
    }

    /// The roles of children that begin in order. What comes after a failure may never begin.
    fn roles_in_order(&mut self, role: Role, is_group: bool) -> Vec<Role> {
        let (others, later): (&[Role], &[Role]) = match role {
            Calm => (&[Calm], &[Calm]),
            Failing if is_group => (&[Calm, Calm, Waiting], &[Calm, Failing, Waiting]),
            Failing => (&[Calm, Failing], &[Calm, Failing]),
            Waiting => (&[Calm, Waiting, Yielding], &[Calm, Waiting, Yielding]),
            Yielding => (&[Calm, Yielding], &[Calm, Yielding]),
        };
        let mut roles = Vec::new();
        for _ in 0..self.rng.between(0, 2) {
            roles.push(self.rng.pick(others));
        }
        roles.push(role);
        for _ in 0..self.rng.between(0, 2) {
            roles.push(self.rng.pick(later));
        }
        roles
    }

    fn limited(&mut self, role: Role, depth: usize) -> Tree {
        let (most, least) = (self.rng.between(0, 4), self.rng.between(1, 4));
        let kind = self
            .rng
            .pick(&[Kind::ConcurrentLimit(least), Kind::GroupLimit(most)]);
        let roles = self.roles_in_order(role, matches!(kind, Kind::GroupLimit(_)));
        let kids = roles.into_iter().map(|role| self.grow(role, depth));
        Tree::Node(kind, kids.collect())
    }

    fn each(&mut self, role: Role) -> Tree {
        let limit = self.rng.between(0, 4);
        let roles = self.roles_in_order(role, true);
        let kids = roles.into_iter().map(|role| self.bare_leaf(role));
        Tree::Node(Kind::Each(limit), kids.collect())
    }

    fn finally(&mut self, role: Role, depth: usize) -> Tree {
        let (first, cleanups): (Role, &[Role]) = match role {
            Calm | Yielding => (role, &[Calm]),
            Failing if self.rng.percent(30) => (Calm, &[Failing]),
            Failing | Waiting => (role, &[Calm, Calm, Failing]),
        };
        let cleanup = self.rng.pick(cleanups);
        Tree::Node(
            Kind::Finally,
            vec![self.grow(first, depth), self.grow(cleanup, depth.min(2))],
        )
    }

    /// A group with children of the background; or one process that may be one, or not.
    fn background(&mut self, role: Role, depth: usize) -> Tree {
        if self.rng.percent(10) {
            return Tree::Node(Kind::Background, vec![self.grow(role, depth)]);
        }
        let (other, behind): (Role, &[Role]) = match role {
            Calm => (Calm, &[Yielding, Yielding, Waiting, Calm]),
            Failing if self.rng.percent(40) => (Waiting, &[Failing]),
            Failing => (Failing, &[Waiting, Yielding]),
            Waiting => (Waiting, &[Waiting, Yielding]),
            Yielding => (Yielding, &[Yielding]),
        };
        let mut kids = Vec::new();
        for _ in 0..self.rng.between(usize::from(role != Calm), 2) {
            kids.push(self.grow(other, depth));
        }
        for _ in 0..self.rng.between(1, 2) {
            let behind = self.rng.pick(behind);
            let kid = Tree::Node(Kind::Background, vec![self.grow(behind, depth)]);
            kids.push(self.perhaps_task(kid));
        }
        self.rng.shuffle(&mut kids);
        let kind = [Kind::Group, Kind::GroupLimit(0), Kind::GroupLimit(3)];
        Tree::Node(self.rng.pick(&kind), kids)
    }

    /// What waits for a cancellation from above must hear of it.
    fn shield(&mut self, role: Role, depth: usize) -> Tree {
        if matches!(role, Waiting | Yielding) && self.rng.percent(40) {
            return self.looks_from_inside(role);
        }
        let grace = match role {
            Calm | Failing => self.rng.pick(&[-1, i64::MIN, -1, 1, i64::MAX]),
            Waiting | Yielding => self.rng.pick(&[0, 1, 30_000, 300_000]),
        };
        let kid = self.grow(role, depth);
        Tree::Node(Kind::Shield(grace), vec![kid])
    }

    /// After a cancellation, a leaf looks for it from inside of a shield.
    fn looks_from_inside(&mut self, role: Role) -> Tree {
        let waits = self.bare_leaf(Yielding);
        let ops = vec![Op::Look, Op::Draining];
        let end = match role {
            Waiting => self
                .rng
                .pick(&[None, Some(())])
                .map_or(End::CancelError, |()| self.failure()),
            _ => End::Success,
        };
        let looks = self.leaf_of(ops, end);
        let grace = self.rng.pick(&[-1, -1, i64::MAX, 1]);
        let shield = Tree::Node(Kind::Shield(grace), vec![looks]);
        Tree::Node(Kind::Sequence, vec![waits, shield])
    }

    fn await_promise(&mut self, role: Role) -> Tree {
        let promised = match role {
            Calm => Some(Promised::Success),
            Failing => {
                let code = self.rng.between(100, 199) as i32;
                Some(self.rng.pick(&[Promised::Failure(code), Promised::Nothing]))
            }
            Waiting => None,
            // It would return the cause.
            Yielding => return self.leaf(role),
        };
        self.promises.push(promised);
        Tree::Await(self.promises.len() - 1)
    }

    fn nursery(&mut self, role: Role, depth: usize) -> Tree {
        let number = self.nurseries.len();
        let on_failure = match role {
            Failing => &[
                OnFailure::None,
                OnFailure::Pass,
                OnFailure::Replace,
                OnFailure::Swallow,
            ][..],
            _ => &[OnFailure::None, OnFailure::Swallow, OnFailure::Swallow],
        };
        let limit = self.rng.pick(&[0, 0, 1, 1, 2, 2, 3]);
        let on_failure = self.rng.pick(on_failure);
        self.nurseries.push(Nursery { limit, on_failure });
        let roles: &[Role] = match role {
            Calm if on_failure == OnFailure::Swallow => &[Calm, Failing],
            Calm => &[Calm],
            Failing => &[Calm, Failing, Waiting],
            Waiting => &[Calm, Waiting, Yielding],
            Yielding => &[Calm, Yielding],
        };
        let mut kids = vec![Tree::Null];
        let most = if role == Calm { 4 } else { 2 };
        for _ in 0..self.rng.between(0, most) {
            let role = self.rng.pick(roles);
            let kid = if self.rng.percent(15) {
                let behind = self.rng.pick(&[role, Yielding]);
                Tree::Node(Kind::Background, vec![self.grow(behind, depth)])
            } else {
                self.grow(role, depth)
            };
            kids.push(kid);
        }
        let mut ops = self.spawns(number, &kids);
        if limit == 1 && self.rng.percent(50) {
            ops.extend(self.spawns_from_its_place(number, &mut kids));
        }
        if limit == 2 && self.rng.percent(50) {
            ops.extend(self.chain(number, &mut kids));
        }
        if self.rng.percent(20) {
            ops.extend(self.cancels(number, role, &mut kids));
        }
        kids[0] = self.body(number, role, ops);
        let nursery = Tree::Node(Kind::Nursery(number), kids);
        if self.rng.percent(15) {
            return self.then_spawn(number, nursery);
        }
        nursery
    }

    /// A nursery, and after it a leaf that finds it completed.
    fn then_spawn(&mut self, number: usize, mut nursery: Tree) -> Tree {
        let kid = self.leaf(Calm);
        let Tree::Node(_, kids) = &mut nursery else {
            return nursery;
        };
        kids.push(kid);
        let late = vec![Op::Count(number), Op::Spawn(number, kids.len() - 1)];
        let leaf = self.leaf_of(late, End::Success);
        Tree::Node(Kind::Sequence, vec![nursery, leaf])
    }

    /// Has each child spawned, by the body or by a child before it. Returns what the body does for that.
    fn spawns(&mut self, number: usize, kids: &[Tree]) -> Vec<Op> {
        let mut ops = Vec::new();
        for k in 1..kids.len() {
            let spawn = match self.rng.percent(60) {
                true => Op::Spawn(number, k),
                false => Op::TrySpawn(number, k),
            };
            match &kids[self.rng.below(k)] {
                Tree::Leaf(leaf) if self.rng.percent(60) => self.leaves[*leaf].ops.insert(0, spawn),
                _ => ops.push(spawn),
            }
        }
        ops
    }

    /// A child that has the only place, and so finds none for another one.
    fn spawns_from_its_place(&mut self, number: usize, kids: &mut Vec<Tree>) -> [Op; 2] {
        let first = kids.len();
        let tries = vec![
            Op::TrySpawn(number, first + 1),
            Op::Spawn(number, first + 2),
        ];
        kids.push(self.leaf_of(tries, End::Success));
        kids.push(self.grow(Calm, 0));
        kids.push(self.grow(Calm, 0));
        [Op::Spawn(number, first), Op::Count(number)]
    }

    /// Children that spawn the next one each, one of them perhaps while it waits for a place, beside one that takes a while.
    fn chain(&mut self, number: usize, kids: &mut Vec<Tree>) -> [Op; 2] {
        let first = kids.len();
        kids.push(self.leaf_of(vec![Op::Dwell], End::Success));
        for k in first + 2..first + 4 {
            kids.push(self.leaf_of(vec![Op::Spawn(number, k)], End::Success));
        }
        kids.push(self.grow(Calm, 0));
        [Op::Spawn(number, first), Op::Spawn(number, first + 1)]
    }

    /// The nursery is cancelled while a child waits for that, or before it begins, and then refuses another one.
    fn cancels(&mut self, number: usize, role: Role, kids: &mut Vec<Tree>) -> Vec<Op> {
        let waits = match role {
            Calm | Yielding => Yielding,
            Failing | Waiting => Waiting,
        };
        let first = kids.len();
        kids.push(self.bare_leaf(waits));
        kids.push(self.grow(Calm, 0));
        let mut ops = vec![Op::Spawn(number, first)];
        if let Tree::Leaf(leaf) = kids[first]
            && self.rng.percent(70)
        {
            self.leaves[leaf].ops.insert(0, Op::Open(self.gates));
            ops.push(Op::Await(self.gates));
            self.gates += 1;
        }
        ops.push(Op::Trigger(Target::Own, self.code_of_cause()));
        ops.push(Op::TrySpawn(number, first + 1));
        ops
    }

    fn body(&mut self, number: usize, role: Role, mut ops: Vec<Op>) -> Tree {
        if self.rng.percent(20) {
            ops.push(Op::Count(number));
        }
        if self.rng.percent(30) {
            ops.push(Op::NurseryWait(number));
            ops.push(Op::Count(number));
        }
        let end = match role {
            Failing if self.rng.percent(50) => self.failure(),
            Calm | Failing => End::Success,
            Waiting | Yielding => {
                if self.rng.percent(60) {
                    ops.push(Op::WaitCancel);
                }
                match role {
                    Waiting => End::CancelError,
                    _ => End::Success,
                }
            }
        };
        self.leaf_of(ops, end)
    }
}
