//! The reference model: the contract said again, as a sequential evaluator that walks the tree over
//! and over, each leaf going as far as it can, until the root is done. It shares nothing with the
//! library.
//!
//! It is a race detector, too. Everything that happens knows its past: the looks at a handle and
//! the cancellations that certainly happened before it (`past.rs`). Where two things happen that do
//! not know of each other and whose order the contract lets a program see, the case is called racy
//! (`handles.rs`).

use crate::case::{Case, End, Kind, Op, Tree};
use crate::expect::Expect;
use crate::handles::{GIVEN, Handles, OUTER};
use crate::model::{Broken, Fate, Outcome};
use crate::past::Past;
use crate::refused::refusal;
use crate::rng::Rng;
use crate::run::{Done, Run};

struct Model<'a> {
    case: &'a Case,
    broken: Broken,
    winner: usize,
    order: Option<&'a mut Rng>,
    handles: Handles,
    gates: Vec<Option<Past>>,
    /// Which racers are at the starting line.
    lined_up: Vec<bool>,
    fates: Vec<Fate>,
    /// How many tasks have begun.
    tasks: usize,
}

/// What the contract says will happen. Of racers, number `winner` fails first. With `order`, the
/// nodes are walked in a random order, which must make no difference unless the case is racy.
pub fn predict<'a>(
    case: &'a Case,
    winner: usize,
    broken: Broken,
    order: Option<&'a mut Rng>,
) -> Outcome {
    let (handles, before) = Handles::new(case.outside, broken);
    let gates = vec![None; case.gates];
    let lined_up = vec![false; case.racers];
    let fates = vec![Fate::default(); case.leaves.len()];
    let mut model = Model {
        case,
        broken,
        winner,
        order,
        handles,
        gates,
        lined_up,
        fates,
        tasks: 0,
    };
    if let (Some(error), false) = (refusal(case), broken == Broken::RefusedStarts) {
        return model.outcome(Some(error), false);
    }
    let mut root = Run::of(&case.root, case);
    let mut moved = true;
    while moved && root.done.is_none() {
        moved = model.visit(&mut root, (GIVEN, 0), before);
    }
    let stuck = root.done.is_none();
    let error = root.done.take().and_then(|done| done.error);
    model.outcome(error, stuck)
}

impl Model<'_> {
    /// Takes a process as far as it goes now; says whether that was any further.
    fn visit(&mut self, run: &mut Run, inside: (usize, usize), past: Past) -> bool {
        if !run.begun {
            run.begun = true;
            ((run.handle, run.task), run.past) = (inside, past);
            self.begin(run);
        }
        match run.tree {
            Tree::Leaf(leaf) => self.leaf(run, *leaf),
            Tree::Node(Kind::Sequence, _) => self.sequence(run),
            Tree::Node(kind @ (Kind::Task(_) | Kind::Region(_)), _) => self.wrapper(run, *kind),
            Tree::Node(kind, _) => self.fan_out(run, self.is_group(*kind)),
            // Only a model that starts what the contract refuses comes here.
            _ => run.finish(Some(Expect::OwnWords {
                code: libc::EINVAL,
                names: Vec::new(),
            })),
        }
    }

    fn begin(&mut self, run: &mut Run) {
        match run.tree {
            Tree::Leaf(leaf) => {
                self.fates[*leaf].started += 1;
                self.fates[*leaf].handles.push((run.handle, run.task));
            }
            Tree::Node(kind, _) if self.is_group(*kind) => {
                run.handle = self.handles.below(run.handle, &mut run.past);
                run.task = 0;
            }
            Tree::Node(Kind::Task(_), _) => {
                self.tasks += 1;
                run.task = self.tasks;
            }
            _ => {}
        }
    }

    fn is_group(&self, kind: Kind) -> bool {
        kind == Kind::Group || kind == Kind::Concurrent && self.broken == Broken::ConcurrentCancels
    }

    fn leaf(&mut self, run: &mut Run, leaf: usize) -> bool {
        let script = &self.case.leaves[leaf];
        let from = run.next;
        while let Some(op) = script.ops.get(run.next) {
            let pause = run.next > from && self.order.as_mut().is_some_and(|rng| rng.percent(50));
            if pause || !self.perform(*op, leaf, run) {
                return run.next > from;
            }
            run.next += 1;
        }
        let error = match &script.end {
            End::Success => None,
            End::Fail { code, text } => Some(Expect::error(*code, text.as_deref())),
            End::CancelError => self
                .handles
                .look(run.handle, leaf, &mut run.past, true)
                .map(Expect::Echo),
        };
        let outrun = script
            .ops
            .iter()
            .any(|op| matches!(op, Op::Race(racer) if *racer != self.winner));
        run.done = Some(Done {
            error,
            past: run.past,
            outrun,
        });
        true
    }

    /// One step of a leaf's script; false when it has to wait.
    fn perform(&mut self, op: Op, leaf: usize, run: &mut Run) -> bool {
        let handles = &mut self.handles;
        match op {
            Op::Open(gate) => self.gates[gate] = Some(run.past),
            Op::Await(gate) => {
                let Some(past) = &self.gates[gate] else {
                    return false;
                };
                run.past.learn_all(past);
            }
            Op::Look => _ = handles.look(run.handle, leaf, &mut run.past, false),
            Op::WaitCancel => {
                let Some(cause) = handles.wait(run.handle, &mut run.past) else {
                    return false;
                };
                self.fates[leaf].woken_by.push(cause);
            }
            Op::Trigger(target, code) => handles.trigger(target, run.handle, code, &mut run.past),
            Op::LineUp(racer) => self.lined_up[racer] = true,
            Op::Race(racer) => {
                let off = !self.lined_up.contains(&false);
                return off && (racer == self.winner || handles.is_cancelled(run.handle));
            }
        }
        true
    }

    fn sequence(&mut self, run: &mut Run) -> bool {
        let mut moved = false;
        while let Some(kid) = run.kids.get_mut(run.next) {
            if run.next > 0
                && self.broken == Broken::CancelSkipsSteps
                && self.handles.is_cancelled(run.handle)
            {
                break;
            }
            moved |= self.visit(kid, (run.handle, run.task), run.past);
            let Some(done) = kid.done.take() else {
                return moved;
            };
            run.past.learn_all(&done.past);
            run.next += 1;
            run.errors.extend(done.error);
            if !run.errors.is_empty() && self.broken != Broken::SequenceGoesOn {
                break;
            }
        }
        let error = run.errors.first().cloned();
        run.finish(error)
    }

    fn wrapper(&mut self, run: &mut Run, kind: Kind) -> bool {
        let moved = self.visit(&mut run.kids[0], (run.handle, run.task), run.past);
        let Some(mut done) = run.kids[0].done.take() else {
            return moved;
        };
        let name = match kind {
            Kind::Task(name) if self.broken != Broken::TaskNotNamed => name,
            Kind::Region(name) if self.broken == Broken::RegionNamed => name,
            _ => None,
        };
        if let Some(name) = name {
            done.error = done.error.map(|error| Expect::task(name, error));
        }
        run.done = Some(done);
        true
    }

    fn fan_out(&mut self, run: &mut Run, is_group: bool) -> bool {
        let mut order: Vec<usize> = (0..run.kids.len()).collect();
        if let Some(rng) = &mut self.order {
            rng.shuffle(&mut order);
        }
        let mut moved = false;
        for i in order {
            // A child that is done, and so reported, waits for its siblings.
            if run.kids[i].done.is_some() {
                continue;
            }
            moved |= self.visit(&mut run.kids[i], (run.handle, run.task), run.past);
            if let Some(error) = run.kids[i].done.as_mut().and_then(|done| done.error.take()) {
                self.report(run, i, error, is_group);
            }
        }
        if run.kids.iter().any(|kid| kid.done.is_none()) {
            return moved;
        }
        for done in run.kids.iter().filter_map(|kid| kid.done.as_ref()) {
            run.past.learn_all(&done.past);
        }
        let error = self.all_errors(run, is_group);
        run.finish(error)
    }

    fn report(&mut self, run: &mut Run, kid: usize, error: Expect, is_group: bool) {
        if let (true, Some(done)) = (is_group, &run.kids[kid].done) {
            self.handles
                .failed(run.handle, &error, &done.past, done.outrun);
        }
        run.errors.push(error);
    }

    fn all_errors(&self, run: &mut Run, is_group: bool) -> Option<Expect> {
        let mut errors = std::mem::take(&mut run.errors);
        if self.broken == Broken::SeveralLost && errors.len() > 1 {
            errors.retain(|error| !error.is_several());
        }
        if errors.is_empty() {
            return None;
        }
        let Some((cause, from_below)) = self.handles.cause(run.handle).filter(|_| is_group) else {
            return Some(Expect::any_order(errors));
        };
        let first = if from_below {
            Some(errors.remove(0))
        } else {
            None
        };
        let listed = from_below || self.broken == Broken::EchoesAllVanish;
        Some(match first {
            Some(first) if errors.is_empty() => first,
            Some(first) if self.broken == Broken::FirstNotFirst => {
                Expect::InOrder(vec![Expect::absorbing(cause, listed, errors), first])
            }
            Some(first) => Expect::InOrder(vec![first, Expect::absorbing(cause, listed, errors)]),
            None => Expect::absorbing(cause, listed, errors),
        })
    }

    fn outcome(self, error: Option<Expect>, stuck: bool) -> Outcome {
        let mut fates = self.fates;
        let racy = self.handles.judge(&mut fates);
        let outside =
            [OUTER, GIVEN].map(|handle| self.handles.cause(handle).map(|(cause, _)| cause));
        Outcome {
            error,
            fates,
            outside,
            failed_with: self.handles.causes_from_below(),
            causes: self.handles.causes,
            racy,
            stuck,
        }
    }
}
