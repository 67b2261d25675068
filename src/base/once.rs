//! What is set once, beside a `fork`: a child would wait for ever for a thread that was about to set it.

use crate::base::sync::{Mutex, MutexGuard, OnceLock, global};

// Held while a value is moved to where it stays.
global!(SETTING: Mutex<()> = Mutex::new(()));

/// Sets what is set once, and not while there is a fork.
pub(crate) fn set_once<T>(cell: &OnceLock<T>, value: T) -> &T {
    let _setting = SETTING.lock();
    cell.get_or_init(|| value)
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, ()>;

pub(crate) fn hold() -> Held {
    SETTING.lock()
}
