//! The reference model: the contract said again, as a sequential evaluator that walks the tree over
//! and over, each leaf going as far as it can, until the root is done. It shares nothing with the
//! library.
//!
//! It is a race detector, too. Everything that happens knows its past: the looks at a handle and
//! the cancellations that certainly happened before it (`past.rs`). Where two things happen that do
//! not know of each other and whose order the contract lets a program see, the case is called racy
//! (`handles.rs`), or the other order is a schedule of its own (`schedule.rs`).
//!
//! What cancels waits until nothing else can be done: so what may have begun before a cancellation has. Combinators of
//! several children are in `together.rs`, nurseries and promises each in a file of their own; `claims.rs` judges at the end
//! what was certain only if nothing else came in between.

use crate::case::{Case, End as Ends, Kind, Op, Tree};
use crate::claims::Claim;
use crate::expect::{By, Expect};
use crate::handles::{GIVEN, Handles, Link, OUTER};
use crate::model::{Answer, Broken, End, Fate, Outcome};
use crate::nurseries::Open;
use crate::past::Past;
use crate::promises::Completed;
use crate::refused::refusal;
use crate::rng::Rng;
use crate::run::{Done, Inside, Run};
use crate::schedule::Schedule;
use crate::together::Limited;

/// In nanoseconds: what comes later does not come while a tree runs.
const A_DAY: i64 = 86_400_000_000_000;

pub struct Model<'a> {
    pub case: &'a Case,
    pub broken: Broken,
    winner: usize,
    pub schedule: &'a Schedule,
    pub order: Option<&'a mut Rng>,
    pub handles: Handles,
    gates: Vec<Option<Past>>,
    /// Which racers are at the starting line.
    lined_up: Vec<bool>,
    pub fates: Vec<Fate>,
    /// How many tasks have begun.
    tasks: usize,
    pub nurseries: Vec<Open<'a>>,
    pub promises: Vec<Option<Completed>>,
    pub claims: Vec<Claim>,
    pub limited: Vec<Limited>,
    pub racy: bool,
    pub others: Vec<Schedule>,
    /// Something that cancels may be done, for all else waits.
    is_idle: bool,
    /// The schedule, and nothing else, has kept something from going on.
    pub held_back: bool,
}

/// What the contract says will happen. Of racers, number `winner` fails first. With `order`, the
/// nodes are walked in a random order, which must make no difference unless the case is racy.
pub fn predict<'a>(
    case: &'a Case,
    winner: usize,
    schedule: &'a Schedule,
    broken: Broken,
    order: Option<&'a mut Rng>,
) -> Outcome {
    let (handles, before) = Handles::new(case.outside, broken);
    let mut model = Model {
        case,
        broken,
        winner,
        schedule,
        order,
        handles,
        gates: vec![None; case.gates],
        lined_up: vec![false; case.racers],
        fates: vec![Fate::default(); case.leaves.len()],
        tasks: 0,
        nurseries: case.nurseries.iter().map(|_| Open::default()).collect(),
        promises: vec![None; case.promises.len()],
        claims: Vec::new(),
        limited: Vec::new(),
        racy: false,
        others: Vec::new(),
        is_idle: false,
        held_back: false,
    };
    model.complete_before_the_run();
    if let (Some(error), false) = (refusal(case), broken == Broken::RefusedStarts) {
        return model.outcome(Some(error), End::Done);
    }
    let mut root = Run::of(&case.root, case, &mut 0);
    let end = model.run(&mut root, before);
    let error = root.done.take().and_then(|done| done.error);
    model.outcome(error, end)
}

impl<'a> Model<'a> {
    fn run(&mut self, root: &mut Run<'a>, before: Past) -> End {
        while root.done.is_none() {
            if self.visit(root, Inside::GIVEN, before) {
                continue;
            }
            (self.is_idle, self.held_back) = (true, false);
            let moved = self.visit(root, Inside::GIVEN, before);
            self.is_idle = false;
            if !moved && !self.handles.come_through() {
                let is_impossible = self.held_back;
                return if is_impossible {
                    End::Impossible
                } else {
                    End::Stuck
                };
            }
        }
        // What has come to nobody any more might have come earlier.
        while self.handles.come_through() {}
        End::Done
    }

    /// Whether what cancels may be done now: one at a time.
    pub fn may_cancel(&mut self) -> bool {
        std::mem::take(&mut self.is_idle)
    }

    /// Takes a process as far as it goes now; says whether that was any further.
    pub fn visit(&mut self, run: &mut Run<'a>, inside: Inside, past: Past) -> bool {
        if !run.begun {
            run.begun = true;
            (run.inside, run.past) = (inside, past);
            self.begin(run);
        }
        match run.tree {
            Tree::Leaf(leaf) => self.leaf(run, *leaf),
            Tree::Await(promise) => self.await_promise(run, *promise),
            Tree::Node(Kind::Sequence, _) => self.sequence(run),
            Tree::Node(Kind::Finally, _) => self.finally(run),
            Tree::Node(Kind::Nursery(number), _) => self.nursery(run, *number),
            Tree::Node(kind, _) if is_wrapper(*kind) => self.wrapper(run, *kind),
            Tree::Node(kind, _) => self.together(run, *kind),
            // Only a model that starts what the contract refuses comes here.
            _ => run.finish(Some(Expect::own_words(libc::EINVAL, &[]))),
        }
    }

    fn begin(&mut self, run: &mut Run<'a>) {
        if let Some(link) = self.link(run) {
            let handle = self.handles.below(run.inside.handle, link, &mut run.past);
            run.inside = run.inside.below(handle);
        }
        match run.tree {
            Tree::Leaf(leaf) => self.begin_leaf(run, *leaf),
            Tree::Node(Kind::Task(_), _) => {
                self.tasks += 1;
                run.inside.task = self.tasks;
            }
            Tree::Node(Kind::Value(number), _) if self.broken != Broken::ValueLost => {
                run.inside.value = number + 1;
            }
            Tree::Node(Kind::Nursery(number), kids) => self.open(run, *number, kids),
            _ => {}
        }
    }

    /// The handle of its own that a process runs below, if it does.
    fn link(&self, run: &Run<'_>) -> Option<Link> {
        let Tree::Node(kind, _) = run.tree else {
            return None;
        };
        match kind {
            Kind::Group | Kind::GroupLimit(_) | Kind::Each(_) | Kind::Nursery(_) => {
                Some(Link::Child)
            }
            Kind::Race | Kind::Any => Some(Link::Child),
            Kind::Concurrent if self.broken == Broken::ConcurrentCancels => Some(Link::Child),
            Kind::Value(_) => Some(Link::Valued),
            Kind::Shield(_) if self.broken == Broken::ShieldLeaks => Some(Link::Child),
            Kind::Shield(0..A_DAY) => Some(Link::Delayed),
            Kind::Shield(_) => Some(Link::Shielded),
            _ => None,
        }
    }

    fn begin_leaf(&mut self, run: &Run<'_>, leaf: usize) {
        let Inside {
            handle,
            task,
            value,
            ..
        } = run.inside;
        let fate = &mut self.fates[leaf];
        fate.started += 1;
        fate.handles.push((handle, task));
        fate.answers.push(Answer::Between(value, value));
    }

    fn leaf(&mut self, run: &mut Run<'a>, leaf: usize) -> bool {
        let script = &self.case.leaves[leaf];
        let from = run.next;
        while let Some(op) = script.ops.get(run.next) {
            let pause = run.next > from && self.order.as_mut().is_some_and(|rng| rng.percent(50));
            if pause || !self.perform(*op, leaf, run) {
                return run.next > from;
            }
            run.waits = false;
            run.next += 1;
        }
        let error = match &script.end {
            Ends::Success => None,
            Ends::Fail { code, text } => Some(Expect::error(*code, text.as_deref())),
            Ends::CancelError => self
                .handles
                .look(run.inside.handle, leaf, &mut run.past, true)
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
    fn perform(&mut self, op: Op, leaf: usize, run: &mut Run<'a>) -> bool {
        let handle = run.inside.handle;
        match op {
            Op::Open(gate) => self.gates[gate] = Some(run.past),
            Op::Await(gate) => {
                let Some(past) = &self.gates[gate] else {
                    return false;
                };
                run.past.learn_all(past);
            }
            Op::Look => _ = self.handles.look(handle, leaf, &mut run.past, false),
            Op::WaitCancel => {
                let Some(cause) = self.handles.wait(handle, &mut run.past) else {
                    return false;
                };
                self.fates[leaf].woken_by.push(cause);
            }
            Op::Trigger(target, code) => {
                if !self.may_cancel() {
                    return false;
                }
                self.handles.trigger(target, handle, code, &mut run.past);
            }
            Op::LineUp(racer) => self.lined_up[racer] = true,
            Op::Race(racer) => {
                let off = !self.lined_up.contains(&false);
                return off && (racer == self.winner || self.handles.is_cancelled(handle));
            }
            Op::Spawn(nursery, child) => return self.spawn(run, leaf, (nursery, child), false),
            Op::TrySpawn(nursery, child) => return self.spawn(run, leaf, (nursery, child), true),
            Op::NurseryWait(nursery) => return self.nursery_wait(run, leaf, nursery),
            Op::Count(nursery) => self.count(run, leaf, nursery),
            Op::Draining => self.look_for_draining(run, leaf),
            Op::Complete(promise, promised) => self.complete(run, leaf, promise, promised),
            Op::Dwell => {}
        }
        true
    }

    pub fn answer(&mut self, leaf: usize, answer: Answer) {
        self.fates[leaf].answers.push(answer);
    }

    fn sequence(&mut self, run: &mut Run<'a>) -> bool {
        let mut moved = false;
        while let Some(kid) = run.kids.get_mut(run.next) {
            if run.next > 0
                && self.broken == Broken::CancelSkipsSteps
                && self.handles.is_cancelled(run.inside.handle)
            {
                break;
            }
            moved |= self.visit(kid, run.inside, run.past);
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

    /// The second runs whatever became of the first, below a handle that nothing above cancels.
    fn finally(&mut self, run: &mut Run<'a>) -> bool {
        let mut moved = false;
        while run.next < 2 {
            if run.next == 1 && self.broken == Broken::CleanupSkipped && !run.errors.is_empty() {
                break;
            }
            let mut inside = run.inside;
            if run.next == 1 && !run.kids[1].begun {
                let link = match self.broken {
                    Broken::CleanupCancelled => Link::Child,
                    _ => Link::Apart,
                };
                inside = inside.below(self.handles.below(inside.handle, link, &mut run.past));
            }
            moved |= self.visit(&mut run.kids[run.next], inside, run.past);
            let Some(done) = run.kids[run.next].done.take() else {
                return moved;
            };
            run.past.learn_all(&done.past);
            run.next += 1;
            run.errors.extend(done.error);
        }
        let errors = std::mem::take(&mut run.errors);
        let error = (!errors.is_empty()).then(|| Expect::in_order(errors));
        let error = error.map(|error| self.sorted(error, run.inside.handle, false));
        run.finish(error)
    }

    fn wrapper(&mut self, run: &mut Run<'a>, kind: Kind) -> bool {
        let moved = self.visit(&mut run.kids[0], run.inside, run.past);
        let Some(mut done) = run.kids[0].done.take() else {
            return moved;
        };
        let name = match kind {
            Kind::Task(name) if self.broken != Broken::TaskNotNamed => name,
            Kind::Region(name) if self.broken == Broken::RegionNamed => name,
            _ => None,
        };
        if let Some(name) = name {
            done.error = done
                .error
                .map(|error| Expect::wrapped(By::Task(name), error));
        }
        run.done = Some(done);
        true
    }

    fn outcome(mut self, error: Option<Expect>, end: End) -> Outcome {
        if end == End::Done {
            self.judge();
        }
        let mut fates = std::mem::take(&mut self.fates);
        let racy = self.handles.judge(&mut fates) || self.racy;
        let outside =
            [OUTER, GIVEN].map(|handle| self.handles.cause(handle).map(|(cause, _)| cause));
        Outcome {
            error,
            fates,
            outside,
            failed_with: self.handles.causes_from_below(),
            left_open: self.handles.left_open(),
            failures: self.nurseries.iter().map(|open| open.failures).collect(),
            causes: self.handles.causes,
            racy,
            end,
            others: self.others,
        }
    }
}

/// Whether it only passes one process on, perhaps as something else.
fn is_wrapper(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Task(_) | Kind::Region(_) | Kind::Shield(_) | Kind::Value(_) | Kind::Background
    )
}
