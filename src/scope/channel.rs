//! A bounded queue of items of one size, for many senders and many receivers.
//!
//! Invariants:
//! - **Q1 one at a time.** An item is in one place: with its sender, in the ring, or with its receiver. It goes from
//!   one to the next under the lock, together with what is said of that to who waits.
//! - **Q2 first come, first served.** Who waits is served in the order in which they came. So nobody who comes later
//!   finds anything while somebody waits for it: while a receiver waits there is nothing to receive, and while a
//!   sender waits there is no room.
//! - **Q3 served or not.** A party that waits ends in one way: served, refused, or gone by its own decision. Who was
//!   served has been, whatever else has come to it meanwhile.
//!
//! unsafe: items are bytes at addresses of the program's, which are there as long as the call that was given them.
#![allow(unsafe_code)]

mod party;
mod ring;

use std::io;
use std::os::fd::RawFd;

use crate::base::clock;
use crate::base::race_detector;
use crate::base::sync::{Arc, Mutex, MutexGuard, Seen};
use crate::base::user_data::Destroy;
use crate::scope::alert::Alert;
use crate::scope::cancel::{Cancel, Node};
use crate::scope::level_fd::LevelFd;
use party::{End, Parties, Party};
use ring::Ring;

pub(crate) struct Channel {
    state: Mutex<State, Seen>,
}

struct State {
    ring: Ring,
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
        let state = State {
            ring: Ring::new(capacity, size, destroy)?,
            is_closed: false,
            senders: Parties::default(),
            receivers: Parties::default(),
            fd: LevelFd::default(),
        };
        let state = Mutex::new(state);
        Some(Channel { state })
    }

    /// Sends the item at that address.
    pub(crate) fn send(
        &self,
        cancel: Option<&Cancel>,
        item: *const u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        let now = self.send_now(cancel.map(|cancel| &**cancel), item);
        now.unwrap_or_else(|state| {
            self.wait(state, Side::Sending, cancel, item.cast_mut(), timeout_ns)
        })
    }

    /// The same, without waiting; `None`: it would have to. Who is served may release the channel: it is not touched any more then.
    pub(crate) fn try_send(
        &self,
        cancel: Option<&Node>,
        item: *const u8,
    ) -> Option<Result<(), Failed>> {
        self.send_now(cancel, item).ok()
    }

    fn send_now(&self, cancel: Option<&Node>, item: *const u8) -> Now<'_> {
        let mut state = match self.enter(cancel) {
            Ok(state) => state,
            Err(failed) => return Ok(Err(failed)),
        };
        if state.is_closed {
            return Ok(Err(self.failed_closed()));
        }
        if let Some(receiver) = state.receivers.next() {
            // SAFETY: the receiver waits, so its memory is there, and the caller lends the item.
            unsafe { state.ring.copy(item, receiver.item) };
            receiver.decide(End::Served);
            drop(state);
            receiver.ring();
            return Ok(Ok(()));
        }
        if state.ring.is_full() {
            return Err(state);
        }
        // SAFETY: as above, and there is room.
        unsafe { state.ring.push(item) };
        state.show();
        Ok(Ok(()))
    }

    /// Receives an item, into that address.
    pub(crate) fn receive(
        &self,
        cancel: Option<&Cancel>,
        item: *mut u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        let now = self.receive_now(cancel.map(|cancel| &**cancel), item);
        now.unwrap_or_else(|state| self.wait(state, Side::Receiving, cancel, item, timeout_ns))
    }

    /// The same, without waiting, as `try_send`.
    pub(crate) fn try_receive(
        &self,
        cancel: Option<&Node>,
        item: *mut u8,
    ) -> Option<Result<(), Failed>> {
        self.receive_now(cancel, item).ok()
    }

    fn receive_now(&self, cancel: Option<&Node>, item: *mut u8) -> Now<'_> {
        let mut state = match self.enter(cancel) {
            Ok(state) => state,
            Err(failed) => return Ok(Err(failed)),
        };
        let sender = state.senders.next();
        if !state.ring.is_empty() {
            // SAFETY: there is an item, and the caller lends the place. A sender waits, so its item is there.
            unsafe {
                state.ring.pop(item);
                if let Some(sender) = &sender {
                    state.ring.push(sender.item);
                }
            }
        } else if let Some(sender) = &sender {
            // SAFETY: as above.
            unsafe { state.ring.copy(sender.item, item) };
        } else if state.is_closed {
            return Ok(Err(self.failed_closed()));
        } else {
            return Err(state);
        }
        state.show();
        let served = sender.inspect(|sender| sender.decide(End::Served));
        drop(state);
        served.inspect(|sender| sender.ring());
        Ok(Ok(()))
    }

    /// From now on nothing can be sent. What is there can still be received.
    pub(crate) fn close(&self) {
        race_detector::release(&raw const self.state);
        let mut state = self.state.lock();
        state.is_closed = true;
        let mut waiting = state.senders.take();
        waiting.append(&mut state.receivers.take());
        waiting.iter().for_each(|party| party.decide(End::Refused));
        state.show();
        drop(state);
        waiting.iter().for_each(|party| party.ring());
    }

    /// It is closed, and what was done before that comes first.
    fn failed_closed(&self) -> Failed {
        race_detector::acquire(&raw const self.state);
        Failed::Closed
    }

    /// How many items are in it.
    pub(crate) fn length(&self) -> usize {
        self.state.lock().ring.length()
    }

    /// A descriptor that is readable while there is something to receive, or it is closed; made when somebody first
    /// asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        let mut state = self.state.lock();
        let ready = state.is_ready();
        state.fd.get(ready)
    }

    /// The state, for who is not cancelled: that comes first, also where it could go on.
    fn enter(&self, cancel: Option<&Node>) -> Result<MutexGuard<'_, State, Seen>, Failed> {
        if cancel.is_some_and(|cancel| cancel.cancelled()) {
            return Err(Failed::Cancelled);
        }
        Ok(self.state.lock())
    }

    /// Waits to be served.
    fn wait(
        &self,
        mut state: MutexGuard<'_, State, Seen>,
        side: Side,
        cancel: Option<&Cancel>,
        item: *mut u8,
        timeout_ns: Timeout,
    ) -> Result<(), Failed> {
        if timeout_ns == 0 {
            return Err(Failed::TimedOut);
        }
        let party = state.queue(side).join(item);
        state.show();
        drop(state);
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
        let mut state = self.state.lock();
        if state.queue(side).leave(party) {
            state.show();
            return None;
        }
        party.ended()
    }
}

/// What has become of a call that did not wait; else the state, under which it would begin to.
type Now<'a> = Result<Result<(), Failed>, MutexGuard<'a, State, Seen>>;

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

    /// Whether a receiver would not wait.
    fn is_ready(&self) -> bool {
        !self.ring.is_empty() || !self.senders.is_empty() || self.is_closed
    }

    /// Has the descriptor, if there is one, show whether a receiver would wait.
    fn show(&mut self) {
        let ready = self.is_ready();
        self.fd.set(ready);
    }
}

#[cfg(all(test, loom))]
#[path = "models/channel.rs"]
mod models;
