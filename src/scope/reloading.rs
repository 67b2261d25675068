//! Whether the program is loading its configuration again, for the service manager: it asks for that by SIGHUP, and waits until it is done.
//!
//! It begins as the signal arrives, if somebody listens to it, and is over when all who do have done what they do then.

use crate::base::clock;
use crate::base::sync::{Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::cancel::Cancel;
use crate::scope::drain::Main;

per_world!(RELOADING: Mutex<Reloading> = Mutex::new(Reloading::NONE));

/// In the present run of `proc_main`.
pub(crate) struct Reloading {
    main: Main,
    /// How many are at it.
    count: usize,
    /// When it began, by the monotonic clock in nanoseconds, if nobody has asked since then.
    began: Option<u64>,
    /// Who is told that it has begun, or is over.
    on_change: fn(),
}

impl Reloading {
    const NONE: Reloading = Reloading {
        main: 0,
        count: 0,
        began: None,
        on_change: || (),
    };
}

/// What is new of it.
pub(crate) struct News {
    /// When it began, if it has.
    pub(crate) began: Option<u64>,
    pub(crate) goes_on: bool,
}

/// Begins to listen to that run of `proc_main`. Who is told is told under the lock of this room.
pub(crate) fn begin(main: Main, on_change: fn()) {
    *RELOADING.lock() = Reloading {
        main,
        on_change,
        ..Reloading::NONE
    };
}

pub(crate) fn end() {
    *RELOADING.lock() = Reloading::NONE;
}

/// What is new since this was last asked.
pub(crate) fn take_news() -> News {
    let mut reloading = RELOADING.lock();
    News {
        began: reloading.began.take(),
        goes_on: reloading.count > 0,
    }
}

/// Where it is done: in a run of `proc_main`, or, if that is 0, in none.
#[derive(Clone, Copy)]
pub(crate) struct Reloads(Main);

impl Reloads {
    pub(crate) const NONE: Reloads = Reloads(0);

    /// By what runs under that handle.
    pub(crate) fn under(handle: &Cancel) -> Reloads {
        Reloads(handle.main())
    }
}

/// That somebody is at it; dropping it says that he has done it.
pub(crate) struct Reload(Reloads);

impl Reload {
    pub(crate) fn begin(place: Reloads) -> Reload {
        change(place, |reloading| {
            reloading.count += 1;
            reloading.began.get_or_insert_with(clock::exact);
        });
        Reload(place)
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        change(self.0, |reloading| {
            reloading.count = reloading.count.saturating_sub(1);
        });
    }
}

fn change(Reloads(main): Reloads, change: impl FnOnce(&mut Reloading)) {
    if main == 0 {
        return;
    }
    let mut reloading = RELOADING.lock();
    if reloading.main == main {
        change(&mut reloading);
        (reloading.on_change)();
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Reloading>;

pub(crate) fn hold() -> Held {
    RELOADING.lock()
}

/// In a child of `fork`: no `proc_main` runs there.
pub(crate) fn forget(mut held: Held) {
    *held = Reloading::NONE;
}
