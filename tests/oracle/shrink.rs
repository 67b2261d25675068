//! Makes a failing case smaller, as long as it fails.

use crate::case::{Case, Kind, Op, Tree};
use crate::decorate::{depth, is_certain};

/// Greedy: takes the first smaller case that still fails, until there is none or the trials are
/// used up.
pub fn shrink(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    // A tower has too many smaller ones, and is easily understood as it is.
    let mut trials = if depth(&case, &case.root) > 100 {
        0
    } else {
        200
    };
    'smaller: while trials > 0 {
        for smaller in smaller_cases(&case) {
            if trials == 0 {
                return case;
            }
            if is_certain(&smaller) {
                trials -= 1;
                if fails(&smaller) {
                    case = smaller;
                    continue 'smaller;
                }
            }
        }
        break;
    }
    case
}

fn smaller_cases(case: &Case) -> Vec<Case> {
    let roots = smaller_trees(&case.root).into_iter().map(|root| Case {
        root,
        ..case.clone()
    });
    let mut cases: Vec<Case> = roots.collect();
    for leaf in 0..case.leaves.len() {
        for op in 0..case.leaves[leaf].ops.len() {
            // Without its racers a race is no race.
            if !matches!(case.leaves[leaf].ops[op], Op::LineUp(_) | Op::Race(_)) {
                let mut smaller = case.clone();
                smaller.leaves[leaf].ops.remove(op);
                cases.push(smaller);
            }
        }
    }
    cases
}

/// Every tree that has one node less: a child in place of its parent, or a child left out. Of a nursery, it is bad input
/// instead, which changes nothing if it is not spawned.
fn smaller_trees(tree: &Tree) -> Vec<Tree> {
    let Tree::Node(kind, kids) = tree else {
        return Vec::new();
    };
    let mut trees = kids.clone();
    for (i, kid) in kids.iter().enumerate() {
        let with = |replacement: Vec<Tree>| {
            let mut kids = kids.clone();
            kids.splice(i..=i, replacement);
            Tree::Node(*kind, kids)
        };
        let is_spawned = matches!(kind, Kind::Nursery(_)) && i > 0;
        if kind.takes_array() || matches!(kind, Kind::Each(_)) {
            trees.push(with(Vec::new()));
        } else if is_spawned && !matches!(kid, Tree::Null) {
            // Its number stays that of the others.
            trees.push(with(vec![Tree::Null]));
        }
        trees.extend(smaller_trees(kid).into_iter().map(|kid| with(vec![kid])));
    }
    trees
}
