//! Several children at once: one engine, a policy a combinator.
//!
//! The caller publishes the fan-out and then runs children itself, one after the other. For most
//! fan-outs that is all that happens. If a child does not let it go on, the sentinel sends helpers,
//! who do as the caller does.
//!
//! The rooms, in reading order:
//!
//! - `shares`: what is unclaimed, divided among those who work.
//! - `claiming`: who claims a child, and runs it.
//! - `outcomes`: what becomes of it, and of those that nobody can run.
//! - `waiting`: children that wait without a thread.
//! - `lent`: what the caller lends to those who come to help.
//! - `helping`: who comes to help, and when all is over.
//!
//! Invariants:
//! - **F1 progress.** While a fan-out has unclaimed children and none was claimed for a tick, a
//!   helper is on its way to it (`sentinel`). So a child that waits for its sibling never waits for
//!   ever.
//! - **F2 exactly once.** Each child is claimed once, and run once by who claimed it.
//! - **F3 no thread, no silence.** If no helper can be had for a stalled fan-out, that is tried
//!   again for a bounded time; then its unclaimed children fail with `EAGAIN`.
//! - **F4 the last one out.** The caller returns only when every child has been claimed and every
//!   helper that came in has left, and has let go of all that it held of the program's. One that
//!   comes later is turned away; what it keeps alive is the counter and the lock, which are ours.
//! - **F5 first means first.** The order of errors is the order of completion; a failure is recorded
//!   before the others are cancelled because of it.
//! - **F9 decided once.** The first child that counts decides a contest (`rule`): under the lock under which it is noted,
//!   everything unclaimed is claimed, so what has not begun by then never begins. One that got no thread decides nothing.
//! - **F10 the limit holds.** No more threads are in than may run at the same time, and each runs one child after the
//!   other: who ends a child claims the next. If children wait without a thread, each has a place, and they are counted.
//! - **F11** See `lent`.
//! - **F12 the first is the caller's.** Where every child begins, whatever becomes of the others, the first one is claimed for the caller before
//!   the fan-out is published, which takes no locked instruction.
//! - **F13** See `shares`.

mod claiming;
mod helping;
mod lent;
mod outcomes;
mod shares;
mod waiting;

use crate::base::common::Common;
use crate::base::counts::Counted;
use crate::base::error::Error;
use crate::base::events::Origin;
use crate::base::in_place;
use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::base::sync::{Arc, Condvar, Mutex, Seen};
use crate::engine::backlog::{Backlog, Published, Watch};
use crate::engine::children::Children;
use crate::engine::crew::Due;
use crate::engine::ended::{Ended, Noted};
use crate::engine::frames::{Context, What};
use crate::engine::rule::{self, Decides, Rule};
use crate::engine::shown::Shown;
use crate::engine::{sentinel, slots};
use crate::scope::activity::Activities;
use crate::scope::cancel::Cancel;
use crate::scope::task_run::{TaskRun, Tree};
use lent::Lent;
use shares::{Share, Shares};
use waiting::Operations;

/// Runs all of these children.
pub(crate) fn run<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Noted {
    match children.count() {
        0 => None,
        1 => run_only(children, context, rule),
        _ => run_several(children, context, rule),
    }
}

/// Without siblings there is nobody to wait for, and nothing to share.
fn run_only<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Noted {
    if rule.stops && context.scope.cancelled() {
        let is_cut = true;
        return Some(Box::new(Ended {
            is_cut,
            ..Ended::default()
        }));
    }
    let run = || children.run_one(0, context);
    let outcome = context.inside(What::Children(rule.name, None), run);
    only_failed(outcome.err()?, context.scope.handle(), rule)
}

#[cold]
fn only_failed(error: Error, handle: &Cancel, rule: Rule) -> Noted {
    let cancelled_others = rule.decides == Decides::Failing && !handle.cancelled();
    if cancelled_others {
        rule::cancel_by_failure(handle, &error).finish();
    }
    Some(Box::new(Ended {
        errors: vec![error],
        cancelled_others,
        ..Ended::default()
    }))
}

#[inline(never)] // Its frame is not to be on the stack of every level that has an only child.
fn run_several<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Noted {
    let fan_out = make(children, context, rule);
    let helpers = fan_out.width() - 1;
    // With a helper for each other child on its way, nobody needs to watch (F1).
    let covered =
        helpers == 0 || children.stalled() && sentinel::send_helpers(&fan_out, helpers).is_ok();
    context.slot.counts.count(Counted::FanOuts);
    slots::watch(context.slot);
    let closing = Closing(&fan_out);
    let what = What::Children(rule.name, Some(&fan_out));
    let ended = context.inside(what, || {
        let watched = covered || sentinel::watch(&fan_out, helpers).is_ok();
        context.slot.time_passed(); // Asking for threads takes its time.
        match (watched, fan_out.can_wait) {
            (true, false) => fan_out.work(children, context),
            (false, false) => fan_out.work_alone(children, context),
            (_, true) => fan_out.work_with_operations(children, context, watched),
        }
        let ended = fan_out.join();
        context.slot.time_passed();
        ended
    });
    children.note_stalled(fan_out.stalled(covered));
    drop(closing);
    lent::keep_place(fan_out, context);
    ended
}

/// Nothing is lent any more when this is dropped, also if it is because of a panic (F11).
struct Closing<'a, C>(&'a FanOut<C>);

impl<C> Drop for Closing<'_, C> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state.lock().open = None;
        }
    }
}

#[inline(never)] // So that what goes to the heap is not on the stack of every level, too.
fn make<C: Children>(children: &C, context: &Context<'_>, rule: Rule) -> Arc<FanOut<C>> {
    let place = lent::place(context);
    let fan_out = in_place::arc_in(place, || FanOut::new(children, context, rule));
    if fan_out.can_wait {
        fan_out.state.lock().operations = Some(Operations::of(&fan_out));
    }
    race_detector::release(&raw const fan_out.first);
    fan_out
}

/// One run of several children.
struct FanOut<C> {
    count: usize,
    rule: Rule,
    /// Whether any child can wait without a thread.
    can_wait: bool,
    /// Whether those who help have shares of their own.
    is_divided: bool,
    /// The caller's share of what is unclaimed.
    first: Share,
    /// How many helpers have found something to do.
    useful: AtomicUsize,
    state: Mutex<State<C>, Seen>,
    /// Rung when nobody is in any more, or something is due.
    empty: Condvar,
    watch: Watch,
}

struct State<C> {
    /// What helpers need; taken away when there is nothing left to help with.
    open: Option<Lent<C>>,
    /// How many helpers are in.
    inside: usize,
    /// What else is unclaimed, if there may be any.
    shares: Option<Box<Shares>>,
    /// What of the program's is due because children were given up.
    due: Option<Due>,
    ended: Noted,
    /// Children that wait without a thread, if any can.
    operations: Option<Box<Operations<C>>>,
}

/// What a helper holds of the program's while it is in.
struct Work<C> {
    children: C,
    cancel: Cancel,
    task: Option<Common<TaskRun>>,
    tree: Tree,
    /// What the one who published it is a part of: so are those who help.
    activities: Activities,
    /// Where it was started.
    origin: Origin,
}

impl<C: Children> FanOut<C> {
    #[inline(always)] // So that it is made in place.
    fn new(children: &C, context: &Context<'_>, rule: Rule) -> FanOut<C> {
        let can_wait = children.can_any_wait();
        let taken = FanOut::<C>::is_one_the_callers(rule, can_wait);
        let count = children.count();
        let shares = shares::beyond_caller(count); // First, so that nothing is put together on the stack.
        FanOut {
            count,
            rule,
            can_wait,
            is_divided: shares::is_divided(count, rule, can_wait),
            first: shares::of_caller(count, usize::from(taken)),
            useful: AtomicUsize::new(0),
            state: Mutex::new(State {
                open: Some(Lent::of(children, context)),
                inside: 0,
                shares,
                due: None,
                ended: None,
                operations: None,
            }),
            empty: Condvar::new(),
            watch: Watch::of(context.slot.thread()),
        }
    }

    /// How many threads can have something to do at the same time.
    fn width(&self) -> usize {
        self.count.min(self.rule.limit)
    }

    /// Asks those that wait without a thread, of children that can; else 0.
    fn of_operations(&self, ask: impl FnOnce(&Operations<C>) -> usize) -> usize {
        if !self.can_wait {
            return 0;
        }
        self.state.lock().operations.as_deref().map_or(0, ask)
    }

    /// Whether most children needed a thread of their own. A helper that was sent because others computed was
    /// useful, but not needed.
    fn stalled(&self, covered: bool) -> bool {
        let useful = self.useful.load(Ordering::Relaxed);
        let waited_for = self.watch.waited_for.load(Ordering::Relaxed);
        let needed = if covered {
            useful
        } else {
            useful.min(waited_for)
        };
        needed * 2 >= self.width()
    }
}

impl<C: Children> Published for Arc<FanOut<C>> {
    fn backlog(&self) -> &dyn Backlog {
        &**self
    }

    fn share(&self) -> Arc<dyn Backlog> {
        self.clone()
    }
}

impl<C: Children> Backlog for FanOut<C> {
    fn name(&self) -> &'static str {
        self.rule.name
    }

    fn left(&self) -> usize {
        self.not_claimed() + self.of_operations(|operations| operations.pending.ready())
    }

    fn not_begun(&self) -> usize {
        self.not_claimed()
    }

    fn pending(&self, most: usize) -> (usize, Vec<Shown>) {
        let state = self.state.lock();
        let operations = state.operations.as_ref();
        operations.map_or((0, Vec::new()), |operations| operations.pending.show(most))
    }

    fn unclaimed(&self) -> usize {
        let left = self.not_claimed();
        if self.can_wait {
            return self.of_operations(|operations| {
                left.min(operations.room(self.rule.limit)) + operations.pending.ready() // F10
            });
        }
        if left == 0 || self.rule.limit >= self.count {
            return left;
        }
        // One of those who are in is the caller, who does not count.
        left.min(self.rule.limit - 1 - self.state.lock().inside) // F10
    }

    fn claimed(&self) -> usize {
        let claimed = self.count - self.not_claimed();
        claimed + self.of_operations(|operations| operations.taken)
    }

    fn help(&self) {
        self.help_out();
    }

    fn give_up(self: Arc<Self>) {
        self.give_up_unclaimed();
        if self.can_wait {
            self.give_up_ready();
        }
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }
}

#[cfg(all(test, loom))]
#[path = "../models/fan_out.rs"]
mod models;

#[cfg(all(test, loom))]
#[path = "../models/engine.rs"]
mod engine_models;
