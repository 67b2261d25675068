//! What a fan-out shows of itself to those who help it along: the sentinel, and helpers.

use crate::base::clock::{self, Instant};
use crate::base::sync::atomic::AtomicUsize;
use crate::base::sync::{Arc, Mutex};
use crate::engine::at_work::AtWork;
use crate::engine::backlog_policy::Policy;
use crate::engine::shown::Shown;
use crate::engine::terms::{self, Terms};

/// Work that one thread has published and others may help with.
pub(crate) trait Backlog: Send + Sync {
    /// What the combinator is called.
    fn name(&self) -> &'static str;
    /// How many children nobody has claimed yet, or nobody after they have waited (`pending`).
    fn left(&self) -> usize {
        self.unclaimed()
    }
    /// If only so many children have a place at once: how it stands with these.
    fn places(&self) -> Option<Places> {
        None
    }
    /// How many of those may begin now: those for whom helpers are sent.
    fn unclaimed(&self) -> usize;
    /// How many children have not begun.
    fn not_begun(&self) -> usize {
        self.left()
    }
    /// Children that wait without a thread: how many, and so many of them, those that have waited longest first.
    fn pending(&self, _most: usize) -> (usize, Vec<Shown>) {
        (0, Vec::new())
    }
    /// How many have been claimed so far.
    fn claimed(&self) -> usize;
    /// Claims children and runs them, on the calling thread, until there are none.
    fn help(&self);
    /// Fails all unclaimed children: no thread can be had for them. Nothing of the program's runs there.
    fn give_up(self: Arc<Self>);
    /// The sentinel's own, which it finds again here.
    fn watch(&self) -> &Watch;
}

/// Places for children, in a nursery with a limit.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    pub(crate) limit: usize,
    pub(crate) taken: usize,
    /// How many spawners wait for one.
    pub(crate) wanted: usize,
}

/// A backlog as its caller holds it.
pub(crate) trait Published {
    fn backlog(&self) -> &dyn Backlog;
    fn share(&self) -> Arc<dyn Backlog>;
}

/// What tells a backlog from others that are there at the same time.
pub(crate) fn address(backlog: &dyn Backlog) -> usize {
    std::ptr::from_ref(backlog).cast::<()>().addr()
}

/// What the sentinel knows of a backlog.
pub(crate) struct Watch {
    /// The kernel's number of the thread that published it.
    pub(super) publisher: i32,
    /// How many helpers were lent to it that have not arrived yet.
    pub(super) coming: AtomicUsize,
    /// How many were lent by the sentinel because its threads waited for something.
    pub(super) waited_for: AtomicUsize,
    /// Which helpers have come and gone since the sentinel last looked, if it has sent any.
    pub(super) traffic: Mutex<Option<Box<Traffic>>>,
    pub(super) memory: Mutex<Option<Box<Memory>>>,
}

/// Helpers of which the sentinel knows or is to know, by the kernel's numbers.
#[derive(Default)]
pub(super) struct Traffic {
    /// They have arrived since it last looked.
    pub(super) arrived: Vec<i32>,
    /// It saw them at work, and they have left since.
    pub(super) left: Vec<i32>,
    /// On which terms the publisher runs, as the kernel has told a publisher that goes on to wait, and when.
    believed: Option<(Instant, Terms)>,
}

impl Traffic {
    /// A helper leaves. There are never more of these than the sentinel has seen at work.
    fn leave(&mut self, thread: i32) {
        match self.arrived.iter().position(|come| *come == thread) {
            Some(place) => drop(self.arrived.swap_remove(place)),
            None => self.left.push(thread),
        }
    }
}

/// What the sentinel remembers of a backlog that it has looked at.
pub(super) struct Memory {
    pub(super) policy: Policy,
    pub(super) at_work: AtWork,
    /// On which terms its helpers run.
    pub(super) terms: Terms,
    /// On how many processors.
    pub(super) cores: usize,
    /// When that was last asked for.
    pub(super) asked_at: Option<Instant>,
}

impl Watch {
    pub(crate) fn of(publisher: i32) -> Watch {
        Watch {
            publisher,
            coming: AtomicUsize::new(0),
            waited_for: AtomicUsize::new(0),
            traffic: Mutex::new(None),
            memory: Mutex::new(None),
        }
    }

    /// Makes room for helpers that are to arrive.
    pub(super) fn make_room(&self, helpers: usize) {
        let mut traffic = self.traffic.lock();
        traffic.get_or_insert_default().arrived.reserve(helpers);
    }

    /// On which terms the publisher runs, by what the kernel says, or has said not long ago.
    pub(super) fn terms(&self) -> Terms {
        let now = clock::now();
        let is_new = |asked: Instant| now.duration_since(asked) < terms::BELIEVED;
        match &self.traffic.lock().get_or_insert_default().believed {
            Some((asked, terms)) if is_new(*asked) => return terms.clone(),
            _ => {}
        }
        let terms = Terms::of(self.publisher);
        let mut traffic = self.traffic.lock();
        traffic.get_or_insert_default().believed = Some((now, terms.clone()));
        terms
    }

    /// A helper arrives of which the sentinel is to know.
    pub(super) fn arrive(&self, thread: i32) {
        let mut traffic = self.traffic.lock();
        traffic.get_or_insert_default().arrived.push(thread);
    }

    /// It leaves. There may be more to do later.
    pub(super) fn leave(&self, thread: i32) {
        let mut traffic = self.traffic.lock();
        traffic.get_or_insert_default().leave(thread);
    }

    /// Whether the sentinel has looked at it before.
    pub(super) fn is_known(&self) -> bool {
        self.memory.lock().is_some()
    }
}

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            policy: Policy::default(),
            at_work: AtWork::default(),
            terms: Terms::OWN,
            cores: 1,
            asked_at: None,
        }
    }
}
