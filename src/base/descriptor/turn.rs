//! Whose turn it is, of the threads of this program that would make a call which waits once another one has made it.
//!
//! Invariant:
//! - **O4 one at a time.** Of one file, only one thread has the turn. Nobody waits for it: who does not get it comes again.

use crate::base::sync::{Mutex, MutexGuard, global};

/// Which file: its device, its inode, and what else tells it from others.
pub(super) type Key = (libc::dev_t, libc::ino_t, u32);

type Taken = Vec<Key>;

global!(TAKEN: Mutex<Taken> = Mutex::new(Taken::new()));

/// Dropping it gives others the turn.
pub(super) struct Turn(Key);

/// The turn, unless another thread has it.
pub(super) fn take(key: Key) -> Option<Turn> {
    let mut taken = TAKEN.lock();
    let is_free = !taken.contains(&key);
    is_free.then(|| {
        taken.push(key);
        Turn(key)
    })
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.lock().retain(|key| *key != self.0);
    }
}

pub(crate) type Held = MutexGuard<'static, Taken>;

pub(crate) fn hold() -> Held {
    TAKEN.lock()
}

/// In a child of `fork`: those who have a turn are not there.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::take(&mut *held));
}
