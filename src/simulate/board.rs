//! What children of `fork` write to, and this process reads: memory that is theirs in common.
//!
//! unsafe: memory is mapped, and used as what it is to be.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr;

use crate::base::sync::notes::{AtomicI32, AtomicU64, AtomicUsize, Ordering};

/// As many children as there may be at the same time.
pub(super) const MOST: usize = 64;

const TEXT: usize = 60_000;

pub(super) struct Board(&'static Shared);

struct Shared {
    /// The lowest offset that has failed.
    lowest: AtomicU64,
    /// How many runs are done.
    done: AtomicU64,
    /// Which offset each child is at.
    at: [AtomicU64; MOST],
    /// Whether each has come to its end.
    has_ended: [AtomicU64; MOST],
    /// What was told, by the one that has taken the right to.
    code: AtomicI32,
    length: AtomicUsize,
    text: UnsafeCell<[u8; TEXT]>,
}

const NOTHING: usize = usize::MAX;

impl Board {
    pub(super) fn new() -> Result<Board, String> {
        let size = size_of::<Shared>();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: it is new memory.
        let memory = unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) };
        if memory == libc::MAP_FAILED {
            let error = std::io::Error::last_os_error();
            return Err(format!(
                "proc_simulate: no memory for its children: {error}"
            ));
        }
        // SAFETY: it is large enough, aligned to pages, full of zeros, which is a value, and there until `drop`.
        let shared = unsafe { &*memory.cast::<Shared>() };
        shared.lowest.store(u64::MAX, Ordering::Relaxed);
        shared.length.store(NOTHING, Ordering::Relaxed);
        Ok(Board(shared))
    }

    /// The lowest offset that has failed; `u64::MAX`: none has.
    pub(super) fn lowest(&self) -> u64 {
        self.0.lowest.load(Ordering::Acquire)
    }

    /// That one has failed. Tells whether it is the lowest.
    pub(super) fn note_failed(&self, offset: u64) -> bool {
        self.0.lowest.fetch_min(offset, Ordering::AcqRel) > offset
    }

    pub(super) fn note_done(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    pub(super) fn note_at(&self, child: usize, offset: u64) {
        self.0.at[child].store(offset, Ordering::Relaxed);
    }

    pub(super) fn at(&self, child: usize) -> u64 {
        self.0.at[child].load(Ordering::Relaxed)
    }

    pub(super) fn note_ended(&self, child: usize) {
        self.0.has_ended[child].store(1, Ordering::Release);
    }

    pub(super) fn has_ended(&self, child: usize) -> bool {
        self.0.has_ended[child].load(Ordering::Acquire) == 1
    }

    /// Tells something. If several do, one of them is heard.
    pub(super) fn tell(&self, code: i32, text: &str) {
        let length = TEXT.min(text.len()); // Half a character at its end is told as one that is none.
        // SAFETY: only children write, and what they have written is read when they have ended. Two at once leave one text that is a
        // mixture at worst, which is looked at before it is taken for one.
        unsafe {
            let to = self.0.text.get().cast::<u8>();
            ptr::copy_nonoverlapping(text.as_ptr(), to, length);
        }
        self.0.code.store(code, Ordering::Relaxed);
        self.0.length.store(length, Ordering::Release);
    }

    /// What was told.
    pub(super) fn told(&self) -> Option<(i32, String)> {
        let length = self.0.length.load(Ordering::Acquire);
        if length == NOTHING {
            return None;
        }
        // SAFETY: all children have ended.
        let text = unsafe { &*self.0.text.get() };
        let text = String::from_utf8_lossy(&text[..length.min(TEXT)]);
        Some((self.0.code.load(Ordering::Relaxed), text.into_owned()))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let memory = ptr::from_ref(self.0).cast_mut().cast();
        // SAFETY: it was mapped with that size, and nobody has a reference but this.
        unsafe { libc::munmap(memory, size_of::<Shared>()) };
    }
}
