//! Whether an error that the library returned is one that the model expects.

use crate::expect::{Cause, Causes, Expect};
use crate::model::Broken;
use crate::observe::Seen;
use std::collections::HashSet;

/// Which causes the enclosing groups absorb, which of them were listed, and which stand in the list
/// themselves: an error is listed once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Absorbed {
    absorbing: Causes,
    listed: Causes,
    told: Causes,
}

/// Of a list in which failures are before echoes of these causes, the one part or the other.
#[derive(Clone, Copy)]
struct Only {
    echoes: bool,
    causes: Causes,
}

/// The items of a multi error, and those of what is expected that are looked for among them.
#[derive(Clone, Copy)]
struct List<'a> {
    items: &'a [Seen],
    only: &'a [Only],
}

/// An end of the items that a pattern can account for, and what has been absorbed up to there.
type Reached = Vec<(usize, Absorbed)>;

pub struct Matcher<'a> {
    pub causes: &'a [Expect],
    pub broken: Broken,
}

impl Matcher<'_> {
    /// Whether `seen` is an error as expected: all of it, nothing left.
    pub fn accepts(&self, expect: &Expect, seen: &Seen) -> bool {
        let items = seen.items();
        let list = List { items, only: &[] };
        let ends = self.reach(expect, list, 0, Absorbed::default());
        ends.iter().any(|(end, _)| *end == items.len())
    }

    fn reach(&self, expect: &Expect, list: List<'_>, at: usize, state: Absorbed) -> Reached {
        match expect {
            Expect::Error { .. } | Expect::OwnWords { .. } => {
                self.reach_one(expect, list, at, state)
            }
            Expect::Echo(_) => self.reach_echo(expect, list, at, state),
            Expect::Wrapped { .. } if self.broken == Broken::EchoInTaskStays => {
                self.reach_one(expect, list, at, state)
            }
            Expect::Wrapped { .. } => self.reach_echo(expect, list, at, state),
            Expect::InOrder(parts) => parts.iter().fold(vec![(at, state)], |reached, part| {
                let next = |(at, state)| self.reach(part, list, at, state);
                reached.into_iter().flat_map(next).collect()
            }),
            Expect::AnyOrder(parts) => self.reach_any_order(parts, list, at, state),
            Expect::Absorbing {
                cause,
                listed,
                inner,
            } => self.reach_absorbing((*cause, *listed), inner, list, at, state),
            Expect::FailuresFirst { causes, inner } => {
                self.reach_sorted(*causes, inner, list, at, state)
            }
        }
    }

    /// An error that is one item of the list.
    fn reach_one(&self, expect: &Expect, list: List<'_>, at: usize, state: Absorbed) -> Reached {
        let is_looked_for = |only: &Only| expect.is_echo(only.causes, self.causes) == only.echoes;
        if !list.only.iter().all(is_looked_for) {
            return vec![(at, state)];
        }
        let fits = list.items.get(at).is_some_and(|item| match expect {
            Expect::Error { code, text } => {
                item.is_plain() && item.code == *code && *item.text == **text
            }
            Expect::OwnWords { code, names } => {
                item.is_plain()
                    && item.code == *code
                    && names.iter().all(|name| item.text.contains(name))
            }
            Expect::Wrapped { by, inner, .. } => {
                item.is_wrapped_by(*by) && self.accepts(inner, &item.inner[0])
            }
            _ => false,
        });
        if fits {
            vec![(at + 1, state)]
        } else {
            Vec::new()
        }
    }

    /// An echo is an error like any other, except in a group that absorbs it.
    fn reach_echo(&self, expect: &Expect, list: List<'_>, at: usize, state: Absorbed) -> Reached {
        let cause = expect
            .echo_of()
            .filter(|cause| state.absorbing & (1 << cause) != 0);
        let Some(bit) = cause.map(|cause| 1 << cause) else {
            return self.reach_itself(expect, list, at, state);
        };
        if state.listed & bit != 0 {
            return vec![(at, state)];
        }
        // While the echo itself is listed its cause is not absorbed.
        let inside = Absorbed {
            absorbing: state.absorbing & !bit,
            ..state
        };
        let mut reached = self.reach_itself(expect, list, at, inside);
        for (_, after) in &mut reached {
            after.absorbing |= bit;
            after.listed |= bit;
        }
        reached
    }

    fn reach_itself(&self, expect: &Expect, list: List<'_>, at: usize, state: Absorbed) -> Reached {
        match expect {
            Expect::Echo(cause) => self.reach_cause(*cause, list, at, state),
            _ => self.reach_one(expect, list, at, state),
        }
    }

    /// A cause that came back bare. Where its echoes are apart, all of it is among them, whatever it is
    /// made of.
    fn reach_cause(&self, cause: Cause, list: List<'_>, at: usize, state: Absorbed) -> Reached {
        let bit = 1 << cause;
        if state.told & bit != 0 && self.broken != Broken::ListedTwice {
            return vec![(at, state)];
        }
        let told = Absorbed {
            told: state.told | bit,
            ..state
        };
        let (of_it, others): (Vec<Only>, Vec<Only>) =
            list.only.iter().partition(|only| only.causes & bit != 0);
        if of_it.iter().any(|only| !only.echoes) {
            return vec![(at, told)];
        }
        let list = List {
            only: &others,
            ..list
        };
        self.reach(&self.causes[cause], list, at, told)
    }

    /// The failures, and then, from where they end, the echoes. Each time all is gone through.
    fn reach_sorted(
        &self,
        causes: Causes,
        inner: &Expect,
        list: List<'_>,
        at: usize,
        state: Absorbed,
    ) -> Reached {
        let part = |echoes, at| {
            let only = [list.only, &[Only { echoes, causes }]].concat();
            let list = List {
                only: &only,
                ..list
            };
            self.reach(inner, list, at, state)
        };
        let echoes_first = self.broken == Broken::EchoesFirst;
        let first = part(echoes_first, at).into_iter().map(|(end, _)| end);
        let ends: HashSet<usize> = first.collect();
        ends.into_iter()
            .flat_map(|end| part(!echoes_first, end))
            .collect()
    }

    fn reach_absorbing(
        &self,
        (cause, listed): (Cause, bool),
        inner: &Expect,
        list: List<'_>,
        at: usize,
        state: Absorbed,
    ) -> Reached {
        let bit = 1u64 << cause;
        if state.absorbing & bit != 0 || self.broken == Broken::EchoesStay {
            return self.reach(inner, list, at, state);
        }
        let listed = if listed { bit } else { 0 };
        let inside = Absorbed {
            absorbing: state.absorbing | bit,
            listed: state.listed & !bit | listed,
            ..state
        };
        let mut reached = self.reach(inner, list, at, inside);
        reached
            .iter_mut()
            .for_each(|(_, after)| after.absorbing &= !bit);
        reached
    }

    /// Tries each of the parts as the next one. One that takes no item and changes nothing (an echo
    /// that is absorbed) fits anywhere, so it is no choice; of equal parts one trial is enough; and
    /// what is left is not tried twice from the same place. So many children that failed alike do
    /// not make many trials.
    fn reach_any_order(
        &self,
        parts: &[Expect],
        list: List<'_>,
        at: usize,
        state: Absorbed,
    ) -> Reached {
        let mut reached = Reached::new();
        let mut tried = HashSet::new();
        let mut to_try = vec![(vec![true; parts.len()], at, state)];
        while let Some((mut left, at, state)) = to_try.pop() {
            let ends = self.reach_each(parts, &mut left, list, at, state);
            if ends.is_empty() && !left.contains(&true) && !reached.contains(&(at, state)) {
                reached.push((at, state));
            }
            for (part, end, state) in ends {
                let mut left = left.clone();
                left[part] = false;
                if tried.insert((left.clone(), end, state)) {
                    to_try.push((left, end, state));
                }
            }
        }
        reached
    }

    /// Whether what takes no item here may take one elsewhere: of a block, the only echo that is listed may be
    /// the one that is told already.
    fn may_take(&self, part: &Expect, list: List<'_>, at: usize, state: Absorbed) -> bool {
        let untold = Absorbed { told: 0, ..state };
        let is_block = !matches!(part, Expect::Echo(_) | Expect::Wrapped { .. });
        is_block && self.reach(part, list, at, untold) != [(at, untold)]
    }

    /// Where each of the parts that are left ends if it is the next one. Those that are no choice
    /// are left no longer.
    fn reach_each(
        &self,
        parts: &[Expect],
        left: &mut [bool],
        list: List<'_>,
        at: usize,
        state: Absorbed,
    ) -> Vec<(usize, usize, Absorbed)> {
        let mut ends: Vec<(usize, usize, Absorbed)> = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            if !left[i] {
                continue;
            }
            let reached = self.reach(part, list, at, state);
            left[i] = reached != [(at, state)] || self.may_take(part, list, at, state);
            if left[i] && !ends.iter().any(|(earlier, ..)| parts[*earlier] == *part) {
                ends.extend(reached.into_iter().map(|(end, state)| (i, end, state)));
            }
        }
        ends
    }
}
