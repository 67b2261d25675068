//! Spawning: accepting a child, or waiting for a place for it.

use super::places::How;
use super::{Child, Locked, Nursery, State, Work};
use crate::base::clock::{self, Instant};
use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::events::{self, Origin};
use crate::base::sync::{Arc, Weak};
use crate::engine::crew::Due;
use crate::engine::frames;
use crate::engine::leaf::Waiting;
use crate::engine::part::{Host, Part};
use crate::engine::{sentinel, waiting};
use crate::scope::activity::{self, Activities};
use crate::scope::alert::Alert;
use crate::scope::cancel::Cancel;
use crate::scope::task_run::TaskRun;
use crate::scope::waiter::Waiter;

/// What is to be done while all places are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfFull {
    Wait,
    Refuse,
}

/// Why a child was not accepted. It has been released.
pub(crate) enum Refused {
    /// The nursery has completed.
    Over,
    /// It was cancelled, or the callback that spawns, with this cause.
    Cancelled(Error),
    Full,
    /// All its children wait for a place (W4).
    Deadlock,
}

impl<C: Child> Nursery<C> {
    #[inline]
    pub(crate) fn spawn(self: &Arc<Self>, mut child: C, if_full: IfFull) -> Result<(), Refused> {
        child.hand_over();
        if events::wanted() {
            child.came_from(origin());
        }
        if self.has_limit || child.needs_place() {
            return self.spawn_into_place(child, if_full);
        }
        let offered = self.incoming.lock().offer(child);
        match offered {
            Ok(is_awaited) => self.see_to_incoming(is_awaited),
            Err((_released, refused)) => Err(refused),
        }
    }

    /// The same, for a child that is given a place here, or that begins here, for it only waits. One of the background is counted
    /// under the lock under which that is asked for.
    #[inline(never)]
    fn spawn_into_place(self: &Arc<Self>, mut child: C, if_full: IfFull) -> Result<(), Refused> {
        loop {
            let mut state = self.lock();
            let refused = match state.offer(self, child) {
                Ok(None) => return self.see_to_it(state),
                Ok(Some((child, begins))) => {
                    drop(state);
                    self.begin_spawned(child, &begins);
                    return Ok(());
                }
                Err(refused) => refused,
            };
            child = match refused {
                (child, Refused::Full) if if_full == IfFull::Wait => {
                    match self.wait_for_place(state, child)? {
                        Some(child) => child,
                        None => return Ok(()),
                    }
                }
                (child, refused) => {
                    drop(state);
                    drop(child);
                    return Err(refused);
                }
            };
        }
    }

    /// Sees to it that what was accepted begins (W2).
    pub(super) fn see_to_it(self: &Arc<Self>, mut state: Locked<'_, C>) -> Result<(), Refused> {
        // Once: if it finds nothing to do after all, it says again that it waits.
        let rings = std::mem::take(&mut state.runner_waits);
        drop(state);
        if rings {
            self.bell.ring();
        }
        self.have_watched()
    }

    /// The same, if there is no limit.
    fn see_to_incoming(self: &Arc<Self>, is_awaited: bool) -> Result<(), Refused> {
        if is_awaited {
            self.bell.ring();
        }
        self.have_watched()
    }

    #[inline]
    fn have_watched(self: &Arc<Self>) -> Result<(), Refused> {
        self.note_spawned();
        if !sentinel::is_awake() {
            self.wake_sentinel();
        }
        Ok(())
    }

    fn note_spawned(self: &Arc<Self>) {
        frames::note_spawned(Arc::as_ptr(self).addr());
    }

    fn begin_spawned(self: &Arc<Self>, child: C, under: &Under) {
        self.note_spawned();
        self.begin_here(child, under);
    }

    #[cold]
    fn wake_sentinel(self: &Arc<Self>) {
        if sentinel::watch(self, 1).is_err() {
            self.fail_unclaimed();
        }
    }

    /// Waits for a place. Gives the child back if that is to be tried again, for something else was to be done here.
    #[cold]
    fn wait_for_place(
        self: &Arc<Self>,
        mut state: Locked<'_, C>,
        child: C,
    ) -> Result<Option<C>, Refused> {
        let thread = activity::innermost(|id| state.places.runs_children(id));
        state.places.begin_to_wait(thread, How::Spawns);
        if state.places.is_deadlock(thread, How::Spawns) {
            state.places.end_wait(thread, How::Spawns);
            drop(state);
            drop(child);
            return Err(Refused::Deadlock);
        }
        let here = self.clone(); // Whoever lent it may let it go while this waits.
        let waiter = Arc::new(Waiter::new());
        let can_wait = child.can_wait();
        state.places.add_spawner(child, waiter.clone(), thread);
        let handles = state.heard();
        drop(state);
        waiting::during(Waiting::Spawn, || wait_under(&handles, &waiter, None));
        here.acquire_from_children();
        let mut state = here.lock();
        let Some(child) = state.places.remove_spawner(&waiter) else {
            here.see_to_accepted(state, can_wait)?;
            return Ok(None);
        };
        let due = std::mem::take(&mut state.due);
        drop(state);
        // Nobody else may come to do it. The place may be that of one of those.
        due.into_iter().for_each(Due::settle);
        if !handles.iter().any(|handle| handle.cancelled()) {
            return Ok(Some(child));
        }
        drop(child);
        let cause = handles.iter().find_map(|handle| handle.cause());
        Err(cause.map_or(Refused::Over, |cause| Refused::Cancelled(cause.clone())))
    }

    /// A child for which a place was waited for has been accepted.
    fn see_to_accepted(
        self: &Arc<Self>,
        mut state: Locked<'_, C>,
        can_wait: bool,
    ) -> Result<(), Refused> {
        let waiting = can_wait.then(|| state.take_waiting(self)).flatten();
        if let Some((child, begins)) = waiting {
            drop(state);
            self.begin_spawned(child, &begins);
            return Ok(());
        }
        self.see_to_it(state)
    }
}

/// Waits until it is rung, or one of the handles is cancelled, or the moment has come.
pub(super) fn wait_under(handles: &[Cancel], waiter: &Arc<Waiter>, end: Option<Instant>) {
    let alerts: Vec<_> = handles
        .iter()
        .map(|handle| Alert::on(handle, waiter))
        .collect();
    let ends = handles.iter().map(|handle| handle.at_the_latest(end));
    waiting::until(ends.fold(end, clock::sooner), |end| waiter.wait(end));
    drop(alerts);
}

impl<C: Child> State<C> {
    /// What ends a wait: the cancellation of the nursery, and of the calling callback.
    pub(super) fn heard(&self) -> Vec<Cancel> {
        let own = self.open.as_ref().map(|open| open.cancel.clone());
        let caller = frames::with_current(|context| Some(context?.scope.handle().clone()));
        own.into_iter().chain(caller).collect()
    }

    /// Accepts a child, or gives it back and says why not, in the order of the API. One that only waits is given back with what
    /// it begins in: it has its place.
    fn offer(
        &mut self,
        me: &Arc<Nursery<C>>,
        mut child: C,
    ) -> Result<Option<Begins<C>>, (C, Refused)> {
        let open = self.open.as_ref().filter(|_| !self.places.is_over());
        let Some(open) = open else {
            return Err((child, Refused::Over));
        };
        if let Some(cause) = open.cancel.cause() {
            return Err((child, Refused::Cancelled(cause.clone())));
        }
        if let Some(background) = child.background() {
            self.places.has_background(background);
        }
        if child.can_wait() && self.me.strong_count() == 0 {
            self.me = Arc::downgrade(me);
        }
        if self.places.is_full() {
            return Err((child, Refused::Full));
        }
        child.accepted(&open.cancel);
        if child.can_wait() {
            self.places.begin_another();
            return Ok(Some((child, Under::of(open, me))));
        }
        self.places.accept(child);
        Ok(None)
    }

    /// Takes out one that only waits, with what it begins in.
    fn take_waiting(&mut self, me: &Arc<Nursery<C>>) -> Option<Begins<C>> {
        let under = Under::of(self.open.as_ref()?, me);
        let child = self.places.begin_that(C::can_wait)?;
        Some((child, under))
    }
}

/// A child that only waits, and what it begins in.
type Begins<C> = (C, Under);

/// What children run under.
pub(crate) struct Under {
    pub(crate) cancel: Cancel,
    pub(crate) task: Option<Common<TaskRun>>,
    activities: Activities,
    nursery: Weak<dyn Host>,
}

impl Under {
    pub(super) fn of<C: Child>(work: &Work, nursery: &Arc<Nursery<C>>) -> Under {
        Under {
            cancel: work.cancel.clone(),
            task: work.task.clone(),
            activities: work.activities.clone(),
            nursery: Arc::downgrade(nursery) as _,
        }
    }

    /// What a child is a part of that goes on on another thread than the nursery's.
    pub(crate) fn part(&self) -> Part {
        Part::of(self.activities.clone(), self.nursery.clone())
    }
}

/// Where the calling thread spawns something.
#[cold]
fn origin() -> Origin {
    frames::with_current(|context| {
        let task = context.and_then(|context| context.task);
        events::origin(task.map(|task| &**task))
    })
}
