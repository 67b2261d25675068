//! Who is told when a handle is cancelled, and who waits for that.

use std::io;
use std::os::fd::RawFd;

use super::Node;
use crate::base::clock::Instant;
use crate::base::events;
use crate::base::sync::Arc;
use crate::base::world;
use crate::scope::hook::{Hook, Lent};
use crate::scope::listener::Listening;
use crate::scope::observers::Observers;

impl Node {
    /// Adds an observer or takes one away, who is told whether the handle is cancelled. That is under the
    /// lock of `strike`: either the cancellation is seen here, or it finds what is done here.
    pub(super) fn observe<T>(&self, code: impl FnOnce(&mut Observers, bool) -> T) -> T {
        let mut links = self.links.lock();
        code(&mut links.rare().observers, self.cancelled())
    }

    /// From now on that hook runs when the handle is cancelled (true); or it is cancelled (false), and will not run it.
    #[inline(always)]
    pub(in crate::scope) fn add_hook(&self, hook: Lent) -> bool {
        let mut links = self.links.lock();
        if self.cancelled() {
            return false;
        }
        match links.hook {
            None => links.hook = Some(hook),
            Some(_) => links.rare().observers.add(hook),
        }
        true
    }

    /// Takes a hook away, which has not been and will not be run then (true); or a cancellation has come before (false).
    pub(in crate::scope) fn remove_hook(&self, hook: &Hook) -> bool {
        let mut links = self.links.lock();
        if links.hook.as_ref().is_some_and(|first| first.is(hook)) {
            links.hook = None;
            return true;
        }
        let rare = links.rare.as_mut();
        rare.is_some_and(|rare| rare.observers.remove(hook))
    }

    /// From now on that one is told when the handle is cancelled (true), by a deadline if that is watched by then (`late_strike`); or it is cancelled (false), and he is not.
    pub(crate) fn listen(&self, listening: &Arc<Listening>) -> bool {
        self.observe(|observers, cancelled| {
            if !cancelled {
                observers.listen(listening.clone());
            }
            !cancelled
        })
    }

    /// He does not listen any more.
    pub(crate) fn unlisten(&self, listening: &Arc<Listening>) {
        self.observe(|observers, _| observers.unlisten(listening));
    }

    /// A descriptor for the program that is readable once the handle is cancelled, made when somebody first asks for it.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        self.observe(|observers, cancelled| observers.fd(cancelled))
    }

    /// The same for a wait of the library's.
    pub(crate) fn fd_to_poll(&self) -> io::Result<RawFd> {
        self.observe(|observers, cancelled| observers.fd_to_poll(cancelled))
    }

    /// The same, for a wait that is short: the program may have given the number to a file of its own (`ready_fd`, R1).
    pub(crate) fn fd_to_look_at(&self) -> io::Result<RawFd> {
        self.observe(|observers, cancelled| observers.fd_to_look_at(cancelled))
    }

    /// Blocks until cancelled (true) or until the moment, if there is one (false).
    pub(crate) fn wait(&self, end: Option<Instant>) -> bool {
        let end = self.at_the_latest(end);
        let _asleep = events::asleep(!self.is_struck(), end);
        self.links.lock().waiting += 1;
        self.bell.wait(end, || !self.is_struck());
        self.links.lock().waiting -= 1;
        self.cancelled() || world::is_wrecked()
    }
}
