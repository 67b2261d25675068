//! Processes that were seen as another one's, where the system tells of all that are in this program's namespace.

use std::collections::BTreeMap;

use super::zombie;
use crate::base::sys::processes::{self, Process, own};

/// What is known of those that another process has made.
pub(super) struct Seen {
    /// By number, with the time at which each began: numbers come again.
    others: BTreeMap<i32, u64>,
    /// The program's children when it began to look; its session then. What it has made since then began in that one.
    from_before: BTreeMap<i32, u64>,
    session: Option<i32>,
}

impl Seen {
    pub(super) fn begin() -> Seen {
        let own = own();
        let from_before = all().filter(|one| Some(one.parent) == own);
        Seen {
            others: BTreeMap::new(),
            from_before: from_before.map(|one| (one.number, one.began)).collect(),
            session: session(),
        }
    }

    /// Looks which processes there are, and reaps those that have ended as the program's children and are others'.
    pub(super) fn look_and_reap(&mut self) {
        let Some(own) = own() else {
            return;
        };
        let mut others = BTreeMap::new();
        let same_session = self.session.filter(|before| session() == Some(*before));
        for one in all() {
            let is_mine = one.parent == own;
            if is_mine && !self.is_others(&one, same_session) || one.parent == 0 {
                continue;
            }
            if is_mine && one.is_zombie() {
                zombie::reap(one.number);
            } else {
                others.insert(one.number, one.began);
            }
        }
        self.others = others;
    }

    /// Whether a child of the program is known to be another one's.
    fn is_others(&self, one: &Process, same_session: Option<i32>) -> bool {
        let is_in = |map: &BTreeMap<i32, u64>| map.get(&one.number) == Some(&one.began);
        let is_in_another = |own| ![own, one.number, 0].contains(&one.session);
        is_in(&self.others) || !is_in(&self.from_before) && same_session.is_some_and(is_in_another)
    }
}

fn session() -> Option<i32> {
    Process::of(own()?).map(|own| own.session)
}

fn all() -> impl Iterator<Item = Process> {
    let numbers = processes::numbers().into_iter().flatten();
    numbers.filter_map(Process::of)
}
