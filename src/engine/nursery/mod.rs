//! Several children that come while it runs: a fan-out that is still open.
//!
//! Whoever has the nursery spawns: that puts a child into a queue, and wakes nobody but a sentinel that sleeps. Parked
//! threads come to help when the spawner goes on to wait (`waiting`), the sentinel sends others where nothing moves, and
//! the thread that runs the nursery helps when its body has returned. So the engine's F1 to F3 hold as for a fan-out.
//!
//! The rooms, in reading order:
//!
//! - `spawn`: accepting a child, and waiting for a place.
//! - `work`: running children, and what becomes of them.
//! - `keeper`: children that wait without a thread.
//! - `rest`: waiting until no child is left.
//! - `bell`: what the thread that runs it waits by.
//! - `incoming`: where children are accepted if there is no limit.
//! - `places`: who has a place, who waits for one: the bookkeeping, under the lock.
//! - `threads`: which threads run children, and which calls in what they run wait.
//!
//! Invariants:
//! - **W1 once.** An accepted child is taken out of the queue once, and by who takes it it is run, failed, or, if the
//!   nursery is cancelled, released. It takes its place until that is over, with all that follows from it: a failing
//!   child cancels before its place is given away.
//! - **W2 nobody asleep.** A spawner puts a child into a queue under its lock, and then looks whether the sentinel is
//!   awake; the sentinel says that it goes to sleep, and then looks at the queue under that lock. Whoever has it second
//!   sees what the other did (F6).
//! - **W3 the last one out.** The nursery is over when its body has returned and no child has a place; from that moment on
//!   none is accepted. Its run returns when all who helped have left, and have let go of all that is the program's (F4).
//! - **W4 no deadlock.** A spawn that would wait for a place, all of which belong to children that wait for one themselves, is
//!   refused (EDEADLK). So is a wait for those.
//!
//! A child that waits without a thread is begun by who spawns it, and has its place until it has ended (`engine/pending`, B1 to B4).
//!
//! The lock of a nursery is taken under that of a slot, and never the other way round. It is given back by no locked instruction, for it is taken
//! for each child. While a thread has it, nothing of the program's runs, and it waits for nothing but the short locks of what a child waits for
//! (`engine/pending`: a promise, a handle, the timer).

mod bell;
mod incoming;
mod keeper;
mod places;
mod rest;
mod spawn;
mod threads;
mod work;

use std::ops::{Deref, DerefMut};

use crate::base::common::Common;
use crate::base::error::{Error, Outcome};
use crate::base::events::Origin;
use crate::base::race_detector::{self, Unseen};
use crate::base::sync::spin_lock::{BriefGuard, BriefLock};
use crate::base::sync::{Arc, Weak};
use crate::engine::background::Background;
use crate::engine::backlog::{self, Backlog, Published, Watch};
use crate::engine::crew::Due;
use crate::engine::ended::Ended;
use crate::engine::frames::{Context, What};
use crate::engine::operation::Operation;
use crate::engine::pending::Pending;
use crate::engine::shown::Shown;
use crate::engine::slots;
use crate::scope::activity::{self, Activities};
use crate::scope::cancel::Cancel;
use crate::scope::task_run::{TaskRun, Tree};
use bell::Bell;
use incoming::Incoming;
use places::Places;

pub(crate) use rest::Rest;
pub(crate) use spawn::{IfFull, Refused, Under};

/// A child, as the engine knows it.
pub(crate) trait Child: Send + Sync + 'static {
    /// The memory of one that was released.
    type Room;
    /// Releases it; if others do not hold it, its memory is left, to be given back later.
    fn into_room(self) -> Option<Self::Room>
    where
        Self: Sized,
    {
        None
    }
    /// It goes from the thread that has spawned it to another one, which may run it or release it.
    fn hand_over(&self) {}
    /// It is taken over by that one.
    fn take_over(&self) {}
    /// It was spawned there. Told if anybody wants to know, which it is to keep.
    fn came_from(&mut self, _origin: Origin) {}
    /// Where it was spawned, once.
    fn origin(&mut self) -> Option<Origin> {
        None
    }
    /// It is accepted, and will run under that handle. Told under a lock.
    fn accepted(&mut self, under: &Cancel);
    /// Whether it only waits, and needs no thread for that (`pending`).
    fn can_wait(&self) -> bool {
        false
    }
    /// Whether it is to be given a place under the lock: it only waits, or is of the background.
    fn needs_place(&self) -> bool {
        self.can_wait()
    }
    /// If it is of the background: that of this run.
    fn background(&self) -> Option<&Arc<Background>> {
        None
    }
    /// Whether it runs at once all the same if the calling thread is the one to run it.
    fn runs_here(&self) -> bool {
        false
    }
    /// Begins such a one under that, on whatever thread.
    fn begin(&self, _under: &Under) -> Operation {
        unreachable!("it does not only wait")
    }
    /// Runs it on the calling thread until it completes.
    fn run(&self, context: &Context<'_>) -> Outcome;
    /// The error of one that could not be started.
    fn not_started(&self, error: Error) -> Error;
}

/// What a child's error passes through: success means that it fails nothing.
pub(crate) type OnFailure = Box<dyn Fn(Error, Option<&Common<TaskRun>>) -> Outcome + Send + Sync>;

pub(crate) struct Nursery<C> {
    /// What it is called in the dump.
    name: &'static str,
    /// Whether so many children have a place at once: then they are accepted into `state`, else into `incoming`.
    has_limit: bool,
    incoming: Arc<BriefLock<Incoming<C>>>,
    state: BriefLock<State<C>>,
    /// Rung for the thread that runs it.
    bell: Bell,
    watch: Watch,
    /// Whether one child runs after the other.
    is_sequence: bool,
}

struct State<C> {
    /// What helpers need, and who spawns; taken away when the run returns (W3).
    open: Option<Work>,
    /// Itself, once a child was spawned that only waits, for those who help.
    me: Weak<Nursery<C>>,
    places: Places<C>,
    /// Children that wait without a thread. Each has its place until it has ended.
    pending: Pending<C>,
    /// How many helpers are in.
    inside: usize,
    /// Whether the thread that runs it waits for something to do, or the end.
    runner_waits: bool,
    /// What of the program's is due because children were given up.
    due: Vec<Due>,
    ended: Ended,
}

/// What a helper holds of the program's while it is in.
#[derive(Clone)]
struct Work {
    cancel: Cancel,
    task: Option<Common<TaskRun>>,
    tree: Tree,
    /// What the one who runs it is a part of: so are those who help.
    activities: Activities,
    on_failure: Option<Arc<OnFailure>>,
}

impl<C: Child> Nursery<C> {
    /// One that is about to run in this context, on the calling thread. Of its children, so many run at once.
    pub(crate) fn new(
        context: &Context<'_>,
        name: &'static str,
        limit: usize,
        on_failure: Option<OnFailure>,
    ) -> Arc<Nursery<C>> {
        let mut nursery = Nursery::resting();
        nursery.begin(context, name, limit, on_failure);
        let nursery = Arc::new(nursery);
        race_detector::release(&raw const nursery.name);
        nursery
    }

    /// Makes one that is over such a one, or, if anybody still has that, another one.
    pub(crate) fn renew(
        over: &mut Arc<Nursery<C>>,
        context: &Context<'_>,
        name: &'static str,
        limit: usize,
        on_failure: Option<OnFailure>,
    ) {
        match Arc::get_mut(over) {
            Some(over) => over.begin(context, name, limit, on_failure),
            None => *over = Nursery::new(context, name, limit, on_failure),
        }
    }

    /// One that is over.
    fn resting() -> Nursery<C> {
        let incoming = Arc::new(BriefLock::new(Incoming::new()));
        Nursery {
            name: "",
            has_limit: false,
            incoming: incoming.clone(),
            state: BriefLock::new(State {
                open: None,
                me: Weak::new(),
                places: Places::new(incoming),
                pending: Pending::new(),
                inside: 0,
                runner_waits: false,
                due: Vec::new(),
                ended: Ended::default(),
            }),
            bell: Bell::new(),
            watch: Watch::of(0),
            is_sequence: false,
        }
    }

    fn begin(
        &mut self,
        context: &Context<'_>,
        name: &'static str,
        limit: usize,
        on_failure: Option<OnFailure>,
    ) {
        let open = Work {
            cancel: context.scope.handle().clone(),
            task: context.task.cloned(),
            tree: context.tree,
            activities: activity::current(),
            on_failure: on_failure.map(Arc::new),
        };
        (self.name, self.has_limit, self.is_sequence) = (name, limit > 0, limit == 1);
        self.incoming.lock().begin(open.cancel.clone());
        self.watch = Watch::of(context.slot.thread());
        self.bell = Bell::new(); // A ring for the former run would end a wait of this one.
        self.state.get_mut().begin(open, limit);
    }

    /// Runs its body, and then what is left of its children, until all have ended.
    pub(crate) fn run(
        self: &Arc<Self>,
        context: &Context<'_>,
        body: impl FnOnce() -> Outcome,
    ) -> Ended {
        slots::watch(context.slot);
        context.inside(What::Children(self.name, Some(self)), || {
            if let Err(error) = body() {
                self.fail(error, context.scope.handle());
            }
            let ended = self.join(context);
            context.slot.time_passed();
            ended
        })
    }

    /// How many children have not ended.
    pub(crate) fn count(&self) -> usize {
        self.lock().places.count()
    }

    /// What a child has done comes before what those do who wait for its end.
    fn release_by_child(&self) {
        race_detector::release(&raw const self.bell);
    }

    fn acquire_from_children(&self) {
        race_detector::acquire(&raw const self.bell);
    }

    #[inline(always)]
    fn lock(&self) -> Locked<'_, C> {
        let state = self.state.lock();
        Locked(Unseen::default(), state)
    }
}

/// What is done under the lock no race detector looks at: calls of the C library move what is there.
struct Locked<'a, C>(Unseen, BriefGuard<'a, State<C>>);

impl<C> Deref for Locked<'_, C> {
    type Target = State<C>;
    fn deref(&self) -> &State<C> {
        &self.1
    }
}

impl<C> DerefMut for Locked<'_, C> {
    fn deref_mut(&mut self) -> &mut State<C> {
        &mut self.1
    }
}

impl<C> State<C> {
    /// For a run that is about to begin. The fields that are not set here are as in a new one: a nursery is over only when they are.
    fn begin(&mut self, open: Work, limit: usize) {
        self.open = Some(open);
        self.places.begin_anew(limit);
        self.pending = Pending::new();
        self.runner_waits = false;
        self.due.clear();
    }
}

impl<C: Child> Published for Arc<Nursery<C>> {
    fn backlog(&self) -> &dyn Backlog {
        &**self
    }

    fn share(&self) -> Arc<dyn Backlog> {
        self.clone()
    }
}

impl<C: Child> Backlog for Nursery<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn not_begun(&self) -> usize {
        self.lock().places.unclaimed()
    }

    fn unclaimed(&self) -> usize {
        self.lock().unclaimed()
    }

    fn pending(&self, most: usize) -> (usize, Vec<Shown>) {
        self.lock().pending.show(most)
    }

    fn places(&self) -> Option<backlog::Places> {
        self.lock().places.standing()
    }

    fn claimed(&self) -> usize {
        self.lock().places.claimed()
    }

    fn help(&self) {
        self.help_out();
    }

    fn give_up(self: Arc<Self>) {
        self.have_given_up(true);
    }

    fn watch(&self) -> &Watch {
        &self.watch
    }
}

#[cfg(all(test, loom))]
#[path = "../models/nursery.rs"]
mod models;
