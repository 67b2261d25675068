//! The model's combinators of several children that run at the same time.

use crate::case::Kind;
use crate::evaluate::Model;
use crate::expect::{By, Expect};
use crate::model::Broken;
use crate::past::Past;
use crate::run::{Decided, Done, Run, Start};

/// Which child decides for the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decides {
    Nobody,
    /// Each that fails cancels them.
    Failing,
    First,
    Succeeding,
}

#[derive(Clone, Copy)]
struct Rule {
    decides: Decides,
    /// How many at a time; then, what has not begun at a cancellation never begins.
    limit: Option<usize>,
    indexed: bool,
}

/// What is to be judged of one with a limit when it is known whether it was ever cancelled.
pub struct Limited {
    pub id: usize,
    pub handle: usize,
    pub limit: usize,
    /// The beginnings, in order.
    pub starts: Vec<usize>,
    /// What was known at the end of those that have begun.
    pub ends: Vec<Past>,
    /// Whether some that might have begun have not.
    pub is_cut: bool,
}

impl Rule {
    fn of(kind: Kind, broken: Broken) -> Rule {
        let (decides, limit) = match kind {
            Kind::Concurrent if broken == Broken::ConcurrentCancels => (Decides::Failing, None),
            Kind::ConcurrentLimit(limit) => (Decides::Nobody, Some(limit)),
            Kind::Group => (Decides::Failing, None),
            Kind::GroupLimit(limit) | Kind::Each(limit) => (Decides::Failing, Some(limit)),
            Kind::Race => (Decides::First, None),
            Kind::Any if broken == Broken::FailureDecidesAny => (Decides::First, None),
            Kind::Any => (Decides::Succeeding, None),
            _ => (Decides::Nobody, None),
        };
        let number = |limit| if limit == 0 { usize::MAX } else { limit };
        Rule {
            decides,
            limit: limit.map(number),
            indexed: matches!(kind, Kind::Each(_)) && broken != Broken::IndexNotNamed,
        }
    }

    fn is_contest(self) -> bool {
        matches!(self.decides, Decides::First | Decides::Succeeding)
    }

    fn counts(self, error: Option<&Expect>) -> bool {
        match self.decides {
            Decides::First => true,
            Decides::Succeeding => error.is_none(),
            _ => false,
        }
    }
}

impl<'a> Model<'a> {
    pub fn together(&mut self, run: &mut Run<'a>, kind: Kind) -> bool {
        let rule = Rule::of(kind, self.broken);
        if run.next == 0 && matches!(kind, Kind::Group | Kind::GroupLimit(_)) {
            self.open_background(run);
        }
        let mut moved = self.start_kids(run, rule);
        let mut order: Vec<usize> = (0..run.kids.len()).collect();
        if let Some(rng) = &mut self.order {
            rng.shuffle(&mut order);
        }
        for i in order {
            let Some(start) = run.kids[i].start.filter(|_| !run.kids[i].told) else {
                continue;
            };
            if run.kids[i].done.is_none() {
                let inside = self.inside_of(run, i);
                moved |= self.visit(&mut run.kids[i], inside, start.past);
            }
            moved |= run.kids[i].done.is_some() && self.tell(run, i, rule);
        }
        moved |= self.leave_alone(run);
        let is_cut = run.kids.iter().any(|kid| kid.start.is_none());
        let may_begin = is_cut && !self.is_closed(run, rule);
        if may_begin || run.kids.iter().any(|kid| kid.start.is_some() && !kid.told) {
            return moved;
        }
        run.learn_from_kids();
        self.note(run, rule, is_cut);
        let error = self.error_of(run, rule, is_cut);
        run.finish(error)
    }

    /// Whether what has not begun never will.
    fn is_closed(&self, run: &Run<'_>, rule: Rule) -> bool {
        match rule.limit {
            Some(_) if self.broken == Broken::CutGoesOn => false,
            Some(_) => self.handles.is_cancelled(run.inside.handle),
            None => run.decided.is_some(),
        }
    }

    /// Lets begin what may.
    fn start_kids(&mut self, run: &mut Run<'_>, rule: Rule) -> bool {
        let mut moved = false;
        let is_first_time = std::mem::replace(&mut run.next, 1) == 0;
        if is_first_time && rule.limit.is_some() && self.broken != Broken::CutGoesOn {
            run.stopped = self
                .handles
                .is_surely_cancelled(run.inside.handle, &run.past);
        }
        for i in 0..run.kids.len() {
            if run.kids[i].start.is_some() {
                continue;
            }
            let place = (run.id, i);
            let is_held = match rule.limit {
                Some(_) => self.schedule.holds_from(place),
                None => self.schedule.held.contains(&place),
            };
            if self.is_closed(run, rule) || is_full(run, rule) {
                break;
            }
            if is_held {
                self.held_back = true;
                continue;
            }
            run.kids[i].start = Some(self.start(run, i, rule));
            moved = true;
        }
        moved
    }

    /// With a limit, who begins knows that those before it have begun, and if they run one by one, have ended.
    fn start(&mut self, run: &Run<'_>, i: usize, rule: Rule) -> Start {
        let mut past = run.past;
        if rule.limit.is_none() && !rule.is_contest() {
            return Start { event: None, past };
        }
        if let (Some(limit), Some(before)) = (rule.limit, i.checked_sub(1)) {
            let before = &run.kids[before];
            before
                .start
                .iter()
                .for_each(|start| past.learn_all(&start.past));
            let ended = before.done.as_ref().filter(|_| limit == 1);
            ended.iter().for_each(|done| past.learn_all(&done.past));
        }
        let event = self.handles.event();
        past.learn(event);
        Start {
            event: Some(event),
            past,
        }
    }

    /// A child is done, and its combinator hears of it; false if that has to wait.
    fn tell(&mut self, run: &mut Run<'_>, i: usize, rule: Rule) -> bool {
        let Some(done) = &run.kids[i].done else {
            return false;
        };
        let error = match &done.error {
            Some(error) if rule.indexed => Some(Expect::wrapped(By::Index(i), error.clone())),
            Some(error) if self.is_because_alone(run, error) => None,
            error => error.clone(),
        };
        if rule.is_contest() && rule.counts(error.as_ref()) {
            if !self.compete(run, i, error.is_none()) {
                return false;
            }
        } else if let (Decides::Failing, Some(error)) = (rule.decides, &error)
            && !self.fail(run.inside.handle, error, &done.past, done.outrun)
        {
            return false;
        }
        run.kids[i].told = true;
        match (error, run.decided) {
            (Some(error), Some(decided)) if decided.child == i => run.errors.insert(0, error),
            (error, _) => run.errors.extend(error),
        }
        true
    }

    /// A failure cancels the others, if nothing has; false if that has to wait.
    pub fn fail(&mut self, handle: usize, error: &Expect, past: &Past, outrun: bool) -> bool {
        let may = self.handles.is_cancelled(handle) || self.may_cancel();
        if may {
            self.handles.failed(handle, error, past, outrun);
        }
        may
    }

    /// A child of a contest is done that would decide it; false if that has to wait.
    fn compete(&mut self, run: &mut Run<'_>, i: usize, won: bool) -> bool {
        if let Some(decided) = &mut run.decided {
            if self.broken == Broken::LastDecides {
                decided.won = won;
            }
            return true;
        }
        if self.schedule.late.contains(&(run.id, i)) {
            self.held_back = true;
            return false;
        }
        let Some(past) = run.kids[i].done.as_ref().map(|done| done.past) else {
            return false;
        };
        let others = run.kids.len() > 1;
        let cancels = others && !self.handles.is_cancelled(run.inside.handle);
        if cancels && !self.may_cancel() {
            return false;
        }
        let starts = run
            .kids
            .iter()
            .map(|kid| kid.start.and_then(|start| start.event));
        for (j, start) in starts.enumerate() {
            if j != i && start.is_some_and(|start| !past.knows(start)) {
                self.others.push(self.schedule.holding((run.id, j)));
            }
        }
        let event = self.handles.decided(run.inside.handle, &past, others);
        run.decided = Some(Decided {
            child: i,
            event,
            won,
        });
        true
    }

    /// Notes what may have been otherwise.
    fn note(&mut self, run: &Run<'_>, rule: Rule, is_cut: bool) {
        if let Some(decided) = &run.decided {
            let cause = self.handles.cause(run.inside.handle);
            let cancelled_others = cause.is_some_and(|(_, from_below)| from_below);
            let is_rival = |done: &Done| {
                let knows = done.past.knows(decided.event) || done.outrun && cancelled_others;
                rule.counts(done.error.as_ref()) && !knows
            };
            let others = run
                .kids
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != decided.child);
            let mut dones = others.filter_map(|(_, kid)| kid.done.as_ref());
            if dones.any(is_rival) {
                self.others
                    .push(self.schedule.with_late((run.id, decided.child)));
            }
        }
        if let Some(limit) = rule.limit.filter(|_| !run.stopped) {
            let started = run.kids.iter().filter_map(|kid| kid.start);
            let ends = run.kids.iter().filter_map(|kid| kid.done.as_ref());
            self.limited.push(Limited {
                id: run.id,
                handle: run.inside.handle,
                limit,
                starts: started.filter_map(|start| start.event).collect(),
                ends: ends.map(|done| done.past).collect(),
                is_cut,
            });
        }
    }

    fn error_of(&mut self, run: &mut Run<'_>, rule: Rule, is_cut: bool) -> Option<Expect> {
        if run.decided.is_some_and(|decided| decided.won) {
            return None;
        }
        if is_cut && rule.limit.is_some() && self.broken != Broken::CutIsSuccess {
            let cancelled = self.handles.cancelled(run.inside.handle);
            let counts = rule.decides == Decides::Nobody;
            let cause = cancelled.filter(|cancelled| counts || cancelled.from_above);
            run.errors
                .extend(cause.map(|cause| Expect::Echo(cause.cause)));
        }
        let has_handle = rule.decides != Decides::Nobody;
        self.all_errors(run, has_handle, run.decided.is_some())
    }

    /// The errors of all, as one. Of those with a handle of their own, the first is the first if it has cancelled the others,
    /// or is so in any case.
    pub fn all_errors(
        &self,
        run: &mut Run<'_>,
        has_handle: bool,
        is_first: bool,
    ) -> Option<Expect> {
        let handle = run.inside.handle;
        let mut errors = std::mem::take(&mut run.errors);
        if self.broken == Broken::SeveralLost && errors.len() > 1 {
            errors.retain(|error| !error.is_several());
        }
        if errors.is_empty() {
            return None;
        }
        let error = match self.handles.cause(handle).filter(|_| has_handle) {
            None => Expect::first_of(errors, is_first),
            Some((cause, false)) => {
                let listed = self.broken == Broken::EchoesAllVanish;
                Expect::absorbing(cause, listed, Expect::first_of(errors, is_first))
            }
            Some((cause, true)) => {
                let first = errors.remove(0);
                let rest = Expect::absorbing(cause, true, Expect::AnyOrder(errors.clone()));
                match errors.is_empty() {
                    true => first,
                    false if self.broken == Broken::FirstNotFirst => {
                        Expect::InOrder(vec![rest, first])
                    }
                    false => Expect::InOrder(vec![first, rest]),
                }
            }
        };
        Some(self.sorted(error, handle, has_handle))
    }

    /// Failures come before the echoes of what the handle and those above it were cancelled with. The failure
    /// that has cancelled a group is no echo in it.
    pub fn sorted(&self, error: Expect, handle: usize, has_handle: bool) -> Expect {
        let own = self.handles.cause(handle);
        let from_below = has_handle && own.is_some_and(|(_, from_below)| from_below);
        let causes = self.handles.causes_of(handle, !from_below);
        error.failures_first(causes, &self.handles.causes)
    }
}

fn is_full(run: &Run<'_>, rule: Rule) -> bool {
    let is_running = |kid: &&Run<'_>| kid.start.is_some() && !kid.told;
    let running = || run.kids.iter().filter(is_running).count();
    rule.limit.is_some_and(|limit| running() >= limit)
}
