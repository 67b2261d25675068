//! What was certain only if nothing else came in between: it is judged when all is over, for only then it is known what
//! came. What does not hold makes the case racy, or another schedule.

use crate::evaluate::Model;
use crate::model::{Answer, Broken};
use crate::nurseries::{Child, Open};
use crate::past::Past;
use crate::run::Run;
use crate::together::Limited;

pub enum Claim {
    /// If the handle was cancelled, then after that event.
    Uncancelled { handle: usize, event: usize },
    /// The nursery had no place for who knew that, until that event.
    Full {
        nursery: usize,
        by: usize,
        past: Past,
    },
    /// It had one, for that child.
    Room {
        nursery: usize,
        child: usize,
        past: Past,
    },
    /// No other child was given a place in place of that one, or it does not matter.
    Alone {
        nursery: usize,
        child: usize,
        event: usize,
        past: Past,
    },
    /// When that spawn waited, if it did, not all who had places waited at the same time.
    NoRing {
        nursery: usize,
        event: usize,
        past: Past,
    },
    /// At that event children were left.
    Left { nursery: usize, event: usize },
    /// It was asked how many children it has.
    Count {
        nursery: usize,
        event: usize,
        past: Past,
        answer: (usize, usize),
    },
    /// The promise was completed, by that event, before the handle was cancelled.
    Completed { handle: usize, event: usize },
    /// The promise was not completed before that event.
    NotCompleted { promise: usize, event: usize },
    /// It was asked whether a handle is draining: if one of these is cancelled, which may be all, and may be known to be.
    Draining {
        because: Vec<usize>,
        is_all: bool,
        known: bool,
        event: usize,
        answer: (usize, usize),
    },
}

impl<'a> Model<'a> {
    pub fn look_for_draining(&mut self, run: &mut Run<'a>, leaf: usize) {
        let (because, is_all) = self.handles.makes_draining(run.inside.handle);
        let known = because.iter().any(|handle| {
            let cancelled = self.handles.cancelled(*handle);
            cancelled.is_some_and(|cancelled| cancelled.is_known(&run.past))
        });
        let event = self.handles.event();
        run.past.learn(event);
        let answer = (leaf, self.fates[leaf].answers.len());
        self.answer(leaf, Answer::Bool(None));
        self.claims.push(Claim::Draining {
            because,
            is_all,
            known,
            event,
            answer,
        });
    }

    pub fn judge(&mut self) {
        for claim in std::mem::take(&mut self.claims) {
            let holds = match claim {
                Claim::Count {
                    nursery,
                    event,
                    past,
                    answer: (leaf, i),
                } => {
                    let (least, most) = self.nurseries[nursery].bounds(event, &past);
                    self.fates[leaf].answers[i] = Answer::Between(least, most);
                    true
                }
                Claim::Draining {
                    answer: (leaf, i), ..
                } => {
                    self.fates[leaf].answers[i] = Answer::Bool(self.is_draining(&claim));
                    true
                }
                claim => self.holds(&claim),
            };
            self.racy |= !holds;
        }
        for limited in std::mem::take(&mut self.limited) {
            self.judge_limited(&limited);
        }
        for nursery in 0..self.nurseries.len() {
            self.judge_nursery(nursery);
        }
    }

    fn holds(&self, claim: &Claim) -> bool {
        let limit = |nursery: usize| self.case.nurseries[nursery].limit;
        match claim {
            Claim::Uncancelled { handle, event } | Claim::Completed { handle, event } => {
                self.is_before_cancellation(*handle, *event)
            }
            Claim::Full { nursery, by, past } => {
                let open = &self.nurseries[*nursery];
                self.broken != Broken::Nothing || open.bounds(*by, past).0 >= limit(*nursery)
            }
            Claim::Room {
                nursery,
                child,
                past,
            } => self.has_room(*nursery, *child, past),
            Claim::Alone {
                nursery,
                child,
                event,
                past,
            } => {
                let mut others = self.nurseries[*nursery].accepted();
                let is_alone = others.all(|(k, other, accepted)| {
                    let before = past.knows(accepted);
                    let after = other.accepted.is_some_and(|(_, past)| past.knows(*event));
                    k == *child || before || after
                });
                is_alone || self.never_waits(*nursery) || self.has_room(*nursery, *child, past)
            }
            Claim::NoRing {
                nursery,
                event,
                past,
            } => {
                let others = self.nurseries[*nursery].waits.iter();
                let at_the_same_time = others.filter(|(other, before)| {
                    other != event && !past.knows(*other) && !before.knows(*event)
                });
                at_the_same_time.count() + 1 < limit(*nursery)
            }
            Claim::Left { nursery, event } => {
                let mut accepted = self.nurseries[*nursery].accepted();
                accepted.any(|(_, child, _)| child.over.is_some_and(|over| over.past.knows(*event)))
            }
            Claim::NotCompleted { promise, event } => self.promises[*promise]
                .as_ref()
                .is_none_or(|completed| completed.past.knows(*event)),
            Claim::Count { .. } | Claim::Draining { .. } => true,
        }
    }

    /// Whether there was a place for that child, whatever came first.
    fn has_room(&self, nursery: usize, child: usize, past: &Past) -> bool {
        let open = &self.nurseries[nursery];
        let own = open.children[child].accepted.map(|(event, _)| event);
        let most = own.map_or(0, |event| open.bounds(event, past).1);
        let limit = self.case.nurseries[nursery].limit;
        // It is one of these itself.
        limit == 0 || most <= limit
    }

    /// Whether all its children end once they have a place, and those that they spawn.
    fn never_waits(&self, nursery: usize) -> bool {
        let mut accepted = self.nurseries[nursery].accepted();
        accepted.all(|(_, child, _)| self.case.never_waits(child.tree, nursery))
    }

    fn is_before_cancellation(&self, handle: usize, event: usize) -> bool {
        let cancelled = self.handles.cancelled(handle);
        cancelled.is_none_or(|cancelled| cancelled.past.knows(event))
    }

    fn is_draining(&self, claim: &Claim) -> Option<bool> {
        let Claim::Draining {
            because,
            is_all,
            known,
            event,
            ..
        } = claim
        else {
            return None;
        };
        let mut before = because
            .iter()
            .map(|handle| self.is_before_cancellation(*handle, *event));
        match (self.broken, known) {
            (Broken::NeverDraining, _) if because.len() > 1 => Some(false),
            (_, true) => Some(true),
            _ => (before.all(|is_before| is_before) && *is_all).then_some(false),
        }
    }

    /// What has not begun at a cancellation never begins: each that the cancellation did not know to have begun may not have.
    /// What has not begun must have been kept from it by others that have only ended afterwards.
    fn judge_limited(&mut self, limited: &Limited) {
        let Some(cancelled) = self.handles.cancelled(limited.handle) else {
            return;
        };
        for (j, start) in limited.starts.iter().enumerate() {
            if !cancelled.past.knows(*start) {
                self.others
                    .push(self.schedule.holding_from((limited.id, j)));
            }
        }
        let next = (limited.id, limited.starts.len());
        if limited.is_cut && !self.schedule.holds_from(next) {
            // To know that a handle above is cancelled is not enough.
            let ends = limited.ends.iter();
            let stayed = ends.filter(|end| cancelled.is_known(end)).count();
            // The one that has cancelled by its failure has not given its place up before.
            let stayed = stayed + usize::from(cancelled.from_below);
            self.racy |= stayed < limited.limit;
        }
    }

    /// The same of a nursery's children; and each may have been refused because of the cancellation, unless that knows
    /// what became of it.
    fn judge_nursery(&mut self, nursery: usize) {
        let open = &self.nurseries[nursery];
        let Some(handle) = open.handle else {
            return;
        };
        self.racy |= open.may_have_been_over();
        let Some(cancelled) = self.handles.cancelled(handle) else {
            return;
        };
        let answered = open.children.iter().enumerate();
        let answered = answered.filter_map(|(k, child)| Some((k, child, child.answered?)));
        for (k, child, event) in answered {
            let place = (open.id, k);
            if !cancelled.past.knows(event) {
                self.others.push(self.schedule.with_slow(place));
            }
            let begun = child.start.and_then(|start| start.event);
            if begun.is_some_and(|begun| !cancelled.past.knows(begun)) {
                self.others.push(self.schedule.holding(place));
            }
        }
    }
}

impl Open<'_> {
    /// How many children there are at least, and at most, at that event, for who knows that much before it.
    fn bounds(&self, event: usize, past: &Past) -> (usize, usize) {
        let is_there = |child: &Child<'_>, accepted: usize| {
            let over = child.over.as_ref();
            past.knows(accepted) && over.is_some_and(|over| over.past.knows(event))
        };
        let may_be_there = |child: &Child<'_>| {
            let is_gone = child.over.is_some_and(|over| past.knows(over.event));
            let comes_later = child
                .accepted
                .is_some_and(|(_, before)| before.knows(event));
            !is_gone && !comes_later
        };
        let least = self
            .accepted()
            .filter(|(_, child, accepted)| is_there(child, *accepted));
        let most = self.accepted().filter(|(_, child, _)| may_be_there(child));
        (least.count(), most.count())
    }

    /// Whether something was asked from outside that nothing has kept the nursery open for: neither the body nor a child
    /// has waited for that. What the body knows may come from that very child, once it has waited for all.
    fn may_have_been_over(&self) -> bool {
        let (body, children) = self.children.split_at(1);
        let body = body.iter().filter(|_| !self.rested);
        let keepers: Vec<&Child<'_>> = body.chain(children).collect();
        let mut asked = self.children.iter().filter_map(|child| child.from_outside);
        asked.any(|asked| {
            let keeps_open = |child: &&Child<'_>| {
                let before = child.start.is_some_and(|start| start.past.knows(asked));
                !before && child.over.is_some_and(|over| over.past.knows(asked))
            };
            !keepers.iter().any(keeps_open)
        })
    }
}
