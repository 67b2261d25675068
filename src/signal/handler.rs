//! The signal handler, and which signals it has: what the kernel knows of us.
//!
//! unsafe: dispositions are the kernel's, and the handler may run at any time.
#![allow(unsafe_code)]

use libc::c_int;

use super::bell::Bell;
use super::set::Set;
use crate::mask;
use crate::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use crate::sync::global;

// The signals that ask the program to stop, and those whose arrivals somebody is told of. They are set before
// the handler has such a signal, and cleared after it has lost it.
global!(STOPS: AtomicU64 = AtomicU64::new(0));
global!(TOLD: AtomicU64 = AtomicU64::new(0));
// The first signal that asked the program to stop; NONE, or CLOSED: nobody wants to know.
global!(FIRST: AtomicI32 = AtomicI32::new(CLOSED));
// Those that have arrived and that nobody was told of yet.
global!(ARRIVED: AtomicU64 = AtomicU64::new(0));
global!(BELL: Bell = Bell::new());

const NONE: c_int = 0;
const CLOSED: c_int = -1;

/// What is still to be done about a signal.
#[derive(PartialEq, Eq, Debug)]
enum Then {
    Nothing,
    EndProgram,
    SendAgain,
}

/// The handler. It does what is async-signal-safe, and leaves `errno` alone.
extern "C" fn on_signal(signal: c_int) {
    // SAFETY: the address of this thread's `errno` is valid.
    let errno = unsafe { &mut *libc::__errno_location() };
    let before = *errno;
    match arrived(signal) {
        Then::Nothing => (),
        Then::EndProgram => end_program(signal),
        Then::SendAgain => send_again(signal),
    }
    *errno = before;
}

fn arrived(signal: c_int) -> Then {
    let this = Set::of(signal);
    let is_told = Set(TOLD.load(Ordering::SeqCst)).has_all(this);
    let then = match Set(STOPS.load(Ordering::SeqCst)).has_all(this) {
        true => stop(signal, is_told),
        false if is_told => Then::Nothing,
        // It came to the handler when somebody listened (G3).
        false => Then::SendAgain,
    };
    if is_told && ARRIVED.fetch_or(this.0, Ordering::SeqCst) & this.0 == 0 {
        BELL.ring();
    }
    then
}

fn stop(signal: c_int, is_told: bool) -> Then {
    match FIRST.compare_exchange(NONE, signal, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            BELL.ring();
            Then::Nothing
        }
        Err(CLOSED) if is_told => Then::Nothing,
        Err(CLOSED) => Then::SendAgain,
        Err(_) => Then::EndProgram, // G2
    }
}

pub(super) fn bell() -> &'static Bell {
    &BELL
}

/// Begins to wait for a first signal that asks to stop.
pub(super) fn open() {
    FIRST.store(NONE, Ordering::SeqCst);
}

/// Which signal came first, if any has; one that comes from now on is sent again (G3).
pub(super) fn close() -> Option<c_int> {
    Some(FIRST.swap(CLOSED, Ordering::SeqCst)).filter(|first| *first > NONE)
}

/// Which signal has asked the program to stop, if any has.
pub(crate) fn first() -> Option<c_int> {
    Some(FIRST.load(Ordering::SeqCst)).filter(|first| *first > NONE)
}

pub(super) fn set_roles(stops: Set, told: Set) {
    STOPS.store(stops.0, Ordering::SeqCst);
    TOLD.store(told.0, Ordering::SeqCst);
    ARRIVED.fetch_and(told.0, Ordering::SeqCst);
}

/// What has arrived since this was asked last.
pub(super) fn take_arrived() -> Set {
    Set(ARRIVED.swap(0, Ordering::SeqCst))
}

/// Sends a signal to the program, for whom it was before somebody listened here.
pub(crate) fn send_again(signal: c_int) {
    // The program may have taken this handler for its own and put it back; it would be called for ever.
    if disposition(signal, None).sa_sigaction == ours().sa_sigaction {
        // SAFETY: this changes what a signal does, and no memory.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: sending a signal to oneself touches no memory.
    unsafe { libc::kill(libc::getpid(), signal) };
}

/// Ends the program in the way the signal's default action does. Where that action does not end it (of any
/// signal to process 1 of a container; of SIGCHLD and the like), the exit status says which signal it was,
/// as a shell would.
pub(crate) fn end_program(signal: c_int) -> ! {
    const STOP_ONLY: [c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    // SAFETY: all of these calls are async-signal-safe, and the set is written before it is read.
    unsafe {
        if !STOP_ONLY.contains(&signal) {
            libc::signal(signal, libc::SIG_DFL);
            libc::pthread_sigmask(
                libc::SIG_UNBLOCK,
                &mask::set_of([signal]),
                std::ptr::null_mut(),
            );
            libc::raise(signal);
        }
        libc::_exit(128 + signal);
    }
}

/// The former dispositions of the signals that the handler has.
pub(super) struct Former(Vec<(c_int, libc::sigaction)>);

impl Former {
    pub(super) const fn none() -> Former {
        Former(Vec::new())
    }

    /// Gives these signals to the handler, too.
    pub(super) fn take_over(&mut self, signals: Set) {
        touch_stack();
        for signal in signals.numbers() {
            if !self.0.iter().any(|(taken, _)| *taken == signal) {
                self.0.push((signal, disposition(signal, Some(&ours()))));
            }
        }
    }

    /// Gives back all but these signals (G3).
    pub(super) fn give_back_all_but(&mut self, wanted: Set) {
        self.0.retain(|(signal, former)| {
            let is_wanted = wanted.has(*signal);
            if !is_wanted {
                disposition(*signal, Some(former));
            }
            is_wanted
        });
    }
}

/// Makes some room for a signal's frame below this thread's stack pointer.
///
/// The kernel does that by itself. valgrind 3.19 does not for a handler that asks for an alternate
/// stack (SA_ONSTACK, which the threads of a Go program need), and ends the program.
#[inline(never)]
fn touch_stack() {
    // The threads of a model have less than that, and no signals come to them.
    const ROOM: usize = if cfg!(loom) { 1 } else { 16 << 10 };
    std::hint::black_box([0_u8; ROOM]);
}

fn ours() -> libc::sigaction {
    // SAFETY: all zeros is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as extern "C" fn(c_int) as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    action.sa_mask = mask::set_of([]);
    action
}

/// Changes a disposition, if there is a new one, and returns the former.
fn disposition(signal: c_int, new: Option<&libc::sigaction>) -> libc::sigaction {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the signals are valid ones, so the call writes the former disposition.
    unsafe {
        let mut former: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, new, &mut former);
        former
    }
}

/// For models, in which no signals come.
#[cfg(all(test, loom))]
pub(super) fn arrive(signal: c_int) {
    assert_eq!(arrived(signal), Then::Nothing);
}

#[cfg(all(test, loom))]
#[path = "../models/handler.rs"]
mod models;
