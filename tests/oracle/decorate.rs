//! Decorates a grown tree: gates between leaves anywhere, looks at handles, cancellations, bad
//! input, towers. Each decoration stays only if the model finds the outcome certain with it.

use crate::case::{Case, End, Kind, Op, Outside, Promised, Script, Target, Tree};
use crate::model::Broken;
use crate::rng::Rng;
use crate::schedule::possible;

/// Whether the contract determines what the case does, and it ends.
pub fn is_certain(case: &Case) -> bool {
    let is_certain = |winner| possible(case, winner, Broken::Nothing).is_certain();
    (0..case.racers.max(1)).all(is_certain)
}

/// Makes the case more interesting; false if it was not certain to begin with.
pub fn decorate(case: &mut Case, rng: &mut Rng) -> bool {
    if !is_certain(case) {
        return false;
    }
    let mut leaves = Vec::new();
    leaves_of(&case.root, &mut leaves);
    let promises = if leaves.is_empty() {
        0
    } else {
        case.promises.len()
    };
    for promise in 0..promises {
        try_change(case, |case| complete_by(case, rng, promise, &leaves));
    }
    if leaves.len() > 1 {
        for _ in 0..rng.between(0, 8) {
            try_change(case, |case| add_to_scripts(case, rng, &leaves));
        }
    }
    if rng.percent(4) {
        // What is spawned in vain may be waited for.
        try_change(case, |case| {
            spoil(&mut case.root, &mut case.leaves, rng);
        });
    } else if rng.below(500) == 0 {
        raise(case, rng);
    }
    true
}

/// Keeps a change only if the case stays certain.
fn try_change(case: &mut Case, change: impl FnOnce(&mut Case)) {
    let before = case.clone();
    change(case);
    if !is_certain(case) {
        *case = before;
    }
}

/// The leaves that run once.
fn leaves_of(tree: &Tree, leaves: &mut Vec<usize>) {
    match tree {
        Tree::Leaf(leaf) => leaves.push(*leaf),
        Tree::Node(_, kids) => kids.iter().for_each(|kid| leaves_of(kid, leaves)),
        _ => {}
    }
}

fn add_to_scripts(case: &mut Case, rng: &mut Rng, leaves: &[usize]) {
    let (one, other) = (rng.pick(leaves), rng.pick(leaves));
    match rng.below(15) {
        0..=2 => add_gate(case, rng, one, other),
        3 | 4 => {
            add_gate(case, rng, one, other);
            add_gate(case, rng, other, one);
        }
        5 | 6 => add_ring(case, rng, leaves),
        7 => insert(&mut case.leaves[one], Op::Look, rng),
        8 => case.leaves[one].end = End::CancelError,
        9 => insert(&mut case.leaves[one], Op::Draining, rng),
        10 => insert(&mut case.leaves[one], Op::Dwell, rng),
        13 if !case.promises.is_empty() => {
            // Perhaps not the first to do so.
            let promise = rng.below(case.promises.len());
            let promised = Promised::Failure(rng.between(200, 299) as i32);
            insert(&mut case.leaves[one], Op::Complete(promise, promised), rng);
        }
        11 | 12 if !case.nurseries.is_empty() => add_spawn(case, rng, one),
        _ => {
            let target = rng.pick(&[Target::Own, Target::Given, Target::Outer]);
            let inside = case.outside == Outside::Null;
            let target = if inside { Target::Own } else { target };
            insert(
                &mut case.leaves[one],
                Op::Trigger(target, Some(rng.between(1, 99) as i32)),
                rng,
            );
        }
    }
}

/// A leaf, anywhere, spawns another child of a nursery, or counts them.
fn add_spawn(case: &mut Case, rng: &mut Rng, spawner: usize) {
    let number = rng.below(case.nurseries.len());
    if rng.percent(30) {
        return insert(&mut case.leaves[spawner], Op::Count(number), rng);
    }
    let Some(kids) = kids_of_nursery(&mut case.root, number) else {
        return;
    };
    kids.push(Tree::Leaf(case.leaves.len()));
    let child = kids.len() - 1;
    let spawns = [Op::Spawn(number, child), Op::TrySpawn(number, child)];
    insert(&mut case.leaves[spawner], rng.pick(&spawns), rng);
    case.leaves.push(Script {
        no_function: false,
        ops: Vec::new(),
        end: End::Success,
    });
}

fn kids_of_nursery(tree: &mut Tree, number: usize) -> Option<&mut Vec<Tree>> {
    let Tree::Node(kind, kids) = tree else {
        return None;
    };
    if *kind == Kind::Nursery(number) {
        return Some(kids);
    }
    let mut kids = kids.iter_mut();
    kids.find_map(|kid| kids_of_nursery(kid, number))
}

/// A leaf completes the promise, in place of its being complete before the run; or one that nobody completes.
fn complete_by(case: &mut Case, rng: &mut Rng, promise: usize, leaves: &[usize]) {
    if let Some(promised) = case.promises[promise].take() {
        let leaf = rng.pick(leaves);
        insert(&mut case.leaves[leaf], Op::Complete(promise, promised), rng);
    }
}

fn insert(script: &mut Script, op: Op, rng: &mut Rng) {
    script.ops.insert(rng.between(0, script.ops.len()), op);
}

/// The one opens a gate that the other waits at.
fn add_gate(case: &mut Case, rng: &mut Rng, one: usize, other: usize) {
    insert(&mut case.leaves[one], Op::Open(case.gates), rng);
    insert(&mut case.leaves[other], Op::Await(case.gates), rng);
    case.gates += 1;
}

/// Each of many leaves, at whatever depth, opens its gate and waits at its neighbour's: only if all
/// of them run at the same time does any of them go on.
fn add_ring(case: &mut Case, rng: &mut Rng, leaves: &[usize]) {
    let mut ring = leaves.to_vec();
    rng.shuffle(&mut ring);
    ring.truncate(rng.between(2, leaves.len()));
    for (i, leaf) in ring.iter().enumerate() {
        let neighbour = (i + 1) % ring.len();
        let ops = [Op::Open(case.gates + i), Op::Await(case.gates + neighbour)];
        case.leaves[*leaf].ops.splice(0..0, ops);
    }
    case.gates += ring.len();
}

const ARRAYS: [Kind; 7] = [
    Kind::Concurrent,
    Kind::Group,
    Kind::Sequence,
    Kind::ConcurrentLimit(2),
    Kind::GroupLimit(2),
    Kind::Race,
    Kind::Any,
];

/// Puts bad input somewhere into the tree.
fn spoil(tree: &mut Tree, leaves: &mut [Script], rng: &mut Rng) {
    match tree {
        Tree::Node(kind, kids) if !kids.is_empty() && rng.percent(75) => {
            let kid = rng.below(kids.len());
            // Those are no processes.
            let is_callback =
                matches!(kind, Kind::Each(_)) || matches!(kind, Kind::Nursery(_)) && kid == 0;
            match &mut kids[kid] {
                Tree::Leaf(leaf) if is_callback => leaves[*leaf].no_function = true,
                kid => spoil(kid, leaves, rng),
            }
        }
        Tree::Leaf(leaf) if rng.percent(50) => leaves[*leaf].no_function = true,
        tree => {
            let old = std::mem::replace(tree, Tree::Null);
            *tree = match rng.below(5) {
                0 => Tree::Node(Kind::Task(None), vec![old]),
                1 => Tree::Node(Kind::Region(None), vec![old]),
                2 => Tree::NoArray(rng.pick(&ARRAYS), rng.between(1, 5)),
                _ => Tree::Null,
            };
        }
    }
}

/// Puts the tree on top of so many levels that it is as deep as it may be, or one level deeper.
fn raise(case: &mut Case, rng: &mut Rng) {
    let levels = 1000 - depth(case, &case.root) + rng.below(2);
    let before = case.root.clone();
    for _ in 0..levels {
        let kinds = [
            Kind::Region(Some("r")),
            Kind::Concurrent,
            Kind::Sequence,
            Kind::Region(Some("s")),
        ];
        let kind = match rng.below(50) {
            0 => Kind::Group,
            1 | 2 => Kind::Task(Some("t")),
            _ => rng.pick(&kinds),
        };
        let below = std::mem::replace(&mut case.root, Tree::Null);
        case.root = Tree::Node(kind, vec![below]);
    }
    if !is_certain(case) {
        case.root = before;
    }
}

pub fn depth(case: &Case, tree: &Tree) -> usize {
    match tree {
        Tree::Node(Kind::Each(_) | Kind::Nursery(_), _) => 1,
        Tree::Node(_, kids) => 1 + kids.iter().map(|kid| depth(case, kid)).max().unwrap_or(0),
        Tree::Shared(index) => depth(case, &case.shared[*index]),
        _ => 0,
    }
}
