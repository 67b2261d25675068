//! Which signals a thread lets in.
//!
//! unsafe: sets of signals are the C library's, which takes pointers to them.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use libc::c_int;

use crate::base::sys::thread;

/// The signals that a thread causes itself by what it computes.
pub(crate) const FAULTS: [c_int; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGSYS,
    libc::SIGABRT,
];

/// A thread's mask. Dropping it gives the calling thread that mask again.
pub(crate) struct Mask(libc::sigset_t);

impl Mask {
    /// Blocks all signals on the calling thread; tells its former mask.
    pub(crate) fn block_all() -> Mask {
        Mask::block_all_but([])
    }

    /// The same for all but these.
    pub(crate) fn block_all_but(signals: impl IntoIterator<Item = c_int>) -> Mask {
        Mask::change(libc::SIG_BLOCK, &all_but(signals))
    }

    /// Blocks these signals too on the calling thread; tells its former mask.
    pub(super) fn block(signals: impl IntoIterator<Item = c_int>) -> Mask {
        Mask::change(libc::SIG_BLOCK, &set_of(signals))
    }

    /// Lets all signals in, once it is dropped.
    pub(crate) fn clear(&mut self) {
        self.0 = set_of([]);
    }

    /// The calling thread's mask.
    pub(crate) fn of_this_thread() -> Mask {
        Mask::change(libc::SIG_BLOCK, &set_of([]))
    }

    /// Has the calling thread, whose mask this was, let in these signals as well, and no others.
    pub(crate) fn open_to(&self, signals: impl IntoIterator<Item = c_int>) {
        let mut blocked = self.0;
        take_out(&mut blocked, signals);
        std::mem::forget(Mask::change(libc::SIG_SETMASK, &blocked));
    }

    fn change(how: c_int, set: &libc::sigset_t) -> Mask {
        let mut before = MaybeUninit::uninit();
        // SAFETY: the call cannot fail, so it writes the former mask.
        unsafe {
            libc::pthread_sigmask(how, set, before.as_mut_ptr());
            Mask(before.assume_init())
        }
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        std::mem::forget(Mask::change(libc::SIG_SETMASK, &self.0));
    }
}

/// The signals that wait for the calling thread, or for the whole program, to let them in.
pub(super) struct Pending(libc::sigset_t);

impl Pending {
    pub(super) fn now() -> Pending {
        let mut pending = set_of([]);
        // SAFETY: the set is a valid one, which the call overwrites.
        unsafe { libc::sigpending(&mut pending) };
        Pending(pending)
    }

    pub(super) fn has(&self, signal: c_int) -> bool {
        // SAFETY: the set is a valid one.
        unsafe { libc::sigismember(&self.0, signal) == 1 }
    }
}

/// Takes this signal, which is blocked and which the calling thread was sent since then. One that waited before stays: it was
/// the thread's own, which is one with the other, or the program's, which is beside it.
pub(super) fn take_raised(signal: c_int, before: &Pending) {
    let taken = take_pending(signal);
    if let Some(taken) = taken.filter(|_| before.has(signal) && !Pending::now().has(signal)) {
        thread::send_again(signal, &taken);
    }
}

/// Takes this signal, which is blocked, if it waits; one of the calling thread first.
fn take_pending(signal: c_int) -> Option<libc::siginfo_t> {
    const AT_ONCE: libc::timespec = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let set = set_of([signal]);
    let mut taken = MaybeUninit::uninit();
    // SAFETY: set and time are there during the call, which fills the rest if it tells of a signal.
    unsafe {
        let found = libc::sigtimedwait(&set, taken.as_mut_ptr(), &AT_ONCE);
        (found == signal).then(|| taken.assume_init())
    }
}

/// Has the calling thread let in these signals and no others, whatever it let in before.
pub(crate) fn open_only(signals: impl IntoIterator<Item = c_int>) {
    std::mem::forget(Mask::change(libc::SIG_SETMASK, &all_but(signals)));
}

fn all_but(signals: impl IntoIterator<Item = c_int>) -> libc::sigset_t {
    let mut all = MaybeUninit::uninit();
    // SAFETY: the call writes the whole set.
    let mut set = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        all.assume_init()
    };
    take_out(&mut set, signals);
    set
}

/// The set of these signals, which are valid ones. Async-signal-safe.
pub(crate) fn set_of(signals: impl IntoIterator<Item = c_int>) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the first call writes the whole set, and the signals are valid ones.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

fn take_out(set: &mut libc::sigset_t, signals: impl IntoIterator<Item = c_int>) {
    for signal in signals {
        // SAFETY: the set is a valid one, and so is the signal.
        unsafe { libc::sigdelset(set, signal) };
    }
}
