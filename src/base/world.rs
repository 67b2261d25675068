//! A world of its own: what a thread of a simulation asks in the place of the kernel.
//!
//! The one that there is lies above all that asks here, in `simulate`, and there is no second one at the same time. Whoever is not in
//! it pays a load and a branch where it would wait, wake or ask for a thread.
//!
//! What is one of its kind in the program, and would be changed by a simulation, is there a second time for that: `PerWorld`.

use std::cell::Cell;
#[cfg(not(loom))]
use std::ops::Deref;

use libc::pollfd;

use crate::base::atomics::notes::{AtomicBool, AtomicU64, Ordering};
use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::{OnceLock, per_thread};

mod code;
pub(crate) mod given;

pub(crate) use code::told as told_code;
use given::Kind;

/// What a thread of it is to do.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// No thread is to be had.
pub(crate) struct Denied;

/// How a program dies by chance that a run plays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    BeforeItBegins,
    /// Somewhere on its way, or as it is about to end.
    Later,
}

/// What threads of a simulation ask. Each of them calls it for itself; others only wake those that wait.
pub(crate) trait World: Sync {
    /// Another one may go on here. Nobody calls this under a lock of the library.
    fn switch(&self);
    /// The calling thread begins a callback, or has ended one, and may be held back. Under no lock either.
    fn hold_back(&self);
    /// The calling thread is about to wait at that address, until that moment at the latest. It may have a lock, which it lets go of before
    /// it does.
    fn begin_to_wait(&self, at: usize, end: Option<Instant>);
    /// It is about to wait until one of these files is ready.
    fn begin_to_wait_for_files(&self, files: Vec<pollfd>, end: Option<Instant>);
    /// It waits.
    fn wait(&self);
    /// Wakes who waits at that address, the one that has waited longest, or all. Tells whether there was any.
    fn wake(&self, at: usize, all: bool) -> bool;
    /// Has something done by another thread.
    fn lend(&self, job: Job) -> Result<(), Denied>;
    /// The program has a reference more to what is there.
    fn note_given(&self, kind: Kind, at: usize);
    /// One less, by whatever thread.
    fn note_given_back(&self, kind: Kind, at: usize);
    /// How a program dies that is about to be played, if it does so by chance. What kills it is done meanwhile, by another thread.
    fn draw_death(&self, kill: Job) -> Option<Death>;
    /// A number that is drawn from the seed.
    fn random(&self) -> u64;
    /// A number that no task of the run has yet.
    fn number_task(&self) -> u64;
    /// Whether the run has failed, and is taken down: nobody waits any more.
    fn is_wrecked(&self) -> bool;
    /// The number of the calling thread in the run.
    fn number(&self) -> u32;
    /// The number of a thread of the run, by that of the kernel.
    fn number_of(&self, thread: i32) -> Option<u32>;
    /// The program would end here. What the calling thread does is given up by unwinding.
    fn end_program(&self, how: &str) -> !;
}

static IS_ANY: AtomicBool = AtomicBool::new(false);
static WORLD: OnceLock<&'static dyn World> = OnceLock::new();

/// How long the present run has lasted by its own clock, in nanoseconds.
static PASSED: AtomicU64 = AtomicU64::new(0);
/// The moment that stands for its beginning.
static BEGINNING: OnceLock<Instant> = OnceLock::new();

per_thread!(IS_HERE: Cell<bool> = Cell::new(false));

/// Whether there is a simulation in the program. In a model there is none.
#[inline(always)]
pub(crate) fn is_any() -> bool {
    !cfg!(loom) && IS_ANY.load(Ordering::Relaxed)
}

/// The world, if the calling thread is in it.
#[inline(always)]
pub(crate) fn here() -> Option<&'static dyn World> {
    if is_any() { here_of_any() } else { None }
}

#[cold]
#[inline(never)]
fn here_of_any() -> Option<&'static dyn World> {
    is_here_of_any().then(any).flatten()
}

/// The world, if there is one, for who is in it or not.
#[cold]
fn any() -> Option<&'static dyn World> {
    WORLD.get().copied()
}

/// Whether the calling thread is in it.
#[inline(always)]
pub(crate) fn is_here() -> bool {
    is_any() && is_here_of_any()
}

// Out of line, as all that looks at `IS_HERE`: a compiler asks early for where that is, also if nobody wants to know, and that is a call.
#[cold]
#[inline(never)]
fn is_here_of_any() -> bool {
    IS_HERE.with(Cell::get)
}

/// The number of the calling thread in the run, if it is in one.
pub(crate) fn number() -> Option<u32> {
    here().map(|world| world.number())
}

/// Whether it is in it, and the run has failed: nobody waits any more.
#[inline(always)]
pub(crate) fn is_wrecked() -> bool {
    is_any() && here().is_some_and(|world| world.is_wrecked())
}

/// Another thread may go on here, if the calling one is in it.
#[inline(always)]
pub(crate) fn switch() {
    if is_any() {
        switch_if_here();
    }
}

#[cold]
#[inline(never)]
fn switch_if_here() {
    if let Some(world) = here() {
        world.switch();
    }
}

/// The calling thread may be held back, if it is in it.
#[cold]
pub(crate) fn hold_back() {
    if let Some(world) = here() {
        world.hold_back();
    }
}

/// Another thread may go on here, where a child is about to begin or has ended, which may be late.
#[inline(always)]
pub(crate) fn switch_at_child() {
    if is_any() {
        switch_at_child_if_here();
    }
}

#[cold]
#[inline(never)]
fn switch_at_child_if_here() {
    hold_back();
    switch();
}

/// Another thread may go on before a callback, and after it, when what comes back is dropped.
#[inline(always)]
pub(crate) fn around_callback() -> Switches {
    switch();
    Switches
}

pub(crate) struct Switches;

impl Drop for Switches {
    #[inline(always)]
    fn drop(&mut self) {
        switch();
    }
}

/// Wakes those who wait at that address in it. Tells whether there was any.
#[inline(always)]
pub(crate) fn wake(at: usize, all: bool) -> bool {
    is_any() && wake_in_any(at, all)
}

#[cold]
#[inline(never)]
fn wake_in_any(at: usize, all: bool) -> bool {
    any().is_some_and(|world| world.wake(at, all))
}

/// Waits there until it is woken, or the moment has come, after something is done under no lock.
#[cold]
pub(crate) fn wait_at(world: &dyn World, at: usize, end: Option<Instant>, unlock: impl FnOnce()) {
    world.begin_to_wait(at, end);
    unlock();
    world.wait();
}

/// How long the run of the calling thread has lasted, if it is in one.
#[inline(always)]
pub(crate) fn passed() -> Option<u64> {
    if is_any() { passed_here() } else { None }
}

#[cold]
#[inline(never)]
fn passed_here() -> Option<u64> {
    is_here().then(|| PASSED.load(Ordering::Relaxed))
}

/// The moment that its clock shows.
#[inline(always)]
pub(crate) fn now() -> Option<Instant> {
    passed().map(|passed| beginning() + Duration::from_nanos(passed))
}

fn beginning() -> Instant {
    *BEGINNING.get_or_init(clock::real_now)
}

/// The moment at which a run has lasted for so many nanoseconds, if the clock can name it.
pub(crate) fn moment(passed: u64) -> Option<Instant> {
    beginning().checked_add(Duration::from_nanos(passed))
}

/// How long after the beginning of a run that moment is.
pub(crate) fn since_beginning(moment: Instant) -> u64 {
    let passed = moment.saturating_duration_since(beginning());
    u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
}

/// Sets the clock of the run.
pub(crate) fn set_passed(passed: u64) {
    PASSED.store(passed, Ordering::Relaxed);
}

/// There is a world in the program from now on.
pub(crate) fn begin(world: &'static dyn World) {
    let _ = WORLD.set(world);
    beginning();
    IS_ANY.store(true, Ordering::Release);
}

/// There is none any more.
pub(crate) fn end() {
    IS_ANY.store(false, Ordering::Release);
}

/// The calling thread is in it for as long as the code runs.
pub(crate) fn inside<T>(code: impl FnOnce() -> T) -> T {
    let _former = change(true);
    code()
}

/// It is not for as long as what comes back is there.
pub(crate) fn outside() -> WasHere {
    change(false)
}

/// The calling thread is in it from now on.
pub(crate) fn come_in() {
    IS_HERE.with(|here| here.set(true));
}

/// It is not any more.
pub(crate) fn go_out() {
    IS_HERE.with(|here| here.set(false));
}

fn change(is_here: bool) -> WasHere {
    WasHere(IS_HERE.with(|here| here.replace(is_here)))
}

/// Whether the calling thread was in it; dropping this makes it so again.
pub(crate) struct WasHere(bool);

impl Drop for WasHere {
    fn drop(&mut self) {
        IS_HERE.with(|here| here.set(self.0));
    }
}

/// What is there twice: for the program, and for the run of a simulation.
#[cfg(not(loom))]
pub(crate) struct PerWorld<T> {
    outside: T,
    inside: T,
}

#[cfg(not(loom))]
impl<T> PerWorld<T> {
    pub(crate) const fn new(outside: T, inside: T) -> PerWorld<T> {
        PerWorld { outside, inside }
    }
}

#[cfg(not(loom))]
impl<T> Deref for PerWorld<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        if is_here() {
            &self.inside
        } else {
            &self.outside
        }
    }
}

/// A static of the program, which a simulation has another one of; in a model, one that is made anew for every execution.
macro_rules! per_world {
    ($name:ident: $type:ty = $value:expr) => {
        #[cfg(not(loom))]
        static $name: $crate::base::world::PerWorld<$type> =
            $crate::base::world::PerWorld::new($value, $value);
        #[cfg(loom)]
        loom::lazy_static! { static ref $name: $type = $value; }
    };
}
pub(crate) use per_world;
