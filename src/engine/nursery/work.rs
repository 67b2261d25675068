//! Running children, by whoever helps and at last by the thread that runs the nursery, and what becomes of them.

use std::collections::VecDeque;

use super::places::Concerned;
use super::spawn::Under;
use super::{Child, Nursery, State, Work};
use crate::base::bug;
use crate::base::counts::Counted;
use crate::base::error::{Echoes, Error};
use crate::base::events;
use crate::base::race_detector;
use crate::base::sync::Arc;
use crate::engine::crew;
use crate::engine::ended::{self, Ended};
use crate::engine::frames::{self, Context, What};
use crate::engine::pending::Kept;
use crate::engine::rule;
use crate::engine::timer;
use crate::scope::activity;
use crate::scope::cancel::{Cancel, Scope, Struck};

/// Of how many children a thread that helps gives back the memory together.
const TOGETHER: usize = 64;

impl<C: Child> Nursery<C> {
    /// Works on the calling thread, which has come to help.
    pub(super) fn help_out(&self) {
        let Some(work) = self.enter() else { return };
        activity::within(work.activities.clone(), || {
            let task = work.task.as_ref();
            let scope = Scope::of(Some(&work.cancel), task);
            frames::enter(What::Help(self), &scope, task, work.tree, |context| {
                context.slot.counts.count(Counted::Helpers);
                let begun = self.lock().begin_running();
                self.work(begun, &work, &context, TOGETHER);
            });
            drop(scope);
            drop(work);
        });
        self.leave();
    }

    /// Lets a helper in, if there is something to help with.
    fn enter(&self) -> Option<Work> {
        let mut state = self.lock();
        if state.unclaimed() == 0 {
            return None;
        }
        let work = state.open.clone()?;
        state.inside += 1;
        race_detector::acquire(&raw const self.name);
        Some(work)
    }

    /// Lets a helper out, who has let go of all that it held (W3).
    fn leave(&self) {
        self.release_by_child();
        let mut state = self.lock();
        state.inside -= 1;
        let rings = state.is_for_runner();
        drop(state);
        if rings {
            self.bell.ring();
        }
    }

    /// The body has returned: works as helpers do, until all is over (W3).
    pub(super) fn join(&self, context: &Context<'_>) -> Ended {
        timer::come_by();
        let (work, mut begun) = self.note_body_over();
        loop {
            if let Some(work) = &work {
                self.work(begun, work, context, 0);
            }
            let comes_by = timer::unserved();
            let mut state = self.lock();
            let waits = state.runner_is_to_wait();
            let due = std::mem::take(&mut state.due);
            if !waits && due.is_empty() && state.unclaimed() == 0 {
                let me = std::mem::take(&mut state.me);
                let open = (state.open.take(), state.places.let_go(), me);
                let alert = state.pending.close();
                let ended = std::mem::take(&mut state.ended);
                drop(state);
                self.acquire_from_children();
                if let Some(alert) = alert {
                    context.scope.handle().unlisten(&alert);
                }
                drop((open, work));
                return ended;
            }
            drop(state);
            if waits {
                self.bell.wait(comes_by);
            }
            due.into_iter().for_each(|due| due.settle()); // A child may wait for that.
            timer::come_by();
            begun = self.lock().go_on_running();
        }
    }

    /// The body has returned. Gives what who runs the children needs, who begins with the first one, if there is any. If only those of the background
    /// are left, they are stopped before that.
    fn note_body_over(&self) -> (Option<Work>, Option<Begun<C>>) {
        let mut state = self.lock();
        state.places.note_body_over();
        let work = state.open.clone();
        if let Some(background) = state.places.is_left_alone() {
            drop(state);
            background.stop();
            drop(background);
            state = self.lock();
        }
        let begun = state.begin_running();
        (work, begun)
    }

    /// Runs children, if the calling thread has begun to, until none is left in the queue. Gives back the memory of so many together.
    fn work(&self, begun: Option<Begun<C>>, work: &Work, context: &Context<'_>, together: usize) {
        let Some(Begun { thread, first }) = begun else {
            return;
        };
        context.slot.inside_activity(thread, || {
            let mut rooms = Rooms::of(together);
            let mut next = Some(first);
            while let Some(taken) = next {
                let has_ended = self.run_child(taken, work, context, &mut rooms);
                next = self.go_on(has_ended, thread, work);
            }
        });
    }

    /// One child has ended, or waits without a thread; takes the next. If there is none, the calling thread runs no more.
    fn go_on(&self, has_ended: bool, thread: activity::Id, work: &Work) -> Option<Taken<C>> {
        self.release_by_child();
        let mut state = self.lock();
        let concerned = if has_ended {
            state.end(&work.cancel)
        } else {
            None
        };
        let next = state.take();
        let room = match next {
            Some(_) => None,
            None => state.end_running(thread),
        };
        let rings = state.is_for_runner();
        drop(state);
        drop(room);
        if let Some(concerned) = concerned {
            concerned.ring();
        }
        if rings {
            self.bell.ring();
        }
        next
    }

    /// Runs one that was taken out, unless the nursery is cancelled (W1), or ends one that has waited. Tells whether it has
    /// ended.
    fn run_child(
        &self,
        taken: Taken<C>,
        work: &Work,
        context: &Context<'_>,
        rooms: &mut Rooms<C>,
    ) -> bool {
        self.take_over(&taken);
        let mut child = match taken {
            Taken::New(child) => child,
            Taken::Ready(kept) => {
                self.end_waiting(*kept, work);
                return true;
            }
        };
        if work.cancel.cancelled() {
            return true;
        }
        if let Some(origin) = child.origin() {
            events::arrive(origin, work.task.as_deref());
        }
        if child.can_wait() && !child.runs_here() {
            let Some(me) = self.lock().me.upgrade() else {
                return true; // It is there, since the child was accepted.
            };
            let operation = child.begin(&Under::of(work, &me));
            // If it is ready already, this thread, which goes on to take the next one, finds it.
            me.keep(child, operation, &work.cancel);
            return false;
        }
        let outcome = bug::contained(|| child.run(context));
        if let Err(error) = outcome {
            self.fail_child(error, work);
        }
        rooms.release(child); // Who waits for that, finds its error recorded (F5).
        true
    }

    /// What who spawned it has done comes before what is done with it here; and if one runs after the other, what the former one has.
    #[inline(always)]
    fn take_over(&self, taken: &Taken<C>) {
        match taken {
            Taken::New(child) => child.take_over(),
            Taken::Ready(kept) => kept.child.take_over(),
        }
        if self.is_sequence {
            self.acquire_from_children();
        }
    }

    /// A child has failed, on the calling thread: the error passes through what the program has for that, unless it
    /// only tells of the cancellation.
    pub(super) fn fail_child(&self, error: Error, work: &Work) {
        let failed = match &work.on_failure {
            Some(on_failure) if !is_echo(&error, &work.cancel) => {
                on_failure(error, work.task.as_ref())
            }
            _ => Err(error),
        };
        if let Err(error) = failed {
            self.fail(error, &work.cancel);
        }
    }

    /// Records a failure, and then cancels the others because of the first one recorded (F5).
    pub(super) fn fail(&self, error: Error, cancel: &Cancel) {
        if let Some(struck) = self.record(vec![error], cancel) {
            struck.finish();
        }
    }

    fn record(&self, errors: Vec<Error>, cancel: &Cancel) -> Option<Struck> {
        let cancels = !cancel.cancelled();
        let first = self.lock().ended.record(errors, cancels)?;
        cancels.then(|| rule::cancel_by_failure(cancel, &first))
    }

    /// No thread can be had to watch: what nobody has begun fails (F3), on the calling thread, the program's, unless it only waits.
    pub(super) fn fail_unclaimed(self: &Arc<Self>) {
        if let Some((work, given_up)) = self.take_all(true) {
            activity::within(work.activities.clone(), || {
                let (waiting, others) = given_up.into_iter().partition(Taken::is_to_wait);
                self.begin_all_here(waiting, &work);
                self.end_all(others, work, true);
            });
        }
    }

    fn begin_all_here(self: &Arc<Self>, waiting: Vec<Taken<C>>, work: &Work) {
        for taken in waiting {
            if let Taken::New(child) = taken {
                self.begin_here(child, &Under::of(work, self));
            }
        }
    }

    /// The same, where nothing of the program's runs: on the sentinel, or, if only what is ready has to be ended by others, where
    /// that became ready. If the program has no say in which errors count, they are recorded, and the others cancelled, at once.
    pub(super) fn have_given_up(self: Arc<Self>, new_ones: bool) {
        let me = self.clone();
        let Some((work, given_up)) = self.take_all(new_ones) else {
            return;
        };
        let is_told_later = work.on_failure.is_some() || work.cancel.cancelled();
        let struck = if is_told_later {
            None
        } else {
            let errors = given_up
                .iter()
                .filter_map(|taken| taken.error(&work.cancel));
            self.record(errors.collect(), &work.cancel)
        };
        let activities = work.activities.clone();
        let rest = move || {
            if let Some(struck) = struck {
                struck.finish();
            }
            me.end_all(given_up, work, is_told_later);
        };
        let due = activity::within(activities, || crew::hand_over(Box::new(rest)));
        let mut state = self.lock();
        state.due.push(due);
        let rings = state.runner_waits;
        let waiters = state.places.waiters();
        drop(state);
        if rings {
            self.bell.ring();
        }
        waiters.iter().for_each(|waiter| waiter.ring());
    }

    /// Takes all that are ready, and those that have not begun, too, if that is asked for.
    fn take_all(&self, new_ones: bool) -> Option<(Work, Vec<Taken<C>>)> {
        let work = self.enter()?;
        let mut state = self.lock();
        let ready = state.pending.take_all();
        state.places.note_taken(ready.len());
        let new = if new_ones {
            state.places.begin_all()
        } else {
            VecDeque::new()
        };
        drop(state);
        let ready = ready.into_iter().map(Taken::Ready);
        Some((work, ready.chain(new.into_iter().map(Taken::New)).collect()))
    }

    /// Ends those that were given up, and leaves.
    fn end_all(&self, given_up: Vec<Taken<C>>, work: Work, are_to_be_told: bool) {
        for taken in given_up {
            self.end_one(taken, &work, are_to_be_told);
        }
        drop(work);
        self.leave();
    }

    /// Ends a child that could not begin, or that others were to end.
    fn end_one(&self, taken: Taken<C>, work: &Work, is_to_be_told: bool) {
        self.take_over(&taken);
        let error = match taken {
            // It has no error if the nursery is cancelled (W1).
            Taken::New(child) => Some(denied(&child)).filter(|_| !work.cancel.cancelled()),
            Taken::Ready(kept) => kept.end(&work.cancel).err(), // B4
        };
        if let Some(error) = error.filter(|_| is_to_be_told) {
            self.fail_child(error, work);
        }
        self.release_by_child();
        let mut state = self.lock();
        let concerned = state.end(&work.cancel);
        drop(state);
        if let Some(concerned) = concerned {
            concerned.ring();
        }
    }
}

impl<C: Child> State<C> {
    /// The calling thread runs children from now on, if there is one to begin with.
    fn begin_running(&mut self) -> Option<Begun<C>> {
        let first = self.take()?;
        let thread = activity::new_id();
        self.places.begin_running(thread);
        Some(Begun { thread, first })
    }

    /// It runs none any more. Gives the room of queues that were large.
    fn end_running(&mut self, thread: activity::Id) -> Option<Box<[VecDeque<C>; 2]>> {
        self.places.end_running(thread);
        self.places.take_room()
    }

    /// The same as `begin_running`, for the thread that runs the nursery, which has waited.
    fn go_on_running(&mut self) -> Option<Begun<C>> {
        self.runner_waits = false;
        self.begin_running()
    }

    /// Whether the thread that runs the nursery has nothing to do: then it says that it waits.
    fn runner_is_to_wait(&mut self) -> bool {
        self.runner_waits = !self.is_something_to_do() && self.places.awaits_one();
        self.runner_waits
    }

    #[inline(always)]
    fn end(&mut self, cancel: &Cancel) -> Option<Box<Concerned>> {
        let accepts = || !cancel.cancelled();
        self.places.end(accepts, |child| child.accepted(cancel))
    }

    /// Whether the thread that runs the nursery waits, and is to go on.
    fn is_for_runner(&self) -> bool {
        self.runner_waits && self.is_something_to_do()
    }

    fn is_something_to_do(&self) -> bool {
        let is_left = self.inside > 0 || !self.places.is_over();
        !is_left || self.unclaimed() > 0 || !self.due.is_empty()
    }

    /// How many nobody has taken: those that have not begun, and those that have waited and are ready.
    pub(super) fn unclaimed(&self) -> usize {
        self.pending.ready() + self.places.unclaimed()
    }

    /// Takes one of those.
    #[inline(always)] // It is asked for each child.
    fn take(&mut self) -> Option<Taken<C>> {
        if let Some(kept) = self.pending.take() {
            self.places.note_taken(1);
            return Some(Taken::Ready(kept));
        }
        self.places.begin().map(Taken::New)
    }
}

/// A thread has begun to run children, with this one.
struct Begun<C> {
    thread: activity::Id,
    first: Taken<C>,
}

/// A child that somebody has taken.
enum Taken<C> {
    /// To begin it.
    New(C),
    /// To end it.
    Ready(Box<Kept<C>>),
}

impl<C: Child> Taken<C> {
    /// Whether it is to begin, and only waits.
    fn is_to_wait(&self) -> bool {
        matches!(self, Taken::New(child) if child.can_wait())
    }

    /// The error that it has if it is given up.
    fn error(&self, cancel: &Cancel) -> Option<Error> {
        match self {
            Taken::New(child) => Some(denied(child)),
            Taken::Ready(kept) => kept.operation.outcome(cancel).err(),
        }
    }
}

fn denied<C: Child>(child: &C) -> Error {
    child.not_started(ended::denied())
}

/// The memory of children that have ended. Who gives each back at once, while the spawner takes memory for the next ones, and who takes it, wait for each
/// other in the allocator.
struct Rooms<C: Child> {
    rooms: Vec<C::Room>,
    together: usize,
}

impl<C: Child> Rooms<C> {
    /// Gives back that of so many together; 0: each at once.
    fn of(together: usize) -> Rooms<C> {
        let rooms = Vec::new();
        Rooms { rooms, together }
    }

    #[inline(always)]
    fn release(&mut self, child: C) {
        if self.together == 0 {
            return drop(child);
        }
        if self.rooms.len() == self.together {
            self.rooms.clear();
        }
        self.rooms.extend(child.into_room());
    }
}

/// Whether an error only tells why the nursery was cancelled.
fn is_echo(error: &Error, cancel: &Cancel) -> bool {
    cancel.cancelled() && Echoes::of(&cancel.causes()).is_echo(error)
}
