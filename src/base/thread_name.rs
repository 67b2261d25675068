//! What the threads of the library are called in `ps`, `top` and debuggers.
//!
//! A thread of ours carries the name of the innermost task whose callback it runs, and keeps it
//! until it runs another: one system call a hand-over, none if the name is the same. A caller's
//! thread is never renamed, the main thread above all, because `ps` and `pkill` go by its name.

use std::cell::Cell;
use std::ffi::CStr;

use crate::base::sys::thread;

const SIZE: usize = thread::NAME;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadName([u8; SIZE]);

/// What the program has put before the names of the library's threads.
#[derive(Clone, Copy)]
pub(crate) struct Prefix(ThreadName);

/// Outside of any task.
const UNNAMED: ThreadName = ThreadName([0; SIZE]);

/// What a thread of the library is called if it has no name and no prefix.
const LIBRARY: ThreadName = ThreadName(*b"procession\0\0\0\0\0\0");

thread_local! {
    /// The name that this thread carries; `None` on threads that are not the library's.
    static CARRIED: Cell<Option<ThreadName>> = const { Cell::new(None) };
    /// What stands before it.
    static PREFIX: Cell<Option<Prefix>> = const { Cell::new(None) };
}

impl ThreadName {
    pub(crate) fn of(task_type: &CStr) -> ThreadName {
        ThreadName::from_bytes(tail(task_type.to_bytes(), SIZE - 1))
    }

    fn from_bytes(bytes: &[u8]) -> ThreadName {
        let mut name = [0; SIZE];
        name[..bytes.len()].copy_from_slice(bytes);
        ThreadName(name)
    }

    fn bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or(&self.0)
    }
}

impl Prefix {
    /// So that four bytes of a task's name are left.
    pub(crate) const LONGEST: usize = 10;

    /// `None`: it is too long.
    pub(crate) fn of(text: &CStr) -> Option<Prefix> {
        let bytes = text.to_bytes();
        (bytes.len() <= Prefix::LONGEST).then(|| Prefix(ThreadName::from_bytes(bytes)))
    }

    /// PREFIX/NAME, or the prefix alone.
    fn before(&self, name: &ThreadName) -> ThreadName {
        let mut whole = self.0;
        if *name != UNNAMED {
            let (slash, end) = (self.0.bytes().len(), SIZE - 1);
            let tail = tail(name.bytes(), end - slash - 1);
            whole.0[slash] = b'/';
            whole.0[slash + 1..][..tail.len()].copy_from_slice(tail);
        }
        whole
    }
}

/// As much of the end of a name as there is room for. It tells tasks apart where heads are alike.
fn tail(name: &[u8], room: usize) -> &[u8] {
    let tail = &name[name.len().saturating_sub(room)..];
    if tail.len() == name.len() {
        return name;
    }
    // A name must not begin in the middle of a UTF-8 character.
    let is_inside = |byte: &&u8| **byte & 0xC0 == 0x80;
    &tail[tail.iter().take(3).take_while(is_inside).count()..]
}

/// Marks the calling thread as the library's own and names it.
pub(crate) fn adopt(prefix: Option<Prefix>) {
    PREFIX.set(prefix);
    rename(UNNAMED);
}

/// The same, if it was made by one of that name, which it has inherited.
pub(crate) fn inherit(prefix: Option<Prefix>) {
    PREFIX.set(prefix);
    CARRIED.set(Some(UNNAMED));
}

/// Whether the calling thread is the library's.
pub(crate) fn is_ours() -> bool {
    CARRIED.get().is_some()
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
    if let Some(name) = before.filter(|_| CARRIED.get() != before) {
        rename(name);
    }
    value
}

fn rename(name: ThreadName) {
    CARRIED.set(Some(name));
    let shown = match PREFIX.get() {
        Some(prefix) => prefix.before(&name),
        None if name == UNNAMED => LIBRARY,
        None => name,
    };
    thread::set_name(&shown.0);
}
