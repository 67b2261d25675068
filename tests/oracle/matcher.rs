//! Whether an error that the library returned is one that the model expects.

use crate::expect::{Cause, Expect};
use crate::model::Broken;
use crate::observe::Seen;
use std::collections::HashSet;

/// Which causes the enclosing groups absorb, and which of them were listed: one bit a cause.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Absorbed {
    absorbing: u64,
    listed: u64,
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
        let ends = self.reach(expect, items, 0, Absorbed::default());
        ends.iter().any(|(end, _)| *end == items.len())
    }

    fn reach(&self, expect: &Expect, items: &[Seen], at: usize, state: Absorbed) -> Reached {
        match expect {
            Expect::Error { .. } | Expect::OwnWords { .. } => {
                self.reach_one(expect, items, at, state)
            }
            Expect::Echo(_) => self.reach_echo(expect, items, at, state),
            Expect::Task { .. } if self.broken == Broken::EchoInTaskStays => {
                self.reach_one(expect, items, at, state)
            }
            Expect::Task { .. } => self.reach_echo(expect, items, at, state),
            Expect::InOrder(parts) => parts.iter().fold(vec![(at, state)], |reached, part| {
                let next = |(at, state)| self.reach(part, items, at, state);
                reached.into_iter().flat_map(next).collect()
            }),
            Expect::AnyOrder(parts) => self.reach_any_order(parts, items, at, state),
            Expect::Absorbing {
                cause,
                listed,
                inner,
            } => self.reach_absorbing((*cause, *listed), inner, items, at, state),
        }
    }

    /// An error that is one item of the list.
    fn reach_one(&self, expect: &Expect, items: &[Seen], at: usize, state: Absorbed) -> Reached {
        let fits = items.get(at).is_some_and(|item| match expect {
            Expect::Error { code, text } => {
                item.is_plain() && item.code == *code && *item.text == **text
            }
            Expect::OwnWords { code, names } => {
                item.is_plain()
                    && item.code == *code
                    && names.iter().all(|name| item.text.contains(name))
            }
            Expect::Task { name, inner, .. } => {
                item.task.as_deref() == Some(*name) && self.accepts(inner, &item.inner[0])
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
    fn reach_echo(&self, expect: &Expect, items: &[Seen], at: usize, state: Absorbed) -> Reached {
        let cause = expect
            .echo_of()
            .filter(|cause| state.absorbing & (1 << cause) != 0);
        let Some(bit) = cause.map(|cause| 1 << cause) else {
            return self.reach_itself(expect, items, at, state);
        };
        if state.listed & bit != 0 {
            return vec![(at, state)];
        }
        // While the echo itself is listed its cause is not absorbed.
        let inside = Absorbed {
            absorbing: state.absorbing & !bit,
            ..state
        };
        let mut reached = self.reach_itself(expect, items, at, inside);
        for (_, after) in &mut reached {
            after.absorbing |= bit;
            after.listed |= bit;
        }
        reached
    }

    fn reach_itself(&self, expect: &Expect, items: &[Seen], at: usize, state: Absorbed) -> Reached {
        match expect {
            Expect::Echo(cause) => self.reach(&self.causes[*cause], items, at, state),
            _ => self.reach_one(expect, items, at, state),
        }
    }

    fn reach_absorbing(
        &self,
        (cause, listed): (Cause, bool),
        inner: &Expect,
        items: &[Seen],
        at: usize,
        state: Absorbed,
    ) -> Reached {
        let bit = 1u64 << cause;
        if state.absorbing & bit != 0 || self.broken == Broken::EchoesStay {
            return self.reach(inner, items, at, state);
        }
        let listed = if listed { bit } else { 0 };
        let inside = Absorbed {
            absorbing: state.absorbing | bit,
            listed: state.listed & !bit | listed,
        };
        let mut reached = self.reach(inner, items, at, inside);
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
        items: &[Seen],
        at: usize,
        state: Absorbed,
    ) -> Reached {
        let mut reached = Reached::new();
        let mut tried = HashSet::new();
        let mut to_try = vec![(vec![true; parts.len()], at, state)];
        while let Some((mut left, at, state)) = to_try.pop() {
            let ends = self.reach_each(parts, &mut left, items, at, state);
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

    /// Where each of the parts that are left ends if it is the next one. Those that are no choice
    /// are left no longer.
    fn reach_each(
        &self,
        parts: &[Expect],
        left: &mut [bool],
        items: &[Seen],
        at: usize,
        state: Absorbed,
    ) -> Vec<(usize, usize, Absorbed)> {
        let mut ends: Vec<(usize, usize, Absorbed)> = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            if !left[i] {
                continue;
            }
            let reached = self.reach(part, items, at, state);
            left[i] = reached != [(at, state)];
            if left[i] && !ends.iter().any(|(earlier, ..)| parts[*earlier] == *part) {
                ends.extend(reached.into_iter().map(|(end, state)| (i, end, state)));
            }
        }
        ends
    }
}
