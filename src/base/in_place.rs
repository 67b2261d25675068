//! A value that several hold, made where it stays.
//!
//! `Arc::new` is given a value that was put together on the stack, and copies it in pieces larger than those in which it was
//! written a moment ago: the processor waits for each such copy.
//!
//! unsafe: the room is filled by its address.
#![allow(unsafe_code)]

use crate::base::sync::Arc;

/// What that code makes, held by the caller.
#[inline(always)] // Else it is a copy all the same.
pub(crate) fn arc<T>(value: impl FnOnce() -> T) -> Arc<T> {
    let room = Arc::<T>::new_uninit();
    let address = Arc::as_ptr(&room).cast::<T>().cast_mut();
    // SAFETY: nobody else holds the room yet, which is as large as the value, and is filled.
    unsafe {
        address.write(value());
        room.assume_init()
    }
}
