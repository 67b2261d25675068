//! Children that have begun and wait for something, with no thread: what a backlog keeps of them.
//!
//! Such an *operation* is begun by whoever takes the child, who goes on with the next one, or by who spawns it. When what it waits for has come,
//! or it is cancelled, it is *given back*: it is ready, and work that nobody has taken, like a child that has not begun. Who takes it
//! ends it.
//!
//! Invariants:
//! - **B1 nobody else's thread.** Who tells that something has come (he may be the sentinel, the timer, the thread that listens to signals, or
//!   an event loop of the program's) only gives the operation back. Nothing of the program's runs there.
//! - **B2 once.** An operation is given back once, whoever tells, and however often: it is either among those that wait or among
//!   those that are ready, and it goes from the ones to the others under the lock of its backlog.
//! - **B3 none forgotten.** It begins to listen under that lock, and who tells gives it back under that lock: so he finds it.
//!   What the clock brings is told by the timer; where no thread can be had for that, by who waits for operations to be ready (T7).
//! - **B4 as if a thread had waited.** A ready operation has an outcome, and is ended also where nothing new would begin.
//!
//! All of this is guarded by the lock of the backlog, also where that is `Seen`: calls of the C library move what is kept, so no race
//! detector looks meanwhile. The locks of promises, of handles and of the timer are taken under that; whoever tells
//! does so under none.

use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};

use crate::base::error::Outcome;
use crate::base::generation;
use crate::base::race_detector::Unseen;
use crate::base::sync::{Arc, Weak};
use crate::engine::backlog::Backlog;
use crate::engine::operation::Operation;
use crate::engine::shown::Shown;
use crate::engine::{late_strike, sentinel, timer};
use crate::scope::cancel::Cancel;
use crate::scope::listener::{Listener, Listening};

/// The operations of a backlog, each with what that knows of the child.
pub(super) struct Pending<T> {
    /// How many have begun to wait so far.
    begun: Key,
    waiting: BTreeMap<Key, Box<Kept<T>>>,
    ready: VecDeque<Box<Kept<T>>>,
    /// That all hear of the cancellation of what they run under, once there is one.
    alert: Option<Arc<Listening>>,
}

/// Which one of its backlog it is.
type Key = u64;

pub(super) struct Kept<T> {
    pub(super) child: T,
    pub(super) operation: Operation,
    listening: Arc<Listening>,
}

/// An operation is kept. The timer may be to be sent a thread for that.
#[must_use]
pub(super) struct KeptNow {
    wants_thread: bool,
}

/// Which operations are to be given back.
#[derive(Clone, Copy)]
pub(super) enum Which {
    One(Key),
    All,
}

/// What has operations.
pub(super) trait Keeper: Send + Sync {
    fn give_back(self: Arc<Self>, which: Which);
}

/// Who hears of it when something has come.
struct Ticket {
    keeper: Weak<dyn Keeper>,
    which: Which,
    /// Of the process that has the operation: in a child of `fork` nobody ends it.
    generation: u32,
}

/// One who gives those back when he is told.
pub(super) fn ticket(keeper: Weak<dyn Keeper>, which: Which) -> Arc<Listening> {
    let generation = generation::current();
    Listening::of(Arc::new(Ticket {
        keeper,
        which,
        generation,
    }))
}

impl Listener for Ticket {
    fn tell(&self) {
        if self.generation == generation::current() {
            if let Some(keeper) = self.keeper.upgrade() {
                keeper.give_back(self.which);
            }
        }
    }
}

impl<T> Pending<T> {
    pub(super) fn new() -> Pending<T> {
        Pending {
            begun: 0,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            alert: None,
        }
    }

    /// Keeps an operation that has begun under that handle, until what it waits for has come (B3). What is returned is to be told
    /// when no lock is held any more.
    pub(super) fn keep(
        &mut self,
        child: T,
        mut operation: Operation,
        keeper: Weak<dyn Keeper>,
        cancel: &Cancel,
    ) -> KeptNow {
        let _unseen = Unseen::default();
        self.begun += 1;
        let key = self.begun;
        let hears = self.hears_of(cancel, &keeper);
        let listening = ticket(keeper, Which::One(key));
        let is_over = !hears && operation.gives_up();
        let wants_thread = (!is_over).then(|| operation.listen(&listening)).flatten();
        let kept = Box::new(Kept {
            child,
            operation,
            listening,
        });
        if wants_thread.is_some() {
            self.waiting.insert(key, kept);
        } else {
            self.ready.push_back(kept);
        }
        KeptNow {
            wants_thread: wants_thread == Some(true),
        }
    }

    /// Sees to it that all hear of the cancellation of that handle; or it is cancelled (false).
    fn hears_of(&mut self, cancel: &Cancel, keeper: &Weak<dyn Keeper>) -> bool {
        if self.alert.is_some() {
            return !cancel.cancelled();
        }
        let alert = ticket(keeper.clone(), Which::All);
        let hears = cancel.listen(&alert);
        self.alert = hears.then_some(alert);
        hears
    }

    /// Gives back those that have not been (B2), but for what has begun to run in a queue: that is told of once more when it has ended.
    /// Tells how many that are.
    pub(super) fn give_back(&mut self, which: Which) -> usize {
        let _unseen = Unseen::default();
        let before = self.ready.len();
        match which {
            Which::One(key) => {
                if let Entry::Occupied(kept) = self.waiting.entry(key) {
                    if kept.get().operation.is_over() {
                        self.ready.push_back(kept.remove());
                    }
                }
            }
            Which::All => {
                for (key, kept) in std::mem::take(&mut self.waiting) {
                    if kept.operation.gives_up() {
                        self.ready.push_back(kept);
                    } else {
                        self.waiting.insert(key, kept);
                    }
                }
            }
        }
        self.ready.len() - before
    }

    /// How many are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Takes one that is ready, to end it.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Box<Kept<T>>> {
        self.ready.pop_front()
    }

    /// Takes all that are.
    pub(super) fn take_all(&mut self) -> VecDeque<Box<Kept<T>>> {
        std::mem::take(&mut self.ready)
    }

    /// There will be none any more. What is returned has them hear of the cancellation: that ends under no lock.
    pub(super) fn close(&mut self) -> Option<Arc<Listening>> {
        self.alert.take()
    }

    /// How many nobody has taken.
    pub(super) fn count(&self) -> usize {
        self.waiting.len() + self.ready.len()
    }

    /// The same, and so many of them, those that have waited longest first.
    pub(super) fn show(&self, most: usize) -> (usize, Vec<Shown>) {
        let all = self.waiting.values().chain(&self.ready);
        let shown = all.take(most).map(|kept| kept.operation.show());
        (self.count(), shown.collect())
    }
}

impl KeptNow {
    /// Has somebody there who tells of the moments, of that of the handle as well.
    pub(super) fn see_to_moments(self, cancel: &Cancel) {
        if self.wants_thread {
            timer::send_thread();
        }
        late_strike::watch(cancel);
    }
}

impl<T> Kept<T> {
    /// Ends it, on the calling thread. What is left of the child is released after that.
    pub(super) fn end(self, cancel: &Cancel) -> Outcome {
        let outcome = self.operation.end(cancel, &self.listening);
        drop(self.child);
        outcome
    }
}

/// Has somebody come who ends what was given back, where the thread that will do so at last has something else to do. To be called
/// where no lock is held; it does not wait. `false`: no thread can be had that would see to it.
pub(super) fn send_for<B: Backlog + 'static>(backlog: &Arc<B>, is_first: bool) -> bool {
    if is_first {
        let backlog: Arc<dyn Backlog> = backlog.clone();
        sentinel::send_parked_at_once(&backlog);
    }
    sentinel::watch_at_once(backlog, 1).is_ok()
}
