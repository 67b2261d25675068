//! The model's nurseries. Who spawns is anywhere in the tree, so what is known of a nursery's children is kept apart from
//! the nodes.

use crate::case::{OnFailure, REPLACED, Tree};
use crate::claims::Claim;
use crate::evaluate::Model;
use crate::expect::Expect;
use crate::model::{Answer, Broken};
use crate::past::Past;
use crate::refused::not_spawned;
use crate::run::{Run, Start};
use crate::schedule::Place;

/// What is known of the run of a nursery.
#[derive(Default)]
pub struct Open<'a> {
    pub id: usize,
    /// `None`: it has not begun.
    pub handle: Option<usize>,
    /// That it has.
    begun: usize,
    /// That it has completed.
    pub over: Option<usize>,
    /// The first is the body.
    pub children: Vec<Child<'a>>,
    /// The spawns from inside of places that may have waited: that each was answered, and what was known before.
    pub waits: Vec<(usize, Past)>,
    /// The body has waited until no child was left.
    pub rested: bool,
    /// What its children of the background run below, once they were cancelled at the end of the others.
    pub left_alone: Option<usize>,
    /// How many errors have passed through `on_failure`.
    pub failures: usize,
}

pub struct Child<'a> {
    pub tree: &'a Tree,
    /// That the nursery, which was not cancelled, has accepted or refused it.
    pub answered: Option<usize>,
    /// The event that it was accepted, and what was known then.
    pub accepted: Option<(usize, Past)>,
    /// That it was asked for from outside, of a nursery that had not completed.
    pub from_outside: Option<usize>,
    /// `None`: not yet, or it was released instead.
    pub start: Option<Start>,
    pub over: Option<Over>,
}

/// The end of a child, with all that is known then.
#[derive(Clone, Copy)]
pub struct Over {
    pub event: usize,
    pub past: Past,
}

impl Open<'_> {
    /// Those that have been accepted.
    pub fn accepted(&self) -> impl Iterator<Item = (usize, &Child<'_>, usize)> {
        let children = self.children.iter().enumerate();
        children.filter_map(|(k, child)| Some((k, child, child.accepted.as_ref()?.0)))
    }

    /// How many have a place.
    fn count(&self) -> usize {
        let is_there = |(_, child, _): &(usize, &Child<'_>, usize)| child.over.is_none();
        self.accepted().filter(is_there).count()
    }
}

impl<'a> Model<'a> {
    pub fn open(&mut self, run: &mut Run<'a>, number: usize, kids: &'a [Tree]) {
        let child = |tree| Child {
            tree,
            answered: None,
            accepted: None,
            from_outside: None,
            start: None,
            over: None,
        };
        let begun = self.handles.event();
        run.past.learn(begun);
        let open = &mut self.nurseries[number];
        (open.id, open.handle, open.begun) = (run.id, Some(run.inside.handle), begun);
        open.children = kids.iter().map(child).collect();
        self.open_background(run);
        run.inside.nurseries |= 1 << number;
        let past = run.past;
        run.kids[0].start = Some(Start { event: None, past });
    }

    pub fn nursery(&mut self, run: &mut Run<'a>, number: usize) -> bool {
        let mut moved = false;
        for k in 0..run.kids.len() {
            if k > 0 {
                run.kids[k].start = self.nurseries[number].children[k].start;
            }
            let Some(start) = run.kids[k].start.filter(|_| !run.kids[k].told) else {
                continue;
            };
            if run.kids[k].done.is_none() {
                let mut inside = self.inside_of(run, k);
                inside.places |= u64::from(k > 0) << number;
                let is_behind = inside.handle != run.inside.handle;
                inside.behind |= u64::from(is_behind) << number;
                moved |= self.visit(&mut run.kids[k], inside, start.past);
            }
            moved |= run.kids[k].done.is_some() && self.tell_nursery(run, number, k);
        }
        moved |= self.leave_alone_in_nursery(run, number);
        if !self.is_over(run, number) {
            return moved;
        }
        run.learn_from_kids();
        let event = self.handles.event();
        run.past.learn(event);
        self.nurseries[number].over = Some(event);
        let error = self.all_errors(run, true, false);
        run.finish(error)
    }

    /// Whether the body and all that was accepted has ended. What has not begun at a cancellation was released.
    fn is_over(&mut self, run: &Run<'_>, number: usize) -> bool {
        let is_cancelled = self.handles.is_cancelled(run.inside.handle);
        let accepted = || self.nurseries[number].accepted();
        let is_left = accepted().any(|(k, child, _)| child.start.is_some() && !run.kids[k].told);
        let is_held = !is_cancelled && accepted().any(|(_, child, _)| child.start.is_none());
        self.held_back |= is_held;
        run.kids[0].told && !is_left && !is_held
    }

    fn tell_nursery(&mut self, run: &mut Run<'a>, number: usize, k: usize) -> bool {
        let Some(done) = &run.kids[k].done else {
            return false;
        };
        let (handle, past) = (run.inside.handle, done.past);
        let passes = k > 0
            && done
                .error
                .as_ref()
                .is_some_and(|e| self.passes(e, number, handle) && !self.is_because_alone(run, e));
        let error = match &done.error {
            Some(error) if passes => self.after_on_failure(error, number),
            Some(error) if self.is_because_alone(run, error) => None,
            error => error.clone(),
        };
        if let Some(error) = &error
            && !self.fail(handle, error, &past, done.outrun)
        {
            return false;
        }
        run.kids[k].told = true;
        run.errors.extend(error);
        let event = self.handles.event();
        let open = &mut self.nurseries[number];
        open.failures += usize::from(passes);
        let mut over = Over { event, past };
        over.past.learn(event);
        open.children[k].over = Some(over);
        true
    }

    /// Whether a child's error passes through what the program has for that: not if it only passes on why the nursery was
    /// cancelled.
    fn passes(&self, error: &Expect, number: usize, handle: usize) -> bool {
        let causes = self.handles.causes_of(handle, true);
        let is_echo = self.handles.is_cancelled(handle)
            && error.is_echo(causes, &self.handles.causes)
            && self.broken != Broken::OnFailureHearsEchoes;
        self.case.nurseries[number].on_failure != OnFailure::None && !is_echo
    }

    fn after_on_failure(&self, error: &Expect, number: usize) -> Option<Expect> {
        match self.case.nurseries[number].on_failure {
            _ if self.broken == Broken::OnFailureIgnored => Some(error.clone()),
            OnFailure::Swallow => None,
            OnFailure::Replace => Some(Expect::error(REPLACED.0, Some(REPLACED.1))),
            OnFailure::None | OnFailure::Pass => Some(error.clone()),
        }
    }

    /// False while it waits for a place.
    pub fn spawn(&mut self, run: &mut Run<'a>, leaf: usize, place: Place, tries: bool) -> bool {
        let (number, k) = place;
        let function = if tries {
            "proc_try_spawn"
        } else {
            "proc_spawn"
        };
        let open = &self.nurseries[number];
        let (Some(handle), Some(child)) = (open.handle, open.children.get(k)) else {
            // Nobody has it yet.
            self.racy = true;
            return true;
        };
        self.racy |= child.accepted.is_some() || k == 0 || !run.past.knows(open.begun);
        let refused = not_spawned(function, self.case, child.tree);
        let over = open
            .over
            .filter(|_| self.broken != Broken::AcceptedAfterEnd);
        if refused.is_none() && over.is_none() {
            return match self.cancelled_answer(run, place, handle) {
                Some(refused) => self.refuse(leaf, refused),
                None => self.offer(run, leaf, place, tries),
            };
        }
        self.racy |= refused.is_none() && over.is_some_and(|over| !run.past.knows(over));
        self.refuse(leaf, refused.unwrap_or_else(|| own(libc::EPIPE, function)))
    }

    fn refuse(&mut self, leaf: usize, error: Expect) -> bool {
        self.answer(leaf, Answer::Error(Some(error)));
        true
    }

    /// What a cancelled nursery answers.
    fn cancelled_answer(
        &mut self,
        run: &mut Run<'_>,
        place: Place,
        handle: usize,
    ) -> Option<Expect> {
        let cancelled = self.handles.cancelled(handle)?;
        if self.broken == Broken::AcceptedAfterCancel {
            return None;
        }
        let event = self.handles.event();
        run.past.learn(event);
        self.note_open(run, place, event);
        let is_slow = self.is_slow(place);
        if run.waits && !is_slow {
            // It has waited until now, if there was no place before.
            let (by, past) = (cancelled.event, run.past);
            self.note_wait(run, place.0, event, past);
            self.claims.push(Claim::Full {
                nursery: place.0,
                by,
                past,
            });
            self.handles.wait(handle, &mut run.past);
        } else if !is_slow {
            self.racy |= !cancelled.is_known(&run.past);
        }
        Some(Expect::Echo(cancelled.cause))
    }

    fn is_slow(&self, (number, k): Place) -> bool {
        let place = (self.nurseries[number].id, k);
        self.schedule.slow.contains(&place)
    }

    /// The nursery has answered that it is not over.
    fn note_open(&mut self, run: &Run<'_>, (nursery, k): Place, event: usize) {
        let is_outside = run.inside.nurseries & (1 << nursery) == 0;
        self.nurseries[nursery].children[k].from_outside = is_outside.then_some(event);
    }

    /// The nursery is not cancelled: it accepts the child, if there is a place.
    fn offer(&mut self, run: &mut Run<'a>, leaf: usize, place: Place, tries: bool) -> bool {
        let nursery = place.0;
        if self.is_slow(place) {
            self.held_back = true;
            return false;
        }
        let limit = self.case.nurseries[nursery].limit;
        let is_full = limit > 0
            && self.nurseries[nursery].count() >= limit
            && !(tries && self.broken == Broken::NeverFull);
        if !is_full {
            self.accept(run, place, tries);
            self.answer(leaf, Answer::Error(None));
            return true;
        }
        // Of the only place, who is in it cannot wait for the end.
        let is_ring = limit == 1 && run.inside.places & (1 << nursery) != 0;
        if tries || is_ring {
            let (by, past) = (self.handles.event(), run.past);
            run.past.learn(by);
            self.nurseries[nursery].children[place.1].answered = Some(by);
            self.note_open(run, place, by);
            self.claims.push(Claim::Full { nursery, by, past });
            return self.refuse(
                leaf,
                match tries {
                    true => own(libc::EAGAIN, "proc_try_spawn"),
                    false => own(libc::EDEADLK, "proc_spawn"),
                },
            );
        }
        // What ends the wait besides is not looked at.
        let own_handle = run.inside.handle;
        if self.nurseries[nursery].handle != Some(own_handle) {
            self.racy |= self.handles.is_cancelled(own_handle);
        }
        run.waits = true;
        false
    }

    /// Where it matters, it must be certain that there was a place: who tries would be refused, and who waits might be
    /// cancelled.
    fn claim_place(&mut self, run: &Run<'_>, (nursery, child): Place, tries: bool, event: usize) {
        let (open, inside, limit) = (
            &self.nurseries[nursery],
            run.inside,
            self.case.nurseries[nursery].limit,
        );
        if limit == 0 {
            return;
        }
        let (handle, past) = (inside.handle, run.past);
        let is_other = open.handle != Some(handle);
        if tries || is_other && self.handles.is_cancelled(handle) {
            self.claims.push(Claim::Room {
                nursery,
                child,
                past,
            });
        } else if is_other {
            self.claims.push(Claim::Uncancelled { handle, event });
        }
        if !tries {
            self.claims.push(Claim::Alone {
                nursery,
                child,
                event,
                past,
            });
            self.note_wait(run, nursery, event, past);
        }
    }

    /// A spawn has ended that may have waited. From inside of a place, it must not have been the last one of a ring.
    fn note_wait(&mut self, run: &Run<'_>, nursery: usize, event: usize, past: Past) {
        if run.inside.places & (1 << nursery) != 0 {
            self.nurseries[nursery].waits.push((event, past));
            self.claims.push(Claim::NoRing {
                nursery,
                event,
                past,
            });
        }
    }

    fn accept(&mut self, run: &mut Run<'a>, (nursery, k): Place, tries: bool) {
        let (event, before) = (self.handles.event(), run.past);
        self.note_company(run, nursery, k);
        self.claim_place(run, (nursery, k), tries, event);
        self.note_open(run, (nursery, k), event);
        run.past.learn(event);
        let id = self.nurseries[nursery].id;
        let is_held = self.schedule.held.contains(&(id, k));
        let mut past = run.past;
        let begins = self.handles.event();
        past.learn(begins);
        let child = &mut self.nurseries[nursery].children[k];
        child.answered = Some(event);
        child.accepted = Some((event, before));
        child.start = (!is_held).then_some(Start {
            event: Some(begins),
            past,
        });
    }

    /// False while a child is left and it is not cancelled.
    pub fn nursery_wait(&mut self, run: &mut Run<'a>, leaf: usize, number: usize) -> bool {
        let open = &self.nurseries[number];
        let is_body = |child: &Child<'_>| matches!(child.tree, Tree::Leaf(body) if *body == leaf);
        let Some(handle) = open.handle.filter(|_| is_body(&open.children[0])) else {
            self.racy = true;
            return true;
        };
        let overs: Vec<Option<Over>> = open.accepted().map(|(_, child, _)| child.over).collect();
        let overs: Option<Vec<Over>> = overs.into_iter().collect();
        let is_cancelled = self.handles.is_cancelled(handle);
        if overs.is_none() && !is_cancelled {
            return false;
        }
        let event = self.handles.event();
        if let Some(overs) = &overs {
            let were_known = overs.iter().all(|over| run.past.knows(over.event));
            self.racy |= is_cancelled && !were_known;
            overs.iter().for_each(|over| run.past.learn_all(&over.past));
            if !were_known {
                self.claims.push(Claim::Uncancelled { handle, event });
            }
        } else {
            self.handles.wait(handle, &mut run.past);
            let nursery = number;
            self.claims.push(Claim::Left { nursery, event });
        }
        run.past.learn(event);
        self.nurseries[number].rested = true;
        self.answer(leaf, Answer::Bool(Some(overs.is_some())));
        true
    }

    pub fn count(&mut self, run: &mut Run<'a>, leaf: usize, nursery: usize) {
        let open = &self.nurseries[nursery];
        self.racy |= open.handle.is_none() || !run.past.knows(open.begun);
        let (event, past) = (self.handles.event(), run.past);
        run.past.learn(event);
        let answer = self.fates[leaf].answers.len();
        self.answer(leaf, Answer::Between(0, 0));
        self.claims.push(Claim::Count {
            nursery,
            event,
            past,
            answer: (leaf, answer),
        });
    }
}

fn own(code: i32, function: &str) -> Expect {
    Expect::own_words(code, &[function])
}
