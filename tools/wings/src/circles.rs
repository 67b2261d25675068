//! Circles: rooms that reach each other.

use std::collections::{BTreeMap, BTreeSet};

/// What each one uses.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

/// Each set of two or more that all reach each other, in order of their names.
pub fn circles(uses: &Uses) -> Vec<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<String>> = uses
        .keys()
        .map(|name| (name, reached(uses, name)))
        .collect();
    let mut found: Vec<BTreeSet<String>> = Vec::new();
    for name in uses.keys() {
        let around: BTreeSet<String> = reach[name]
            .iter()
            .filter(|other| reach.get(other).is_some_and(|back| back.contains(name)))
            .cloned()
            .collect();
        if around.len() > 1 && !found.contains(&around) {
            found.push(around);
        }
    }
    found
}

/// All that one uses, and what those use, and so on.
fn reached(uses: &Uses, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(name) = ahead.pop() {
        for next in uses.get(name).into_iter().flatten() {
            if reached.insert(next.clone()) {
                ahead.push(next);
            }
        }
    }
    reached
}
