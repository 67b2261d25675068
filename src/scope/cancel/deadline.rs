//! Deadlines of handles: when they are cancelled by the clock.
//!
//! From its deadline on, a handle and all below it *are* cancelled: whoever asks looks at the clock, and who waits on one waits no
//! longer than until then. So a deadline costs no thread, and no list of all of them, as long as nobody else is to hear of it. Hooks,
//! descriptors and who listens are told by a strike, which `engine::timer` sees to, but only of a handle that has such.
//!
//! Invariants:
//! - **X1 by the clock.** From the moment on, nobody finds a handle with a deadline, or one below it, not cancelled, whether or not anything has struck it.
//! - **X2 one cause** (C1). Why a handle with a deadline is cancelled is settled once, at the deadline: by what strikes it before the
//!   moment, or by the first who comes after. A handle below that is found over before a strike has come to it notes the cause under its lock, so that
//!   a strike which comes later does not change it.
//! - **X3 the nearest.** Of several deadlines above each other only the nearest one counts: by the moments of the others, it is over.

use super::asked::{RUNS, TIMED};
use super::{Cancel, Node, Struck, View};
use crate::base::clock::{self, Duration, Instant};
use crate::base::common::{Common, Known};
use crate::base::error::Error;
use crate::base::sync::{Arc, Mutex, OnceLock};
use crate::base::{generation, once, race_detector, time_text};
use crate::scope::activity::{self, Activities};
use crate::scope::task_run::TaskRun;

/// The nearest deadline of a new handle and those above it (X3), and what its state is with that.
pub(super) struct Nearest {
    pub(super) own: Option<Deadline>,
    /// Else the handle above that has it.
    pub(super) above: Option<Common<Node>>,
    pub(super) state: u8,
}

/// When something is to be over.
#[derive(Clone, Copy)]
pub(crate) struct TimeLimit {
    moment: Instant,
    /// How long that was when it was set, in nanoseconds.
    timeout_ns: u64,
}

pub(crate) struct Deadline {
    limit: TimeLimit,
    /// Of which activities its strike is a part.
    activities: Activities,
    /// What few deadlines ever need: most are dropped long before their moment.
    late: OnceLock<Box<Late>>,
}

#[derive(Default)]
struct Late {
    settled: OnceLock<Settled>,
    /// What strikes its handle for those who do not wait, and of which process that is, as `generation` has it.
    striker: Mutex<Option<(u32, Arc<dyn Striker>)>>,
}

/// Why the handle of a deadline is cancelled (X2).
struct Settled {
    cause: Error,
    /// Whether that is the deadline itself.
    is_time_up: bool,
}

/// What cancels the handle of a deadline at its moment. (It lies above, where there are threads.)
pub(crate) trait Striker: Send + Sync {
    /// Has it done at that moment, by a thread that is there for that.
    fn strike_at(self: Arc<Self>, moment: Instant);
    /// Does it on the calling thread, unless it has been done.
    fn strike(&self);
    /// It is not done any more. If it was, its hooks have run after this.
    fn end(&self);
}

impl Nearest {
    pub(super) const NONE: Nearest = Nearest {
        own: None,
        above: None,
        state: RUNS,
    };

    /// Its own, if it has one, or else that of a handle above it.
    pub(super) fn of(own: Option<Deadline>, above: Option<&Common<Node>>) -> Nearest {
        let above = above.filter(|_| own.is_none()).cloned();
        let is_any = own.is_some() || above.is_some();
        let state = if is_any { TIMED } else { RUNS };
        Nearest { own, above, state }
    }
}

impl TimeLimit {
    /// After so many nanoseconds from now; `None`: negative is never, and so is what is too far away for the clock to name.
    pub(crate) fn after(timeout_ns: i64) -> Option<TimeLimit> {
        let timeout_ns = u64::try_from(timeout_ns).ok()?;
        let moment = clock::now().checked_add(Duration::from_nanos(timeout_ns))?;
        Some(TimeLimit { moment, timeout_ns })
    }

    pub(crate) fn moment(&self) -> Instant {
        self.moment
    }
}

impl Deadline {
    /// The same.
    pub(crate) fn after(timeout_ns: i64) -> Option<Deadline> {
        TimeLimit::after(timeout_ns).map(Deadline::of)
    }

    pub(super) fn of(limit: TimeLimit) -> Deadline {
        Deadline {
            limit,
            activities: Activities::default(),
            late: OnceLock::new(),
        }
    }

    /// The same; its hooks are waited for by what the calling thread is a part of.
    pub(crate) fn of_this_run(self) -> Deadline {
        let activities = activity::current();
        Deadline { activities, ..self }
    }

    pub(crate) fn moment(&self) -> Instant {
        self.limit.moment
    }

    /// Of which activities what its strike has left to do is a part.
    pub(crate) fn activities(&self) -> Activities {
        self.activities.clone()
    }

    /// Whether it is the nearest one, below that other one (X3).
    pub(super) fn is_nearer_than(&self, above: Option<&Deadline>) -> bool {
        above.is_none_or(|above| self.moment() < above.moment())
    }

    fn has_come(&self) -> bool {
        clock::has_come(self.moment())
    }

    /// Why its handle is cancelled, which it is: because of the deadline, unless something else was faster (X2).
    fn settle(&self) -> &Settled {
        self.settled().unwrap_or_else(|| {
            let timeout = Duration::from_nanos(self.limit.timeout_ns);
            let text = format!("timed out after {}", time_text::of(timeout));
            self.settle_as(Error::new(libc::ETIMEDOUT, &text), true)
        })
    }

    /// Whether that cause tells that its time is up.
    fn is_why(&self, cause: &Error) -> bool {
        let settled = self.settled();
        settled.is_some_and(|settled| settled.is_time_up && settled.cause.is(cause))
    }

    fn settled(&self) -> Option<&Settled> {
        let settled = self.late.get()?.settled.get();
        race_detector::acquire(&raw const self.late);
        settled
    }

    fn settle_as(&self, cause: Error, is_time_up: bool) -> &Settled {
        race_detector::release(&raw const self.late); // Others may find the cause.
        once::set_once(&self.late().settled, Settled { cause, is_time_up })
    }

    fn late(&self) -> &Late {
        let late = self.late.get();
        late.unwrap_or_else(|| once::set_once(&self.late, Box::default()))
    }

    /// What strikes its handle, if something does in this process.
    pub(crate) fn watched(&self) -> Option<Arc<dyn Striker>> {
        let striker = self.late.get()?.striker.lock();
        let (process, striker) = striker.as_ref()?;
        (*process == generation::current()).then(|| striker.clone())
    }

    /// The same, made like this if there is none.
    pub(crate) fn striker<S: Striker + 'static>(
        &self,
        make: impl FnOnce() -> Arc<S>,
    ) -> Arc<dyn Striker> {
        let here = generation::current();
        let mut kept = self.late().striker.lock();
        match &*kept {
            Some((process, striker)) if *process == here => return striker.clone(),
            _ => (),
        }
        let made: Arc<dyn Striker> = make();
        let former = kept.replace((here, made.clone()));
        drop(kept);
        drop(former);
        made
    }

    /// Nothing strikes its handle any more; if something has, its hooks have run after this.
    pub(crate) fn end(&self) {
        let striker = self.late.get().and_then(|late| late.striker.lock().take());
        if let Some((_, striker)) = striker {
            striker.end();
        }
    }
}

impl Cancel {
    /// A handle with nothing above it, and with a deadline.
    #[inline]
    pub(crate) fn root_until(task: Option<Common<TaskRun>>, deadline: Deadline) -> Cancel {
        let nearest = Nearest::of(Some(deadline), None);
        Cancel::of(Common::new(|| {
            Node::new(None, task, 0, None, View::NONE, nearest)
        }))
    }

    /// A handle below this one, in its task, which has a deadline of its own if that is nearer than those above.
    pub(crate) fn child_until(&self, deadline: Deadline) -> Cancel {
        self.until(self.task.clone(), deadline)
    }

    /// The same, with that limit, or without one.
    pub(crate) fn child_within(&self, limit: Option<TimeLimit>) -> Cancel {
        match limit {
            Some(limit) => self.child_until(Deadline::of(limit).of_this_run()),
            None => self.child(),
        }
    }

    pub(super) fn until(&self, task: Option<Common<TaskRun>>, deadline: Deadline) -> Cancel {
        self.born(task, false, self.inherited.clone(), Some(deadline))
    }

    /// A handle below this one, in that task, that nobody has known: it is as if it had been there since that limit was set, and what came
    /// first until now counts. What comes to this one from now on does not come to it, so it takes no lock; and this one must be held meanwhile.
    pub(crate) fn child_since(
        &self,
        task: Option<Common<TaskRun>>,
        limit: Option<TimeLimit>,
    ) -> Cancel {
        let own = limit.map(Deadline::of);
        let own = own.filter(|own| own.is_nearer_than(self.deadline()));
        let was_over = |own: &Deadline| self.is_cancelled_after(own.moment());
        let is_struck_first = self.is_struck() && !own.as_ref().is_some_and(was_over);
        let (parent, inherited) = (Some(self.node().clone()), self.inherited.clone());
        let nearest = Nearest::of(own, self.owner_of_deadline());
        let born = Node {
            holds_parent: false,
            ..Node::new(parent, task, self.main, inherited, View::NONE, nearest)
        };
        if is_struck_first {
            born.be_struck_as(self);
        }
        Cancel::of(Common::new(|| born))
    }

    /// The handle that has the nearest deadline of it and those above it.
    pub(super) fn owner_of_deadline(&self) -> Option<&Common<Node>> {
        match self.own_deadline {
            Some(_) => Some(self.node()),
            None => self.deadline_of.0.as_ref(),
        }
    }

    /// Its nearest deadline, and the handle that has it.
    pub(crate) fn deadline_above(&self) -> Option<(&Deadline, Known<Node>)> {
        let owner = self.owner_of_deadline()?;
        Some((owner.own_deadline()?, Common::downgrade(owner)))
    }
}

impl Node {
    /// Its nearest deadline.
    #[inline]
    pub(crate) fn deadline(&self) -> Option<&Deadline> {
        self.own_deadline
            .as_ref()
            .or_else(|| self.deadline_of.0.as_ref()?.own_deadline())
    }

    /// Its deadline, if it has one of its own.
    pub(crate) fn own_deadline(&self) -> Option<&Deadline> {
        self.own_deadline.as_ref()
    }

    /// When a wait is over that is to end at that moment, if at any, and when the handle is over.
    pub(crate) fn at_the_latest(&self, end: Option<Instant>) -> Option<Instant> {
        clock::sooner(end, self.deadline().map(Deadline::moment))
    }

    /// Whether its deadline has come (X1).
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.deadline().is_some_and(Deadline::has_come)
    }

    /// Whether its deadline has come, and no strike has been here.
    pub(crate) fn is_to_be_struck(&self) -> bool {
        !self.is_struck() && self.is_over()
    }

    /// The cause of its own deadline, if that is why it is cancelled.
    pub(crate) fn timed_out(&self) -> Option<&Error> {
        let settled = self.own_deadline()?.settled()?;
        settled.is_time_up.then_some(&settled.cause)
    }

    /// Whether it was cancelled only after that moment: by a deadline, or by what struck it.
    pub(crate) fn is_cancelled_after(&self, end: Instant) -> bool {
        let Some(cause) = self.cause() else {
            return false;
        };
        match self.deadline() {
            Some(deadline) if deadline.is_why(cause) => end < deadline.moment(),
            _ => clock::shown_at(end) < self.struck_at(),
        }
    }

    /// The cause of a handle that is cancelled (X2).
    pub(super) fn settled_cause(&self) -> &Error {
        let cause = self.cause.get().unwrap_or_else(|| {
            let _deciding = self.links.lock();
            self.settle_cause(self.cause_by_deadline())
        });
        let _ = self.deadline().map(Deadline::settled); // Others may have made it.
        cause
    }

    /// Decides why this node is cancelled, which that one is about to be the cause of, under its lock (X2).
    pub(super) fn decide(&self, given: &Error) {
        if self.cause.get().is_some() {
            return;
        }
        let cause = match self.own_deadline() {
            _ if self.is_over() => self.cause_by_deadline(),
            Some(deadline) => &deadline.settle_as(given.clone(), false).cause,
            None => given,
        };
        self.settle_cause(cause);
    }

    fn cause_by_deadline(&self) -> &Error {
        let deadline = self.deadline().expect("it is over by that");
        &deadline.settle().cause
    }

    /// What the monotonic clock shows when a handle was struck, which is now, or was over before.
    pub(super) fn time_of_strike(&self) -> u64 {
        match self.deadline() {
            Some(deadline) if deadline.has_come() => clock::shown_at(deadline.moment()),
            _ => clock::exact(),
        }
    }

    /// Cancels a handle whose deadline has come, and all below it, as `strike_all` does.
    pub(crate) fn strike_over(this: Common<Node>) -> Struck {
        let cause = this.cause_by_deadline().clone();
        let mut struck = this.strike_all(&cause);
        struck.add_orphan(this);
        struck
    }
}

#[cfg(all(test, loom))]
#[path = "../models/deadline.rs"]
mod models;
