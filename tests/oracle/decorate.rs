//! Decorates a grown tree: gates between leaves anywhere, looks at handles, cancellations, bad
//! input, towers. Each decoration stays only if the model finds the outcome certain with it.

use crate::case::{Case, End, Kind, Op, Outside, Script, Target, Tree};
use crate::evaluate::predict;
use crate::model::Broken;
use crate::rng::Rng;

/// Whether the contract determines what the case does, and it ends.
pub fn is_certain(case: &Case) -> bool {
    (0..case.racers.max(1)).all(|winner| {
        let outcome = predict(case, winner, Broken::Nothing, None);
        !outcome.racy && !outcome.stuck
    })
}

/// Makes the case more interesting; false if it was not certain to begin with.
pub fn decorate(case: &mut Case, rng: &mut Rng) -> bool {
    if !is_certain(case) {
        return false;
    }
    let mut leaves = Vec::new();
    leaves_of(&case.root, &mut leaves);
    if leaves.len() > 1 {
        for _ in 0..rng.between(0, 8) {
            try_scripts(case, |case| add_to_scripts(case, rng, &leaves));
        }
    }
    if rng.percent(4) {
        spoil(&mut case.root, &mut case.leaves, rng);
    } else if rng.below(500) == 0 {
        raise(case, rng);
    }
    true
}

/// Keeps a change of the scripts only if the case stays certain.
fn try_scripts(case: &mut Case, change: impl FnOnce(&mut Case)) {
    let before = (case.leaves.clone(), case.gates);
    change(case);
    if !is_certain(case) {
        (case.leaves, case.gates) = before;
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
    match rng.below(10) {
        0..=2 => add_gate(case, rng, one, other),
        3 | 4 => {
            add_gate(case, rng, one, other);
            add_gate(case, rng, other, one);
        }
        5 | 6 => add_ring(case, rng, leaves),
        7 => insert(&mut case.leaves[one], Op::Look, rng),
        8 => case.leaves[one].end = End::CancelError,
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

/// Puts bad input somewhere into the tree.
fn spoil(tree: &mut Tree, leaves: &mut [Script], rng: &mut Rng) {
    match tree {
        Tree::Node(_, kids) if !kids.is_empty() && rng.percent(75) => {
            let kid = rng.below(kids.len());
            spoil(&mut kids[kid], leaves, rng);
        }
        Tree::Leaf(leaf) if rng.percent(50) => leaves[*leaf].no_function = true,
        tree => {
            let old = std::mem::replace(tree, Tree::Null);
            *tree = match rng.below(5) {
                0 => Tree::Node(Kind::Task(None), vec![old]),
                1 => Tree::Node(Kind::Region(None), vec![old]),
                2 => Tree::NoArray(
                    rng.pick(&[Kind::Concurrent, Kind::Group, Kind::Sequence]),
                    rng.between(1, 5),
                ),
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
        Tree::Node(_, kids) => 1 + kids.iter().map(|kid| depth(case, kid)).max().unwrap_or(0),
        Tree::Shared(index) => depth(case, &case.shared[*index]),
        _ => 0,
    }
}
