//! Which groups of programs there are, for who ends this program by force: they would go on, and nobody would stop them.
//!
//! unsafe: these are system calls.
#![allow(unsafe_code)]

use libc::{c_int, pid_t};

use crate::base::clock::{self, Duration};
use crate::base::sync::{Condvar, Mutex, MutexGuard, global};
use crate::signal::{self, Delay};

/// How long a start that has begun is waited for, so that it is not missed.
const PATIENCE: Duration = Duration::from_millis(500);

global!(GROUPS: Mutex<Groups> = Mutex::new(Groups::NONE));
// Rung when a start is over.
global!(STARTED: Condvar = Condvar::new());

pub(crate) struct Groups {
    running: Vec<pid_t>,
    /// How many are being started.
    starting: usize,
    /// All have been killed: the program is about to end.
    are_killed: bool,
}

impl Groups {
    const NONE: Groups = Groups {
        running: Vec::new(),
        starting: 0,
        are_killed: false,
    };

    /// A signal that ends this program by force is to wait for `kill_all`, as long as there are any.
    fn delay_end(&self) {
        let are_any = self.starting > 0 || !self.running.is_empty();
        signal::delay_end(Delay::Programs, are_any);
    }
}

/// A group, while it may be killed.
pub(super) struct Group(pid_t);

/// Starts one: the number is that of its leader.
pub(super) fn start(start: impl FnOnce() -> Result<pid_t, c_int>) -> Result<Group, c_int> {
    let mut groups = GROUPS.lock();
    if groups.are_killed {
        return Err(libc::ECANCELED);
    }
    groups.starting += 1;
    groups.delay_end();
    drop(groups);
    let started = start().map(Group);
    let mut groups = GROUPS.lock();
    groups.starting -= 1;
    if let Ok(group) = &started {
        groups.running.push(group.0);
        if groups.are_killed {
            group.send(libc::SIGKILL); // It took too long.
        }
    }
    groups.delay_end();
    STARTED.notify_all();
    started
}

/// Kills all of them, and every one that is still started. To be called where the program is about to end.
pub(crate) fn kill_all() {
    let end = clock::now().checked_add(PATIENCE);
    let mut groups = GROUPS.lock();
    groups.are_killed = true;
    let starting = |groups: &mut Groups| groups.starting > 0;
    groups = STARTED.wait_while_until(groups, end, starting);
    for group in &groups.running {
        send(*group, libc::SIGKILL);
    }
}

impl Group {
    pub(super) fn number(&self) -> pid_t {
        self.0
    }

    pub(super) fn send(&self, signal: c_int) {
        send(self.0, signal);
    }
}

fn send(group: pid_t, signal: c_int) {
    // SAFETY: this call takes no pointer.
    unsafe { libc::kill(-group, signal) };
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut groups = GROUPS.lock();
        let place = groups.running.iter().position(|group| *group == self.0);
        if let Some(place) = place {
            groups.running.swap_remove(place);
            groups.delay_end();
        }
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Groups>;

pub(crate) fn hold() -> Held {
    GROUPS.lock()
}

/// In a child of `fork`: they are the parent's.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::replace(&mut *held, Groups::NONE));
    held.delay_end();
}
