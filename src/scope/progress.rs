//! How far the stacks are that begin or stop, and what the program says of itself, for the service manager.
//!
//! Of several the one that has moved last is told of. Nothing is kept of one that neither begins nor stops.

use crate::base::sync::{Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::drain::Main;

per_world!(PROGRESS: Mutex<Progress> = Mutex::new(Progress::NONE));

/// Of the present run of `proc_main`.
pub(crate) struct Progress {
    main: Main,
    /// How far each is, by its number; the one that has moved last is the last.
    moving: Vec<(u64, String)>,
    last: u64,
    /// What the program says of itself, and whether it has said so after the last step of a stack.
    own: Option<String>,
    is_own_latest: bool,
    has_changed: bool,
    /// Who is told that something has changed.
    on_change: fn(),
}

impl Progress {
    const NONE: Progress = Progress {
        main: 0,
        moving: Vec::new(),
        last: 0,
        own: None,
        is_own_latest: false,
        has_changed: false,
        on_change: || (),
    };
}

/// Begins to listen to the stacks of that run of `proc_main`. Who is told is told under the lock of this room.
pub(crate) fn begin(main: Main, on_change: fn()) {
    let mut progress = PROGRESS.lock();
    progress.main = main;
    progress.on_change = on_change;
}

pub(crate) fn end() {
    let mut progress = PROGRESS.lock();
    progress.main = 0;
    progress.moving.clear();
    progress.own = None;
    progress.has_changed = false;
}

/// Whether something has changed since this was last asked.
pub(crate) fn take_change() -> bool {
    std::mem::take(&mut PROGRESS.lock().has_changed)
}

/// Whether a stack begins or stops.
pub(crate) fn is_moving() -> bool {
    !PROGRESS.lock().moving.is_empty()
}

/// What was said last: how far a stack is that moves, or what the program says of itself. `None`: neither.
pub(crate) fn latest() -> Option<String> {
    let progress = PROGRESS.lock();
    let own = || progress.own.clone();
    let step = || progress.moving.last().map(|(_, step)| step.clone());
    if progress.is_own_latest {
        own().or_else(step)
    } else {
        step().or_else(own)
    }
}

/// The program that runs in that run of `proc_main` says something of itself, or nothing any more.
pub(crate) fn say(main: Main, text: Option<String>) {
    let mut progress = PROGRESS.lock();
    if main != 0 && progress.main == main {
        progress.own = text;
        progress.is_own_latest = true;
        progress.has_changed = true;
        (progress.on_change)();
    }
}

/// What a stack tells of itself. Dropping it says that it has ended.
pub(crate) struct Steps {
    main: Main,
    number: u64,
}

impl Steps {
    /// Of one that runs in that run of `proc_main`; 0: in none.
    pub(crate) fn of(main: Main) -> Steps {
        let number = if main == 0 { 0 } else { next() };
        Steps { main, number }
    }

    /// It begins or stops, and is so far. The text is asked for only if somebody listens.
    pub(crate) fn tell(&self, step: impl FnOnce() -> String) {
        self.change(|progress, number| {
            progress.moving.retain(|(other, _)| *other != number);
            progress.moving.push((number, step()));
            progress.is_own_latest = false;
            true
        });
    }

    /// It neither begins nor stops any more.
    pub(crate) fn rest(&self) {
        self.change(|progress, number| {
            let before = progress.moving.len();
            progress.moving.retain(|(other, _)| *other != number);
            progress.moving.len() < before
        });
    }

    /// Changes something, if somebody listens, and tells him if that says that it has.
    fn change(&self, change: impl FnOnce(&mut Progress, u64) -> bool) {
        if self.main == 0 {
            return;
        }
        let mut progress = PROGRESS.lock();
        if progress.main == self.main && change(&mut progress, self.number) {
            progress.has_changed = true;
            (progress.on_change)();
        }
    }
}

fn next() -> u64 {
    let mut progress = PROGRESS.lock();
    progress.last += 1;
    progress.last
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.rest();
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Progress>;

pub(crate) fn hold() -> Held {
    PROGRESS.lock()
}

/// In a child of `fork`: no `proc_main` runs there.
pub(crate) fn forget(mut held: Held) {
    held.main = 0;
    held.moving.clear();
}
