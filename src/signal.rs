//! Signals to cancellations: one listener at a time, for `proc_main`.
//!
//! Invariants:
//! - **G1 no descriptors.** The handler wakes the listener through a semaphore: a daemon that closes
//!   all descriptors cannot make it lose a signal, or write into a file of the program.
//! - **G2 the second ends it.** The first signal is for the listener; any further one ends the
//!   program in the way its default action does.
//! - **G3 as before.** Dispositions and the listening thread's mask are restored, in a child of `fork`
//!   too. A signal that came too late for the process to hear of it is sent again after that, as if
//!   it had come a moment later.
//!
//! unsafe: signal dispositions and masks are the kernel's, and the handler may run at any time.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use crate::error::Error;
use crate::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use crate::sync::global;

/// What asks a program to stop.
const STOP: [libc::c_int; 2] = [libc::SIGINT, libc::SIGTERM];

// The first signal that came, or 0.
global!(RECEIVED: AtomicI32 = AtomicI32::new(0));
global!(DISMISSED: AtomicBool = AtomicBool::new(false));
// Whether the former dispositions are known, and are not the present ones.
global!(LISTENING: AtomicBool = AtomicBool::new(false));
static BELL: Bell = Bell(UnsafeCell::new(MaybeUninit::uninit()));
static FORMER: Former = Former(UnsafeCell::new(MaybeUninit::uninit()));

/// Rung by the handler, and once to dismiss the listener (G1).
struct Bell(UnsafeCell<MaybeUninit<libc::sem_t>>);

// SAFETY: a semaphore is made to be shared by threads.
unsafe impl Sync for Bell {}

/// The dispositions to come back to (G3); written by `listen`.
struct Former(UnsafeCell<MaybeUninit<[libc::sigaction; STOP.len()]>>);

// SAFETY: only the one that listens touches it, or the child of a fork, which has no other threads.
unsafe impl Sync for Former {}

/// The time in which signals are received.
pub(crate) struct Signals {
    /// Whether the process was cancelled, so that the first signal, if there was one, is done with.
    heard: bool,
}

impl Signals {
    /// Takes the signals over. The caller sees to it that there is one listener at a time.
    pub(crate) fn listen() -> Signals {
        touch_stack();
        RECEIVED.store(0, Ordering::SeqCst);
        DISMISSED.store(false, Ordering::SeqCst);
        // SAFETY: nobody uses the semaphore of a former listener any more.
        unsafe { libc::sem_init(BELL.semaphore(), 0, 0) };
        let former = STOP.map(|signal| disposition(signal, None));
        // SAFETY: there is one listener at a time.
        unsafe { FORMER.0.get().write(MaybeUninit::new(former)) };
        LISTENING.store(true, Ordering::SeqCst);
        for signal in STOP {
            disposition(signal, Some(&ours()));
        }
        Signals { heard: false }
    }

    /// Says that the process knows that it is to stop.
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// Blocks until the listener is dismissed, and tells of the first signal, if one comes: why to
    /// cancel.
    ///
    /// All the while the signals are let in on this thread, in case all of the program's threads block
    /// them: else a second one (G2) would be pending for ever.
    pub(crate) fn until_dismissed(on_first: impl FnOnce(Error)) {
        let before = let_in();
        let mut on_first = Some(on_first);
        while !DISMISSED.load(Ordering::SeqCst) {
            // SAFETY: the semaphore was made by `listen`. It fails only when a signal interrupts it.
            while unsafe { libc::sem_wait(BELL.semaphore()) } != 0 {}
            let signal = RECEIVED.load(Ordering::SeqCst);
            if let Some(on_first) = on_first.take_if(|_| signal != 0) {
                on_first(cause(signal));
            }
        }
        // SAFETY: the mask is this thread's former one.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    }

    /// Ends the wait.
    pub(crate) fn dismiss(&self) {
        DISMISSED.store(true, Ordering::SeqCst);
        BELL.ring();
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        FORMER.restore();
        let signal = RECEIVED.load(Ordering::SeqCst);
        if signal != 0 && !self.heard {
            // SAFETY: sending a signal to oneself touches no memory.
            unsafe { libc::kill(libc::getpid(), signal) };
        }
    }
}

impl Former {
    fn restore(&self) {
        if !LISTENING.swap(false, Ordering::SeqCst) {
            return; // A fork came before there was anything to restore.
        }
        // SAFETY: `listen` has written it.
        let former = unsafe { (*self.0.get()).assume_init_ref() };
        for (signal, former) in STOP.iter().zip(former) {
            disposition(*signal, Some(former));
        }
    }
}

/// In a child of `fork`, in which nobody listens.
pub(crate) fn after_fork() {
    FORMER.restore();
}

impl Bell {
    fn semaphore(&self) -> *mut libc::sem_t {
        self.0.get().cast()
    }

    fn ring(&self) {
        // SAFETY: `listen` made the semaphore; posting is async-signal-safe.
        unsafe { libc::sem_post(self.semaphore()) };
    }
}

fn cause(signal: libc::c_int) -> Error {
    let name = match signal {
        libc::SIGINT => "SIGINT",
        _ => "SIGTERM",
    };
    Error::new(libc::EINTR, &format!("stopped by {name}"))
}

/// Makes some room for a signal's frame below this thread's stack pointer.
///
/// The kernel does that by itself. valgrind 3.19 does not for a handler that asks for an alternate
/// stack (SA_ONSTACK, which the threads of a Go program need), and ends the program.
#[inline(never)]
fn touch_stack() {
    std::hint::black_box([0_u8; 16 << 10]);
}

fn ours() -> libc::sigaction {
    // SAFETY: all zeros is a valid `sigaction`, and the mask is written before it is used.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        action
    }
}

/// Changes a disposition, if there is a new one, and returns the former.
fn disposition(signal: libc::c_int, new: Option<&libc::sigaction>) -> libc::sigaction {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the signals are valid ones, so the call writes the former disposition.
    unsafe {
        let mut former: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, new, &mut former);
        former
    }
}

/// The handler. It does what is async-signal-safe, and leaves `errno` alone.
extern "C" fn on_signal(signal: libc::c_int) {
    // SAFETY: the address of this thread's `errno` is valid.
    let errno = unsafe { &mut *libc::__errno_location() };
    let before = *errno;
    let first = RECEIVED.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    match first {
        Ok(_) => BELL.ring(),
        Err(_) => end_program(signal), // G2
    }
    *errno = before;
}

/// Ends the program in the way the signal's default action does. As process 1 of a container that
/// action does nothing; then the exit status says which signal it was, as a shell would.
fn end_program(signal: libc::c_int) {
    // SAFETY: all of these calls are async-signal-safe, and the set is written before it is read.
    unsafe {
        let mut this = std::mem::zeroed();
        libc::sigemptyset(&mut this);
        libc::sigaddset(&mut this, signal);
        libc::signal(signal, libc::SIG_DFL);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &this, std::ptr::null_mut());
        libc::raise(signal);
        libc::_exit(128 + signal);
    }
}

/// Lets the signals in on the calling thread; returns its former mask.
fn let_in() -> libc::sigset_t {
    // SAFETY: both sets are written before they are read.
    unsafe {
        let mut stop = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigemptyset(&mut stop);
        for signal in STOP {
            libc::sigaddset(&mut stop, signal);
        }
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &stop, &mut before);
        before
    }
}
