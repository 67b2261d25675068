//! The signal handler, and which signals it has: what the kernel knows of us.
//!
//! unsafe: dispositions are the kernel's, and the handler may run at any time.
#![allow(unsafe_code)]

use libc::c_int;

use super::bell::Bell;
use crate::base::clock::{self, Duration};
use crate::base::mask;
use crate::base::signal_set::{self, Set};
use crate::base::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use crate::base::sys::{errno, thread};
use crate::base::world::{self, per_world};

// The signals that ask the program to stop, and those whose arrivals somebody is told of. They are set before
// the handler has such a signal, and cleared after it has lost it.
per_world!(STOPS: AtomicU64 = AtomicU64::new(0));
per_world!(TOLD: AtomicU64 = AtomicU64::new(0));
// The first signal that asked the program to stop, as `First` has it; NONE, or CLOSED: nobody wants to know.
per_world!(FIRST: AtomicU64 = AtomicU64::new(CLOSED));
// How long after it a further one ends the program, in nanoseconds; negative: none ever does.
per_world!(FORCE_AFTER: AtomicI64 = AtomicI64::new(0));
// What is to be done before a further signal ends the program, for which a handler is no place: a bit each.
per_world!(DELAYS: AtomicU64 = AtomicU64::new(0));
// The signal that ends the program once that is done, as FIRST has it.
per_world!(FORCED: AtomicU64 = AtomicU64::new(NONE));
// Whether the first signal is kept for who is not there yet. So a further one ends the program at once.
per_world!(IS_EARLY: AtomicBool = AtomicBool::new(false));
// Those that have arrived and that nobody was told of yet.
per_world!(ARRIVED: AtomicU64 = AtomicU64::new(0));
per_world!(BELL: Bell = Bell::new());

const NONE: u64 = 0;
const CLOSED: u64 = u64::MAX;

/// After which time what is to be done before the end is given up, if there is a further signal.
const LONGEST_DELAY: Duration = Duration::from_secs(4);

/// As much more of it as the program's last chance may take, with what is said before that.
const WITH_LAST_CHANCE: Duration = Duration::from_secs(4);

fn longest_delay() -> u64 {
    let more = match is_end_delayed(Delay::LastChance) {
        true => WITH_LAST_CHANCE,
        false => Duration::ZERO,
    };
    (LONGEST_DELAY + more).as_nanos() as u64
}

/// Why a further signal does not end the program at once.
#[derive(Clone, Copy)]
pub(crate) enum Delay {
    /// What a trace knows of it is to be written.
    Trace = 1,
    /// The program has a last chance.
    LastChance = 2,
    /// Programs that this one runs are to be killed.
    Programs = 4,
}

/// The first signal, and when it came, in one word: another thread's handler that sees the one sees the other (G2).
/// The time is that of the monotonic clock, some nanoseconds too early: its last bits are the signal's.
struct First(u64);

impl First {
    const SIGNAL: u64 = 0x7f;
    /// Somebody else was told of it, too.
    const TOLD: u64 = 0x80;
    const TIME: u64 = !0xff;

    fn new(signal: c_int, is_told: bool, now: u64) -> First {
        let told = if is_told { First::TOLD } else { 0 };
        First(now & First::TIME | told | signal as u64)
    }

    /// `None`: there is none.
    fn of(word: u64) -> Option<First> {
        (word != NONE && word != CLOSED).then_some(First(word))
    }

    fn signal(&self) -> c_int {
        (self.0 & First::SIGNAL) as c_int
    }

    fn is_told(&self) -> bool {
        self.0 & First::TOLD != 0
    }

    /// Whether one that comes now comes so late after it that it is another request.
    fn is_long_ago(&self, now: u64) -> bool {
        let force_after = u64::try_from(FORCE_AFTER.load(Ordering::SeqCst));
        force_after.is_ok_and(|after| self.age(now) >= after)
    }

    fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.0 & First::TIME)
    }
}

/// What is still to be done about a signal.
#[derive(PartialEq, Eq, Debug)]
enum Then {
    Nothing,
    EndProgram,
    SendAgain,
}

/// The handler. It does what is async-signal-safe, and leaves `errno` alone.
extern "C" fn on_signal(signal: c_int) {
    let before = errno::get();
    match arrived(signal, clock::exact()) {
        Then::Nothing => (),
        Then::EndProgram => end_program(signal),
        Then::SendAgain => send_again(signal),
    }
    errno::set(before);
}

fn arrived(signal: c_int, now: u64) -> Then {
    let this = Set::of(signal);
    let is_told = Set(TOLD.load(Ordering::SeqCst)).has_all(this);
    let then = match Set(STOPS.load(Ordering::SeqCst)).has_all(this) {
        true => stop(signal, is_told, now),
        false if is_told => Then::Nothing,
        // It came to the handler when somebody listened (G3).
        false => Then::SendAgain,
    };
    if is_told && ARRIVED.fetch_or(this.0, Ordering::SeqCst) & this.0 == 0 {
        BELL.ring();
    }
    then
}

fn stop(signal: c_int, is_told: bool, now: u64) -> Then {
    let this = First::new(signal, is_told, now);
    match FIRST.compare_exchange(NONE, this.0, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            BELL.ring();
            Then::Nothing
        }
        Err(CLOSED) if is_told => Then::Nothing,
        Err(CLOSED) => Then::SendAgain,
        Err(first) if First(first).is_long_ago(now) => force(this, now), // G2
        Err(_) => Then::Nothing,
    }
}

fn force(this: First, now: u64) -> Then {
    if DELAYS.load(Ordering::SeqCst) == 0 || IS_EARLY.load(Ordering::SeqCst) {
        return Then::EndProgram;
    }
    match FORCED.compare_exchange(NONE, this.0, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            BELL.ring();
            Then::Nothing
        }
        Err(forced) if First(forced).age(now) >= longest_delay() => Then::EndProgram,
        Err(_) => Then::Nothing,
    }
}

/// Whether the listening thread has something to do before a further signal ends the program.
pub(crate) fn delay_end(delay: Delay, delays: bool) {
    if delays {
        DELAYS.fetch_or(delay as u64, Ordering::SeqCst);
    } else {
        DELAYS.fetch_and(!(delay as u64), Ordering::SeqCst);
    }
}

/// Whether it has that to do.
pub(crate) fn is_end_delayed(delay: Delay) -> bool {
    DELAYS.load(Ordering::SeqCst) & delay as u64 != 0
}

/// The further signal that ends the program once that is done, if one has come.
pub(crate) fn forced() -> Option<c_int> {
    First::of(FORCED.load(Ordering::SeqCst)).map(|forced| forced.signal())
}

pub(super) fn bell() -> &'static Bell {
    &BELL
}

/// Begins to wait for a first signal that asks to stop. One that has come early counts.
pub(super) fn open(force_after_ns: i64) {
    FORCE_AFTER.store(force_after_ns, Ordering::SeqCst);
    FORCED.store(NONE, Ordering::SeqCst);
    if !IS_EARLY.swap(false, Ordering::SeqCst) {
        FIRST.store(NONE, Ordering::SeqCst);
    }
}

/// The same before somebody is there who waits.
pub(super) fn open_early() {
    open(0);
    IS_EARLY.store(true, Ordering::SeqCst);
}

/// Takes the first signal, if it is none of these: it came early, and is for whom it was before.
pub(super) fn take_first_but(stops: Set) -> Option<c_int> {
    let word = FIRST.load(Ordering::SeqCst);
    let first = First::of(word)?.signal();
    let is_taken = !stops.has(first)
        && FIRST
            .compare_exchange(word, NONE, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
    is_taken.then_some(first)
}

/// Which signal came first, if any has, unless somebody else was told of it; one that comes from now on is sent
/// again (G3).
pub(super) fn close() -> Option<c_int> {
    IS_EARLY.store(false, Ordering::SeqCst);
    let first = First::of(FIRST.swap(CLOSED, Ordering::SeqCst));
    first
        .filter(|first| !first.is_told())
        .map(|first| first.signal())
}

/// Which signal has asked the program to stop, if any has.
pub(crate) fn first() -> Option<c_int> {
    First::of(FIRST.load(Ordering::SeqCst)).map(|first| first.signal())
}

pub(super) fn set_roles(stops: Set, told: Set) {
    STOPS.store(stops.0, Ordering::SeqCst);
    TOLD.store(told.0, Ordering::SeqCst);
    ARRIVED.fetch_and(told.0, Ordering::SeqCst);
}

/// Whether somebody listens to it. Roles are set before the handler has the signal, and cleared after, so who sees
/// that it has it for somebody sees that somebody here.
fn is_wanted(signal: c_int) -> bool {
    let wanted = STOPS.load(Ordering::SeqCst) | TOLD.load(Ordering::SeqCst);
    Set(wanted).has(signal)
}

/// What has arrived since this was asked last.
pub(super) fn take_arrived() -> Set {
    Set(ARRIVED.swap(0, Ordering::SeqCst))
}

/// Sends a signal to the program, for whom it was before somebody listened here. Who listens to it by now hears of it.
pub(crate) fn send_again(signal: c_int) {
    if world::is_here() {
        return; // It came when the run was as good as over.
    }
    // The program may have taken this handler for its own and put it back; it would be called for ever.
    let is_ours = disposition(signal, None).sa_sigaction == ours().sa_sigaction;
    if is_ours && !is_wanted(signal) {
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
    if let Some(world) = world::here() {
        world.end_program(&signal_set::name(signal));
    }
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

/// Ends the program with that exit status, and runs nothing of it.
pub(crate) fn exit_program(status: c_int) -> ! {
    if let Some(world) = world::here() {
        world.end_program(&format!("exit status {status}"));
    }
    // SAFETY: it takes a number.
    unsafe { libc::_exit(status) }
}

/// The former dispositions of the signals that the handler has.
pub(super) struct FormerActions(Vec<(c_int, libc::sigaction)>);

impl FormerActions {
    pub(super) const fn none() -> FormerActions {
        FormerActions(Vec::new())
    }

    /// Gives these signals to the handler, too.
    pub(super) fn take_over(&mut self, signals: Set) {
        if world::is_here() {
            return; // No signals of the system's come to a simulation.
        }
        if thread::is_first() {
            touch_stack();
        }
        for signal in signals.numbers() {
            if !self.0.iter().any(|(taken, _)| *taken == signal) {
                self.0.push((signal, disposition(signal, Some(&ours()))));
            }
        }
    }

    /// Gives these, which it had, to the handler again, if the program has given them to another one meanwhile.
    pub(super) fn take_again(&mut self, signals: Set) {
        for (signal, former) in &mut self.0 {
            if signals.has(*signal) {
                let now = disposition(*signal, Some(&ours()));
                if now.sa_sigaction != ours().sa_sigaction {
                    *former = now;
                }
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
/// stack (SA_ONSTACK, which the threads of a Go program need), and ends the program. That is so on the first thread
/// only, whose stack grows; others have all of theirs from the beginning, and may have no more than this.
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

/// A run of a simulation begins, to which nothing has come.
pub(super) fn begin_world() {
    close();
    set_roles(Set::EMPTY, Set::EMPTY);
    DELAYS.store(0, Ordering::SeqCst);
    FORCED.store(NONE, Ordering::SeqCst);
}

/// A signal comes to a simulation. Tells whether anybody listens to it there.
pub(crate) fn simulate(signal: c_int) -> bool {
    let is_wanted = is_wanted(signal);
    if is_wanted && arrived(signal, clock::exact()) == Then::EndProgram {
        end_program(signal);
    }
    is_wanted
}

/// For models, in which no signals come.
#[cfg(all(test, loom))]
pub(super) fn arrive(signal: c_int) {
    assert_eq!(arrived(signal, 0), Then::Nothing);
}

#[cfg(all(test, loom))]
#[path = "models/handler.rs"]
mod models;
