//! Who has a place in a nursery, and who waits for one. Nothing here waits, or runs anything of the program's.

use std::collections::VecDeque;

use super::incoming::Incoming;
use super::threads::Threads;
use crate::base::sync::Arc;
use crate::base::sync::spin_lock::BriefLock;
use crate::engine::background::Background;
use crate::engine::backlog;
use crate::scope::activity::Id;
use crate::scope::cancel::Cancel;
use crate::scope::waiter::Waiter;

/// A queue that had more room than that gives it back when it is empty: a nursery is no larger for what went through it.
const ROOM_KEPT: usize = 64;

pub(super) struct Places<C> {
    /// How many children have a place at once; 0: any number.
    limit: usize,
    /// Accepted, and not begun; those behind them are still in `incoming`, if there is no limit.
    queue: VecDeque<C>,
    incoming: Arc<BriefLock<Incoming<C>>>,
    /// Whether that may have got the room of a large queue.
    has_lent_room: bool,
    /// How many have begun, or are being released, so far. Each of these numbers only grows: two that change together, one of which
    /// has just been changed alone, make a processor wait.
    begun: usize,
    /// How many of those have ended.
    ended: usize,
    /// How many have been taken that had waited.
    taken_again: usize,
    is_body_over: bool,
    /// Whether all has ended, for good; what would have been accepted would have run under that.
    is_over: bool,
    closed: Option<Cancel>,
    /// Once one of its children was of the background.
    background: Option<Arc<Background>>,
    /// Who waits for a place, in order.
    spawners: VecDeque<Spawner<C>>,
    threads: Threads,
    /// All who wait for that, from whatever place.
    resters: Vec<Rester>,
}

/// Who waits for a place, with the child that is to have it.
struct Spawner<C> {
    child: C,
    waiter: Arc<Waiter>,
    thread: Option<Id>,
}

/// Who waits until no child is left.
struct Rester {
    waiter: Arc<Waiter>,
    thread: Option<Id>,
    how: How,
}

/// How a call waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// For a place.
    Spawns,
    /// Until no child is left.
    Rests,
    /// The same, for no longer than some time.
    RestsForAWhile,
}

/// Whom an end concerns. Seldom there is anybody, so it is moved as one word.
#[derive(Default)]
pub(super) struct Concerned {
    /// The spawner whose child has been given the place.
    spawner: Option<Arc<Waiter>>,
    /// Those who have waited until no child is left.
    resters: Vec<Arc<Waiter>>,
    /// Those of the background, if all others have ended.
    background: Option<Arc<Background>>,
}

impl Concerned {
    /// To be called under no lock.
    pub(super) fn ring(self) {
        let all = self.spawner.iter().chain(&self.resters);
        all.for_each(|waiter| waiter.ring());
        if let Some(background) = self.background {
            background.stop();
        }
    }
}

impl<C> Places<C> {
    pub(super) fn new(incoming: Arc<BriefLock<Incoming<C>>>) -> Places<C> {
        Places {
            limit: 0,
            queue: VecDeque::new(),
            incoming,
            has_lent_room: false,
            begun: 0,
            ended: 0,
            taken_again: 0,
            is_body_over: false,
            is_over: true,
            closed: None,
            background: None,
            spawners: VecDeque::new(),
            threads: Threads::NONE,
            resters: Vec::new(),
        }
    }

    /// For children that come in from now on. There is nobody, and no child is left of those that were there before, if there were any.
    pub(super) fn begin_anew(&mut self, limit: usize) {
        self.limit = limit;
        (self.begun, self.ended, self.taken_again) = (0, 0, 0);
        (self.is_body_over, self.is_over) = (false, false);
    }

    pub(super) fn unclaimed(&self) -> usize {
        let incoming = if self.is_over {
            0
        } else {
            self.incoming.lock().len()
        };
        self.queue.len() + incoming
    }

    pub(super) fn claimed(&self) -> usize {
        self.begun.wrapping_add(self.taken_again)
    }

    /// How many have begun and not ended.
    fn running(&self) -> usize {
        self.begun.wrapping_sub(self.ended)
    }

    /// How many have a place.
    pub(super) fn count(&self) -> usize {
        self.unclaimed() + self.running()
    }

    /// If there is a limit.
    pub(super) fn standing(&self) -> Option<backlog::Places> {
        (self.limit > 0).then(|| backlog::Places {
            limit: self.limit,
            taken: self.count(),
            wanted: self.spawners.len(),
        })
    }

    pub(super) fn note_body_over(&mut self) {
        self.is_body_over = true;
        self.note_over();
    }

    /// Closes it if the body is over and nobody has a place any more (W3).
    #[inline(always)]
    fn note_over(&mut self) {
        if self.is_body_over && self.running() == 0 && self.queue.is_empty() {
            self.close();
        }
    }

    /// If something has come in meanwhile, that is taken to the queue.
    #[inline(never)]
    fn close(&mut self) {
        let mut incoming = self.incoming.lock();
        self.closed = incoming.close();
        self.is_over = self.closed.is_some();
        if !self.is_over {
            self.has_lent_room |= self.queue.capacity() > ROOM_KEPT;
            incoming.swap(&mut self.queue);
        }
    }

    /// Whether all has ended, for good (W3).
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Gives up what children ran under, which helpers that are about to go would keep: to be dropped under no lock.
    pub(super) fn let_go(&mut self) -> (Option<Cancel>, Option<Arc<Background>>) {
        (self.closed.take(), self.background.take())
    }

    /// Whether who runs the nursery has nothing to begin, and is to be rung when it has.
    pub(super) fn awaits_one(&self) -> bool {
        self.queue.is_empty() && self.incoming.lock().is_awaited()
    }

    /// Takes what has come in to the queue, if that is empty.
    #[inline(always)]
    fn refill(&mut self) {
        if self.queue.is_empty() && !self.is_over {
            self.take_incoming();
        }
    }

    #[inline(never)]
    fn take_incoming(&mut self) {
        self.has_lent_room |= self.queue.capacity() > ROOM_KEPT;
        self.incoming.lock().swap(&mut self.queue);
    }

    /// Whether a child would have to wait for a place. Who waits already comes first.
    pub(super) fn is_full(&self) -> bool {
        self.limit > 0 && (self.count() >= self.limit || !self.spawners.is_empty())
    }

    /// Gives a child a place.
    pub(super) fn accept(&mut self, child: C) {
        self.queue.push_back(child);
    }

    /// Takes out the one that is next. It keeps its place until `end`.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> Option<C> {
        self.refill();
        let next = self.queue.pop_front();
        self.note_begun(usize::from(next.is_some()));
        next
    }

    /// The room of large queues that are empty, to be released under no lock. Seldom there is any, so it is moved as one word.
    #[inline(always)]
    pub(super) fn take_room(&mut self) -> Option<Box<[VecDeque<C>; 2]>> {
        let is_large = self.has_lent_room || self.queue.capacity() > ROOM_KEPT;
        is_large.then(|| self.take_large_room())
    }

    #[cold]
    fn take_large_room(&mut self) -> Box<[VecDeque<C>; 2]> {
        let mut incoming = self.incoming.lock();
        self.has_lent_room = !incoming.is_empty();
        Box::new([&mut self.queue, incoming.queue()].map(|queue| {
            let is_large = queue.is_empty() && queue.capacity() > ROOM_KEPT;
            if is_large {
                std::mem::take(queue)
            } else {
                VecDeque::new()
            }
        }))
    }

    /// One begins without having been in the queue.
    pub(super) fn begin_another(&mut self) {
        self.note_begun(1);
    }

    /// Takes out the first one of that kind. Only those are looked at that nobody else has to bring in.
    pub(super) fn begin_that(&mut self, is_one: impl Fn(&C) -> bool) -> Option<C> {
        let place = self.queue.iter().position(is_one)?;
        let next = self.queue.remove(place);
        self.note_begun(1);
        next
    }

    /// Takes out all.
    pub(super) fn begin_all(&mut self) -> VecDeque<C> {
        let mut all = self.begin_those();
        all.append(&mut self.begin_those());
        all
    }

    fn begin_those(&mut self) -> VecDeque<C> {
        self.refill();
        self.note_begun(self.queue.len());
        std::mem::take(&mut self.queue)
    }

    /// Somebody has taken one that has a place, and gets on with it.
    pub(super) fn note_taken(&mut self, count: usize) {
        self.taken_again = self.taken_again.wrapping_add(count);
    }

    fn note_begun(&mut self, count: usize) {
        self.begun = self.begun.wrapping_add(count);
    }

    /// One that was taken out has ended. Its place goes to who waits for one, unless the nursery is cancelled, and so
    /// accepts nobody: `accept` is told of the child.
    #[inline(always)]
    pub(super) fn end(
        &mut self,
        accepts: impl FnOnce() -> bool,
        accept: impl FnOnce(&mut C),
    ) -> Option<Box<Concerned>> {
        self.ended = self.ended.wrapping_add(1);
        let is_alone =
            self.spawners.is_empty() && self.resters.is_empty() && self.background.is_none();
        let concerned = (!is_alone).then(|| self.concern(accepts(), accept));
        self.note_over();
        concerned
    }

    fn concern(&mut self, accepts: bool, accept: impl FnOnce(&mut C)) -> Box<Concerned> {
        let mut concerned = Box::<Concerned>::default();
        let first = accepts.then(|| self.spawners.pop_front()).flatten();
        if let Some(mut first) = first {
            accept(&mut first.child);
            self.accept(first.child);
            self.end_wait(first.thread, How::Spawns);
            concerned.spawner = Some(first.waiter);
        }
        concerned.resters = self.take_rested();
        concerned.background = self.is_left_alone();
        concerned
    }

    /// From now on it has children of the background.
    pub(super) fn has_background(&mut self, background: &Arc<Background>) {
        self.background.get_or_insert_with(|| background.clone());
    }

    /// Those of the background, if all others have ended: the body, and all that have a place. One that ends has left
    /// them before it gives up its place, at which this is asked again.
    pub(super) fn is_left_alone(&self) -> Option<Arc<Background>> {
        let background = self.background.as_ref()?;
        let is_alone = self.is_body_over && self.count() == background.inside();
        is_alone.then(|| background.clone())
    }

    /// A spawner waits for a place: he is rung when the child has been accepted, and waits no more from then on, even if he
    /// has not heard it.
    pub(super) fn add_spawner(&mut self, child: C, waiter: Arc<Waiter>, thread: Option<Id>) {
        self.spawners.push_back(Spawner {
            child,
            waiter,
            thread,
        });
    }

    /// He does not any more. The child comes back, if it has not been accepted.
    pub(super) fn remove_spawner(&mut self, waiter: &Arc<Waiter>) -> Option<C> {
        let mut spawners = self.spawners.iter();
        let place = spawners.position(|spawner| Arc::ptr_eq(&spawner.waiter, waiter))?;
        let spawner = self.spawners.remove(place)?;
        self.end_wait(spawner.thread, How::Spawns);
        Some(spawner.child)
    }

    /// This thread runs children from now on.
    pub(super) fn begin_running(&mut self, thread: Id) {
        self.threads.add(thread);
    }

    pub(super) fn end_running(&mut self, thread: Id) {
        self.threads.remove(thread);
    }

    pub(super) fn runs_children(&self, id: Id) -> bool {
        self.threads.has(id)
    }

    /// A call begins to wait, from inside of a child that this thread runs, if of any.
    pub(super) fn begin_to_wait(&mut self, thread: Option<Id>, how: How) {
        self.threads.wait_from(thread, how, 1);
    }

    /// Whether it, which has just begun to wait, would wait for ever: all children would wait for each other (W4).
    pub(super) fn is_deadlock(&self, thread: Option<Id>, how: How) -> bool {
        thread.is_some() && how != How::RestsForAWhile && self.threads.stuck() == self.count()
    }

    /// It waits no more.
    pub(super) fn end_wait(&mut self, thread: Option<Id>, how: How) {
        self.threads.wait_from(thread, how, -1);
    }

    /// Whether no child is left but those that wait for just that.
    pub(super) fn is_at_rest(&self) -> bool {
        self.count() == self.threads.resting()
    }

    /// Waits for that. Who does is rung when it is so, and waits no more from then on: it may not be so any more when he
    /// looks.
    pub(super) fn rest(&mut self, waiter: Arc<Waiter>, thread: Option<Id>, how: How) {
        self.resters.push(Rester {
            waiter,
            thread,
            how,
        });
    }

    /// All who wait, for a place or for that.
    pub(super) fn waiters(&self) -> Vec<Arc<Waiter>> {
        let resters = self.resters.iter().map(|rester| &rester.waiter);
        let spawners = self.spawners.iter().map(|spawner| &spawner.waiter);
        resters.chain(spawners).cloned().collect()
    }

    /// Does not wait any more. Tells whether it had not been so yet.
    pub(super) fn leave_rest(&mut self, waiter: &Arc<Waiter>) -> bool {
        let mut resters = self.resters.iter();
        let place = resters.position(|other| Arc::ptr_eq(&other.waiter, waiter));
        let left = place.map(|place| self.resters.swap_remove(place));
        left.map(|rester| self.end_wait(rester.thread, rester.how))
            .is_some()
    }

    /// Those who have waited for that, if it is so.
    pub(super) fn take_rested(&mut self) -> Vec<Arc<Waiter>> {
        if self.resters.is_empty() || !self.is_at_rest() {
            return Vec::new();
        }
        let rested = std::mem::take(&mut self.resters);
        let waiters = rested.into_iter().map(|rester| {
            self.end_wait(rester.thread, rester.how);
            rester.waiter
        });
        waiters.collect()
    }
}
