//! A bounded queue of items of one size, for many senders and many receivers.
//!
//! Invariants:
//! - **Q1 one at a time.** An item is in one place: with its sender, in the ring, or with its receiver. It goes from
//!   one to the next in one step, together with what is said of that to who waits.
//! - **Q2 first come, first served.** Who waits is served in the order in which they came. So nobody who comes later
//!   finds anything while somebody waits for it: while a receiver waits there is nothing to receive, and while a
//!   sender waits there is no room.
//! - **Q3 served or not.** A party that waits ends in one way: served, refused, or gone by its own decision. Who was
//!   served has been, whatever else has come to it meanwhile.
//! - **Q4 the ring alone.** Most items pass through the ring, by who has only one of its ends (`ring`). Whether that is enough is asked there,
//!   and is said by who has all of the channel, so that nobody is at either end: it is not as long as somebody waits, or it is closed, or
//!   has a descriptor, or no room. So who finds there that he cannot go on needs no more to say so; but before he waits he has to look
//!   again, with all of the channel.
//! - **Q5 the last thing.** Who has sent an item touches the channel no more when that can be received: who does may release it.
//!
//! Who looks again for a moment before he waits (`spinning`) has not come yet, by Q2.
//!
//! unsafe: items are bytes at addresses of the program's, which are there as long as the call that was given them.
#![allow(unsafe_code)]

mod party;
mod ring;
mod spinning;

use std::io;
use std::os::fd::RawFd;

use crate::base::clock;
use crate::base::race_detector;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::{Arc, Mutex, MutexGuard, Seen};
use crate::base::user_data::Destroy;
use crate::scope::alert::Alert;
use crate::scope::cancel::{Cancel, Node};
use crate::scope::level_fd::LevelFd;
use party::{End, Parties, Party};
use ring::{Receiving, Ring, Sending};
use spinning::Spinning;

pub(crate) struct Channel {
    ring: Ring,
    /// Whether there is more to an item than the ring (Q4).
    is_attended: AtomicBool,
    state: Mutex<State, Seen>,
}

struct State {
    is_closed: bool,
    /// They wait for room.
    senders: Parties,
    /// They wait for an item.
    receivers: Parties,
    fd: LevelFd,
}

/// Why an item was neither sent nor received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failed {
    Cancelled,
    Closed,
    TimedOut,
}

/// For how long a call may wait, in nanoseconds; negative is forever.
type Timeout = i64;

impl Channel {
    /// `None`: there is no memory for so much.
    pub(crate) fn new(capacity: usize, size: usize, destroy: Option<Destroy>) -> Option<Channel> {
        let ring = Ring::new(capacity, size, destroy)?;
        let state = State {
            is_closed: false,
            senders: Parties::default(),
            receivers: Parties::default(),
            fd: LevelFd::default(),
        };
        Some(Channel {
            is_attended: AtomicBool::new(!ring.has_capacity()),
            ring,
            state: Mutex::new(state),
        })
    }

    /// Whether who finds nothing at his end tries again before he waits. Then he looks for a moment how much there is.
    #[inline]
    fn looks_again(
        &self,
        end: &Spinning,
        timeout_ns: Timeout,
        how_much: impl Fn() -> usize,
    ) -> bool {
        let looks = timeout_ns != 0 && !self.is_attended();
        if looks {
            end.for_a_moment(|| (!self.is_attended()).then(&how_much));
        }
        looks
    }

    /// Sends the item at that address.
    pub(crate) fn send(
        &self,
        cancel: Option<&Cancel>,
        item: *const u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        let handle = cancel.map(|cancel| &**cancel);
        if self.looks_again(self.ring.senders(), timeout_ns, || self.ring.room()) {
            if let Some(done) = self.try_send(handle, item) {
                return done;
            }
        }
        if is_cancelled(handle) {
            return Err(Failed::Cancelled);
        }
        let now = self.send_attended(item);
        now.unwrap_or_else(|whole| {
            self.wait(whole, Side::Sending, cancel, item.cast_mut(), timeout_ns)
        })
    }

    /// The same, without waiting; `None`: it would have to. Who is served may release the channel: it is not touched any more then.
    #[inline]
    pub(crate) fn try_send(
        &self,
        cancel: Option<&Node>,
        item: *const u8,
    ) -> Option<Result<(), Failed>> {
        if is_cancelled(cancel) {
            return Some(Err(Failed::Cancelled));
        }
        let mut end = self.ring.send();
        if self.is_attended() {
            drop(end);
            return self.send_attended(item).ok();
        }
        if end.is_full() {
            return None;
        }
        // SAFETY: there is room, and the caller lends the item.
        unsafe { end.push(item) };
        Some(Ok(()))
    }

    #[cold]
    fn send_attended(&self, item: *const u8) -> Now<'_> {
        let mut whole = self.whole();
        if whole.state.is_closed {
            return Ok(Err(self.failed_closed()));
        }
        if let Some(receiver) = whole.state.receivers.next() {
            // SAFETY: the receiver waits, so its memory is there, and the caller lends the item.
            unsafe { self.ring.copy(item, receiver.item) };
            receiver.decide(End::Served);
            drop(whole);
            receiver.ring();
            return Ok(Ok(()));
        }
        if whole.sending.is_full() {
            return Err(whole);
        }
        // SAFETY: as above, and there is room.
        unsafe { whole.sending.push(item) };
        Ok(Ok(()))
    }

    /// Receives an item, into that address.
    pub(crate) fn receive(
        &self,
        cancel: Option<&Cancel>,
        item: *mut u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        let handle = cancel.map(|cancel| &**cancel);
        if self.looks_again(self.ring.receivers(), timeout_ns, || self.ring.length()) {
            if let Some(done) = self.try_receive(handle, item) {
                return done;
            }
        }
        if is_cancelled(handle) {
            return Err(Failed::Cancelled);
        }
        let now = self.receive_attended(item);
        now.unwrap_or_else(|whole| self.wait(whole, Side::Receiving, cancel, item, timeout_ns))
    }

    /// The same, without waiting, as `try_send`.
    #[inline]
    pub(crate) fn try_receive(
        &self,
        cancel: Option<&Node>,
        item: *mut u8,
    ) -> Option<Result<(), Failed>> {
        if is_cancelled(cancel) {
            return Some(Err(Failed::Cancelled));
        }
        let mut end = self.ring.receive();
        if self.is_attended() {
            drop(end);
            return self.receive_attended(item).ok();
        }
        if end.is_empty() {
            return None;
        }
        // SAFETY: there is an item, and the caller lends the place.
        unsafe { end.pop(item) };
        Some(Ok(()))
    }

    #[cold]
    fn receive_attended(&self, item: *mut u8) -> Now<'_> {
        let mut whole = self.whole();
        let sender = whole.state.senders.next();
        if !whole.receiving.is_empty() {
            // SAFETY: there is an item, and the caller lends the place. A sender waits, so its item is there.
            unsafe {
                whole.receiving.pop(item);
                if let Some(sender) = &sender {
                    whole.sending.push(sender.item);
                }
            }
        } else if let Some(sender) = &sender {
            // SAFETY: as above.
            unsafe { self.ring.copy(sender.item, item) };
        } else if whole.state.is_closed {
            return Ok(Err(self.failed_closed()));
        } else {
            return Err(whole);
        }
        let served = sender.inspect(|sender| sender.decide(End::Served));
        drop(whole);
        served.inspect(|sender| sender.ring());
        Ok(Ok(()))
    }

    /// From now on nothing can be sent. What is there can still be received.
    pub(crate) fn close(&self) {
        race_detector::release(&raw const self.state);
        let mut whole = self.whole();
        whole.state.is_closed = true;
        let mut waiting = whole.state.senders.take();
        waiting.append(&mut whole.state.receivers.take());
        waiting.iter().for_each(|party| party.decide(End::Refused));
        drop(whole);
        waiting.iter().for_each(|party| party.ring());
    }

    /// It is closed, and what was done before that comes first.
    fn failed_closed(&self) -> Failed {
        race_detector::acquire(&raw const self.state);
        Failed::Closed
    }

    /// How many items are in it.
    pub(crate) fn length(&self) -> usize {
        self.ring.length()
    }

    /// A descriptor that is readable while there is something to receive, or it is closed; made when somebody first
    /// asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        let mut whole = self.whole();
        let ready = whole.is_ready();
        whole.state.fd.get(ready)
    }

    /// To be asked at one of its ends, to rely on it (Q4).
    #[inline(always)]
    fn is_attended(&self) -> bool {
        self.is_attended.load(Ordering::Relaxed)
    }

    /// All of it.
    fn whole(&self) -> Whole<'_> {
        let state = self.state.lock();
        let receiving = self.ring.receive();
        let sending = self.ring.send();
        Whole {
            channel: self,
            state,
            receiving,
            sending,
        }
    }

    /// Waits to be served.
    fn wait(
        &self,
        mut whole: Whole<'_>,
        side: Side,
        cancel: Option<&Cancel>,
        item: *mut u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        if timeout_ns == 0 {
            return Err(Failed::TimedOut);
        }
        let party = whole.state.queue(side).join(item);
        drop(whole);
        let alert = cancel.map(|cancel| Alert::on(cancel, party.waiter()));
        let end = clock::deadline(timeout_ns);
        let end = cancel.map_or(end, |cancel| cancel.at_the_latest(end));
        party.waiter().wait(end);
        drop(alert);
        match party.ended().or_else(|| self.withdraw(side, &party)) {
            Some(End::Served) => Ok(()),
            Some(End::Refused) => Err(Failed::Closed),
            None if cancel.is_some_and(|cancel| cancel.cancelled()) => Err(Failed::Cancelled),
            None => Err(Failed::TimedOut),
        }
    }

    /// Goes without having been served, unless that has happened meanwhile (Q3).
    fn withdraw(&self, side: Side, party: &Arc<Party>) -> Option<End> {
        let mut whole = self.whole();
        if whole.state.queue(side).leave(party) {
            return None;
        }
        party.ended()
    }
}

/// A handle that is cancelled comes first, also for who could go on.
#[inline(always)]
fn is_cancelled(cancel: Option<&Node>) -> bool {
    cancel.is_some_and(|cancel| cancel.cancelled())
}

/// A channel, of who has it alone.
struct Whole<'a> {
    channel: &'a Channel,
    // In that order they are given back (Q5).
    state: MutexGuard<'a, State, Seen>,
    receiving: Receiving<'a>,
    sending: Sending<'a>,
}

/// What has become of a call that did not wait; else the state, under which it would begin to.
type Now<'a> = Result<Result<(), Failed>, Whole<'a>>;

#[derive(Clone, Copy)]
enum Side {
    Sending,
    Receiving,
}

impl State {
    fn queue(&mut self, side: Side) -> &mut Parties {
        match side {
            Side::Sending => &mut self.senders,
            Side::Receiving => &mut self.receivers,
        }
    }

    /// Whether there is more to an item than the ring: somebody is to be served or refused, or a descriptor to show it.
    fn is_attended(&self) -> bool {
        self.is_closed
            || !self.senders.is_empty()
            || !self.receivers.is_empty()
            || self.fd.is_there()
    }
}

impl Whole<'_> {
    /// Whether a receiver would not wait.
    fn is_ready(&self) -> bool {
        let is_item = self.receiving.is_behind(&self.sending);
        is_item || !self.state.senders.is_empty() || self.state.is_closed
    }

    /// Has the descriptor, if there is one, show whether a receiver would wait.
    fn show(&mut self) {
        if self.state.fd.is_there() {
            let ready = self.is_ready();
            self.state.fd.set(ready);
        }
    }
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        self.show();
        let is_attended = self.state.is_attended() || !self.channel.ring.has_capacity();
        self.channel
            .is_attended
            .store(is_attended, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
#[path = "models/channel.rs"]
mod models;
