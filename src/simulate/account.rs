//! What the program has been given in a run, and has not given back yet.

use std::collections::BTreeMap;

use crate::base::world::given::Kind;

/// How many references it has to what is at each address.
#[derive(Default)]
pub(super) struct Account(BTreeMap<(Kind, usize), usize>);

impl Account {
    pub(super) fn note_given(&mut self, kind: Kind, at: usize) {
        *self.0.entry((kind, at)).or_default() += 1;
    }

    /// A reference that is none of the run's is not known here.
    pub(super) fn note_given_back(&mut self, kind: Kind, at: usize) {
        if let Some(count) = self.0.get_mut(&(kind, at)) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&(kind, at));
            }
        }
    }

    /// "2 errors and 1 channel"; `None`: it has given all back.
    pub(super) fn left(&self) -> Option<String> {
        let mut counts = BTreeMap::<Kind, usize>::new();
        for (kind, _) in self.0.keys() {
            *counts.entry(*kind).or_default() += 1;
        }
        let all: Vec<String> = counts.into_iter().map(told).collect();
        let (last, others) = all.split_last()?;
        if others.is_empty() {
            return Some(last.clone());
        }
        Some(format!("{} and {last}", others.join(", ")))
    }
}

fn told((kind, count): (Kind, usize)) -> String {
    let (one, more) = match kind {
        Kind::Process => ("process", "processes"),
        Kind::Error => ("error", "errors"),
        Kind::Cancel => ("cancel handle", "cancel handles"),
        Kind::Hook => ("hook", "hooks"),
        Kind::Job => ("job", "jobs"),
        Kind::Nursery => ("nursery", "nurseries"),
        Kind::Channel => ("channel", "channels"),
        Kind::Promise => ("promise", "promises"),
        Kind::Queue => ("queue", "queues"),
    };
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_by_kind() {
        let mut account = Account::default();
        assert_eq!(account.left(), None);
        account.note_given(Kind::Channel, 8);
        account.note_given(Kind::Channel, 8);
        account.note_given_back(Kind::Channel, 8);
        assert_eq!(account.left().as_deref(), Some("1 channel"));
        for at in [16, 24] {
            account.note_given(Kind::Error, at);
        }
        assert_eq!(account.left().as_deref(), Some("2 errors and 1 channel"));
        account.note_given(Kind::Process, 8);
        let all = "1 process, 2 errors and 1 channel";
        assert_eq!(account.left().as_deref(), Some(all));
    }

    #[test]
    fn what_was_there_before_is_not_known() {
        let mut account = Account::default();
        account.note_given_back(Kind::Error, 8);
        account.note_given(Kind::Error, 16);
        account.note_given_back(Kind::Error, 16);
        assert_eq!(account.left(), None);
    }
}
