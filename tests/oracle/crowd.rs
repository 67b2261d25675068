//! How many children of a combinator with a limit run at the same time. Which these are the model cannot say, so it is counted
//! while they run.

use crate::case::{Case, End, Kind, Outside, Script, Tree};
use crate::schedule::Place;
use crate::stage::lock;
use std::collections::HashMap;
use std::sync::Mutex;

pub struct Crowds {
    limits: Vec<usize>,
    /// Of which child of which crowd each leaf is a part.
    places: Vec<Vec<Place>>,
    /// How many leaves run in each child in which any does.
    running: Mutex<Vec<HashMap<usize, usize>>>,
}

impl Crowds {
    pub fn of(case: &Case) -> Crowds {
        let mut crowds = Crowds {
            limits: Vec::new(),
            places: vec![Vec::new(); case.leaves.len()],
            running: Mutex::default(),
        };
        crowds.walk(case, &case.root, &mut Vec::new());
        lock(&crowds.running).resize_with(crowds.limits.len(), HashMap::new);
        crowds
    }

    /// What several parents hold is left out: it may run several times at once.
    fn walk(&mut self, case: &Case, tree: &Tree, inside: &mut Vec<Place>) {
        let (kind, kids) = match tree {
            Tree::Leaf(leaf) => return self.places[*leaf].clone_from(inside),
            Tree::Node(kind, kids) => (kind, kids),
            _ => return,
        };
        let limit = match kind {
            Kind::ConcurrentLimit(limit) | Kind::GroupLimit(limit) | Kind::Each(limit) => *limit,
            Kind::Nursery(number) => case.nurseries[*number].limit,
            _ => 0,
        };
        let crowd = self.limits.len();
        if limit > 0 {
            self.limits.push(limit);
        }
        for (i, kid) in kids.iter().enumerate() {
            let is_body = matches!(kind, Kind::Nursery(_)) && i == 0;
            let counts = limit > 0 && !is_body;
            inside.extend(counts.then_some((crowd, i)));
            self.walk(case, kid, inside);
            if counts {
                inside.pop();
            }
        }
    }

    /// A leaf begins. Tells if there are too many.
    pub fn enter(&self, leaf: usize) -> Option<String> {
        if self.places[leaf].is_empty() {
            return None;
        }
        let mut running = lock(&self.running);
        let mut fault = None;
        for (crowd, kid) in &self.places[leaf] {
            *running[*crowd].entry(*kid).or_default() += 1;
            let (count, limit) = (running[*crowd].len(), self.limits[*crowd]);
            if count > limit {
                fault = Some(format!("leaf {leaf}: {count} run where {limit} may"));
            }
        }
        fault
    }

    pub fn leave(&self, leaf: usize) {
        if self.places[leaf].is_empty() {
            return;
        }
        let mut running = lock(&self.running);
        for (crowd, kid) in &self.places[leaf] {
            let leaves = running[*crowd].entry(*kid).or_default();
            *leaves -= 1;
            if *leaves == 0 {
                running[*crowd].remove(kid);
            }
        }
    }
}

#[test]
fn too_many_at_the_same_time_are_noticed() {
    let leaf = || Script {
        no_function: false,
        ops: Vec::new(),
        end: End::Success,
    };
    let case = Case {
        seed: 0,
        root: Tree::Node(Kind::GroupLimit(1), vec![Tree::Leaf(0), Tree::Leaf(1)]),
        leaves: vec![leaf(), leaf()],
        shared: Vec::new(),
        gates: 0,
        racers: 0,
        nurseries: Vec::new(),
        values: 0,
        promises: Vec::new(),
        outside: Outside::Null,
    };
    let crowds = Crowds::of(&case);
    assert_eq!(crowds.enter(0), None);
    crowds.leave(0);
    assert_eq!(crowds.enter(1), None);
    assert!(crowds.enter(0).is_some());
}
