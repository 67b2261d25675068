//! What the threads of the library are called in `ps`, `top` and debuggers.
//!
//! A thread of ours carries the name of the innermost task whose callback it runs, and keeps it
//! until it runs another: one system call a hand-over, none if the name is the same. A caller's
//! thread is never renamed, the main thread above all, because `ps` and `pkill` go by its name.
//!
//! unsafe: naming a thread is a system call that takes a pointer.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::CStr;

/// The kernel's limit: 15 bytes and a NUL.
const SIZE: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadName([u8; SIZE]);

/// What a thread of the library is called outside of any task.
const UNNAMED: ThreadName = ThreadName(*b"procession\0\0\0\0\0\0");

thread_local! {
    /// The name that this thread carries; `None` on threads that are not the library's.
    static CARRIED: Cell<Option<ThreadName>> = const { Cell::new(None) };
}

impl ThreadName {
    /// The tail of a long name is kept: it tells tasks apart where heads are alike.
    pub(crate) fn of(task_type: &CStr) -> ThreadName {
        let bytes = task_type.to_bytes();
        let mut tail = &bytes[bytes.len().saturating_sub(SIZE - 1)..];
        if tail.len() < bytes.len() {
            // A name must not begin in the middle of a UTF-8 character.
            let is_inside = |byte: &&u8| **byte & 0xC0 == 0x80;
            tail = &tail[tail.iter().take(3).take_while(is_inside).count()..];
        }
        let mut name = [0; SIZE];
        name[..tail.len()].copy_from_slice(tail);
        ThreadName(name)
    }
}

/// Marks the calling thread as the library's own and names it.
pub(crate) fn adopt() {
    rename(UNNAMED);
}

/// Gives the calling thread, which is the library's, the name of its innermost task.
pub(crate) fn carry(name: Option<&ThreadName>) {
    let wanted = *name.unwrap_or(&UNNAMED);
    if CARRIED.get() != Some(wanted) {
        rename(wanted);
    }
}

/// Runs code after which the calling thread, if it is the library's, has its name back.
pub(crate) fn restored<T>(code: impl FnOnce() -> T) -> T {
    let before = CARRIED.get();
    let value = code();
    if let Some(name) = before
        && CARRIED.get() != before
    {
        rename(name);
    }
    value
}

fn rename(name: ThreadName) {
    CARRIED.set(Some(name));
    // SAFETY: the name ends with a NUL and is longer than what the kernel reads.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.0.as_ptr()) };
}
