//! Tells a race detector what comes before what.
//!
//! ThreadSanitizer watches what a program is compiled to do, and the locks of the C library. The library is compiled without it, and
//! waits by locks of its own: so each hand-over from thread to thread would look like a race, of whatever the program hands over.
//! ThreadSanitizer offers functions to tell it of those. They are in programs that carry it, and in no others: there, all of this is a
//! look at one flag.
//!
//! What is told is what the header promises, and no more: a lock of ours that two callbacks happen to take one after the other says
//! nothing of what they do, and if it were told, races between them would not be found.
//!
//! An address stands for what is waited for. It lies in an object of the library, so that it is forgotten when that is released.
//! Where what goes in and what comes out again are two things, they have an address each.
//!
//! unsafe: functions of another runtime are called, and what the linker and the loader leave is read.
#![allow(unsafe_code)]

mod memory;

use std::cell::UnsafeCell;
use std::ffi::c_void;

use crate::base::clock::Duration;
pub(crate) use memory::Memory;

/// Whether there is one. It is said once, as the library is loaded, so that to look at it is one instruction, and one to go elsewhere.
struct Flag(UnsafeCell<bool>);

// SAFETY: it is written before there can be another thread that reads it.
unsafe impl Sync for Flag {}

static IS_THERE: Flag = Flag(UnsafeCell::new(false));

#[inline(always)]
pub(crate) fn is_there() -> bool {
    // SAFETY: as above.
    unsafe { *IS_THERE.0.get() }
}

/// To be called as the library is loaded.
pub(crate) fn look() {
    if functions().acquire.is_some() {
        // SAFETY: as above.
        unsafe { *IS_THERE.0.get() = true };
    }
}

/// What the calling thread has done so far comes before what others do once they acquire the same address.
#[inline(always)]
pub(crate) fn release<T: ?Sized>(at: *const T) {
    if is_there() {
        told::release(at.cast());
    }
}

/// What others have done before they released that address comes before what the calling thread does from now on.
#[inline(always)]
pub(crate) fn acquire<T: ?Sized>(at: *const T) {
    if is_there() {
        told::acquire(at.cast());
    }
}

/// The calling thread reads memory of the program's by a call that the detector does not know.
#[inline(always)]
pub(crate) fn reads<T>(memory: &[T]) {
    if is_there() {
        told::reads(memory.as_ptr().cast(), size_of_val(memory));
    }
}

/// So it writes.
#[inline(always)]
pub(crate) fn writes<T>(memory: &[T]) {
    if is_there() {
        told::writes(memory.as_ptr().cast(), size_of_val(memory));
    }
}

/// One thread after the other does this with that address: what each has done comes before what the next one does.
#[inline(always)]
pub(crate) fn in_turn<T: ?Sized>(at: *const T, code: impl FnOnce()) {
    if is_there() {
        told::acquire(at.cast());
        code();
        told::release(at.cast());
    } else {
        code();
    }
}

/// As long as this is there, the detector does not look at what the calling thread does.
pub(crate) struct Unseen(());

/// It goes on to look.
#[derive(Default)]
pub(crate) struct Seen;

impl Default for Unseen {
    #[inline(always)]
    fn default() -> Unseen {
        if is_there() {
            told::ignore_begin();
        }
        Unseen(())
    }
}

impl Drop for Unseen {
    #[inline(always)]
    fn drop(&mut self) {
        if is_there() {
            told::ignore_end();
        }
    }
}

/// The detector does not look at what the calling thread does in this code.
#[inline(always)]
pub(crate) fn unseen<T>(code: impl FnOnce() -> T) -> T {
    let _unseen = Unseen::default();
    code()
}

/// How long a thread waits at once where a race detector is there.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// How long to wait at once, which is about to be done. A race detector has the handlers of signals run when a thread calls what it knows,
/// and that does not know our locks: so such a call is made now and then.
#[inline(always)]
pub(crate) fn before_wait(most: Duration) -> Duration {
    if is_there() {
        told::let_signals_in();
        return most.min(LONGEST_WAIT);
    }
    most
}

/// What is done where there is one: no more than a call, where who looks goes on.
mod told {
    use super::*;

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn acquire(at: *const c_void) {
        tell(functions().acquire, at);
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn release(at: *const c_void) {
        tell(functions().release, at);
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn reads(at: *const c_void, size: usize) {
        // SAFETY: nothing is read there but what the detector itself has noted of it.
        functions()
            .read_range
            .inspect(|read| unsafe { read(at, size) });
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn writes(at: *const c_void, size: usize) {
        // SAFETY: nothing is written there; as above.
        functions()
            .write_range
            .inspect(|write| unsafe { write(at, size) });
    }

    fn tell(function: Option<Tell>, at: *const c_void) {
        // SAFETY: the address only stands for something; nothing is read there.
        function.inspect(|function| unsafe { function(at) });
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn ignore_begin() {
        // SAFETY: it takes nothing, and `ignore_end` follows.
        functions().ignore_begin.inspect(|begin| unsafe { begin() });
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn ignore_end() {
        // SAFETY: it follows `ignore_begin`.
        functions().ignore_end.inspect(|end| unsafe { end() });
    }

    #[cold]
    #[inline(never)]
    pub(super) extern "C" fn let_signals_in() {
        // SAFETY: it takes a number.
        unsafe { libc::usleep(0) };
    }
}

type Tell = unsafe extern "C" fn(at: *const c_void);
type Access = unsafe extern "C" fn(at: *const c_void, size: usize);
type Begin = unsafe extern "C" fn();

/// What the linker knows of these functions; `None`: they are not there.
#[repr(C)]
struct Functions {
    acquire: Option<Tell>,
    release: Option<Tell>,
    ignore_begin: Option<Begin>,
    ignore_end: Option<Begin>,
    read_range: Option<Access>,
    write_range: Option<Access>,
}

// Rust has no name for a function that may be missing; the assembler has.
std::arch::global_asm!(
    ".pushsection .data.rel.ro.procession_race_detector,\"aw\"",
    ".balign 8",
    ".globl procession_race_detector",
    ".hidden procession_race_detector",
    ".weak __tsan_acquire",
    ".weak __tsan_release",
    ".weak __tsan_ignore_thread_begin",
    ".weak __tsan_ignore_thread_end",
    ".weak __tsan_read_range",
    ".weak __tsan_write_range",
    "procession_race_detector:",
    ".8byte __tsan_acquire",
    ".8byte __tsan_release",
    ".8byte __tsan_ignore_thread_begin",
    ".8byte __tsan_ignore_thread_end",
    ".8byte __tsan_read_range",
    ".8byte __tsan_write_range",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "procession_race_detector"]
    static FUNCTIONS: Functions;
}

fn functions() -> &'static Functions {
    // SAFETY: they are there from the start, and stay as they are.
    unsafe { &FUNCTIONS }
}
