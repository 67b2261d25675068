//! What threads of the run ask in the place of the kernel: each stops here until the schedule lets it go on.
//!
//! Invariants:
//! - **SW1 one at a time.** Of the threads of a run one goes on, and that is `running`; the others stop at their parkers. Who stops lets the
//!   next one go, under no lock.
//! - **SW2 no lock.** Who stops holds no lock of the library: so another one never waits for one in the kernel.
//! - **SW3 given up.** A thread that did not return in time when its run was taken down is held for ever at its next stop.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::resume_unwind;

use libc::pollfd;

use super::failure::Stuck;
use super::guests;
use super::parker::Parker;
use super::schedule::Id;
use super::state::{Here, Next};
use super::worker::{Assigned, Worker};
use crate::base::clock::{self, Instant};
use crate::base::error::{Error, Outcome};
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard, global, per_thread};
use crate::base::world::given::Kind;
use crate::base::world::{self, Death, Denied, Job, World};
use crate::live;

global!(STATE: Mutex<State> = Mutex::new(State::EMPTY));

// Rung when a run is over.
global!(BELL: Condvar = Condvar::new());

// As which thread of which run the calling thread goes on.
per_thread!(ME: Cell<(u64, Id)> = Cell::new((0, 0)));

pub(super) struct State {
    /// The number of the present run, or the last one.
    pub(super) run: u64,
    pub(super) here: Option<Here>,
    /// Whether the present run is over, and not yet taken away.
    pub(super) is_over: bool,
    /// Threads that do nothing; the warmest last.
    pool: Vec<Arc<Worker>>,
    /// Whether somebody simulates: there is one world.
    is_taken: bool,
    /// Who was given up and is not held yet (SW3): of which run, and which thread. As long as there are any, there is a world.
    lost: BTreeSet<(u64, Id)>,
}

impl State {
    const EMPTY: State = State {
        run: 0,
        here: None,
        is_over: false,
        pool: Vec::new(),
        is_taken: false,
        lost: BTreeSet::new(),
    };

    /// That one is held, has ended, or could not be made. It may have been given up.
    fn find_lost(&mut self, lost: (u64, Id)) {
        self.lost.remove(&lost);
        self.end_world_if_idle();
    }

    fn end_world_if_idle(&self) {
        if self.here.is_none() && self.lost.is_empty() {
            world::end();
        }
    }

    /// The run, if the calling thread is still in it.
    pub(super) fn mine(&mut self) -> Option<(&mut Here, Id)> {
        let (run, id) = ME.with(Cell::get);
        let here = self.here.as_mut().filter(|_| run == self.run)?;
        here.has(id).then_some((here, id))
    }
}

pub(super) struct Simulated;

impl World for Simulated {
    fn switch(&self) {
        let mut state = lock();
        if let Some((here, me)) = state.mine() {
            here.note_call(me);
            if let Some(strike) = here.strikes_by_chance() {
                drop(state);
                let _ = start(strike, true);
                state = lock();
            }
        }
        go_on(state);
    }

    fn hold_back(&self) {
        let mut state = lock();
        if state.mine().is_some_and(|(here, me)| here.hold_back(me)) {
            go_on(state);
        }
    }

    fn begin_to_wait(&self, at: usize, end: Option<Instant>) {
        if let Some((here, id)) = lock().mine() {
            here.begin_to_wait(id, at, end.map(world::since_beginning));
        }
    }

    fn begin_to_wait_for_files(&self, files: Vec<pollfd>, end: Option<Instant>) {
        if let Some((here, id)) = lock().mine() {
            here.begin_to_wait_for_files(id, files, end.map(world::since_beginning));
        }
    }

    fn wait(&self) {
        go_on(lock());
    }

    fn wake(&self, at: usize, all: bool) -> bool {
        let mut state = lock();
        state.here.as_mut().is_some_and(|here| here.wake(at, all))
    }

    fn lend(&self, job: Job) -> Result<(), Denied> {
        let draw = |(here, _): (&mut Here, Id)| !here.draws.denies();
        let is_to_be_had = lock().mine().is_some_and(draw);
        if is_to_be_had {
            return start(job, false);
        }
        Err(Denied)
    }

    fn note_given(&self, kind: Kind, at: usize) {
        if let Some((here, _)) = lock().mine() {
            here.account.note_given(kind, at);
        }
    }

    fn note_given_back(&self, kind: Kind, at: usize) {
        if let Some(here) = &mut lock().here {
            here.account.note_given_back(kind, at);
        }
    }

    fn draw_death(&self, kill: Job) -> Option<Death> {
        lock().mine()?.0.draw_death(kill)
    }

    fn random(&self) -> u64 {
        let mut state = lock();
        let mine = state.mine();
        mine.map_or(0, |(here, _)| here.draws.number())
    }

    fn number_task(&self) -> u64 {
        let mut state = lock();
        let mine = state.mine();
        mine.map_or(0, |(here, _)| {
            here.tasks += 1;
            here.tasks
        })
    }

    fn is_wrecked(&self) -> bool {
        lock().mine().is_none_or(|(here, _)| here.is_wrecked)
    }

    fn number(&self) -> u32 {
        ME.with(Cell::get).1
    }

    fn number_of(&self, thread: i32) -> Option<u32> {
        lock().here.as_ref()?.number_of(thread)
    }

    fn end_program(&self, how: &str) -> ! {
        wreck(&Stuck::Ended(how.to_owned()));
        resume_unwind(Box::new("the program has ended"))
    }
}

pub(super) fn lock() -> MutexGuard<'static, State> {
    STATE.lock()
}

/// Waits until a run is over, or for so long.
pub(super) fn await_end(
    state: MutexGuard<'static, State>,
    end: Instant,
) -> MutexGuard<'static, State> {
    BELL.wait_while_until(state, Some(end), |state| !state.is_over)
}

/// Lets the next one go on, and stops until the calling thread is the one (SW1).
fn go_on(mut state: MutexGuard<'static, State>) {
    loop {
        let Some((here, me)) = state.mine() else {
            return hold_for_ever(state);
        };
        match here.next() {
            Next::Thread(next) if next == me => {
                here.running = me;
                return;
            }
            Next::Thread(next) => {
                here.running = next;
                let (mine, theirs) = (here.worker(me), here.worker(next));
                drop(state);
                if let (Some(mine), Some(theirs)) = (mine, theirs) {
                    theirs.parker.let_go();
                    mine.parker.stop();
                }
                return;
            }
            Next::Stuck(stuck) => {
                drop(state);
                wreck(&stuck);
                state = lock();
            }
            Next::Over => return hold_for_ever(state),
        }
    }
}

/// SW3.
fn hold_for_ever(mut state: MutexGuard<'static, State>) {
    state.find_lost(ME.with(Cell::get));
    drop(state);
    Parker::new().stop();
}

/// The run fails, and is taken down: its handle is cancelled, and nobody waits any more.
pub(super) fn wreck(stuck: &Stuck) {
    let mut tree = live::text(&live::look());
    if let Some(host) = guests::host().filter(|_| fails_by(stuck)) {
        tree.insert_str(0, &(host.waits)());
        let failure = stuck.error(&tree);
        (host.on_failure)(&failure.message().to_string_lossy());
    }
    let worker = worker();
    let mut state = lock();
    let State {
        run, here, pool, ..
    } = &mut *state;
    let Some(here) = here.as_mut().filter(|here| !here.is_wrecked) else {
        pool.extend(worker);
        return;
    };
    let is_missed = *stuck != Stuck::LeftBehind || !here.is_only_aside();
    if is_missed && here.failure.is_none() {
        here.failure = Some(stuck.error(&tree));
    }
    here.wreck();
    if let Some(worker) = worker {
        let root = here.root.clone();
        let cause = Error::new(libc::ECANCELED, "the run of the simulation has failed");
        let id = here.add(worker.clone(), true);
        worker.assign(*run, id, Box::new(move || root.trigger(cause)));
    }
}

/// Whether the run has not failed before, and does so by that.
fn fails_by(stuck: &Stuck) -> bool {
    let is_missed = |here: &Here| *stuck != Stuck::LeftBehind || !here.is_only_aside();
    let state = lock();
    let here = state.here.as_ref().filter(|here| !here.is_wrecked);
    here.is_some_and(|here| is_missed(here) && here.failure.is_none())
}

/// A thread that does nothing, or a new one.
fn worker() -> Option<Arc<Worker>> {
    let idle = lock().pool.pop();
    idle.or_else(|| {
        let _outside = world::outside(); // Its beginning is not a part of the run.
        Worker::hire().ok()
    })
}

/// Has something done by one more thread of the run.
pub(super) fn start(job: Job, is_aside: bool) -> Result<(), Denied> {
    let worker = worker().ok_or(Denied)?;
    let mut state = lock();
    let State {
        run, here, pool, ..
    } = &mut *state;
    match here {
        Some(here) => {
            let id = here.add(worker.clone(), is_aside);
            worker.assign(*run, id, job);
            Ok(())
        }
        None => {
            pool.push(worker);
            Err(Denied)
        }
    }
}

/// Begins a run, with a thread that does that.
pub(super) fn begin(here: Here, job: Job) -> Result<(), Denied> {
    world::begin(&Simulated);
    clock::stop_refreshing();
    {
        let mut state = lock();
        state.run += 1;
        state.is_over = false;
        state.here = Some(here);
    }
    start(job, false)?;
    let first = lock().here.as_ref().and_then(|here| here.worker(0));
    first.inspect(|first| first.parker.let_go());
    Ok(())
}

/// Takes away what is left of a run that is over. Threads that are left are given up: all but the one that goes on stop for ever (SW1, SW3).
pub(super) fn end() -> Option<Here> {
    let mut state = lock();
    let run = state.run;
    state.run += 1;
    let here = state.here.take()?;
    if here.has(here.running) {
        state.lost.insert((run, here.running));
    }
    state.end_world_if_idle();
    Some(here)
}

/// That thread is given up, and the others go on; unless another one goes on meanwhile (SW1).
pub(super) fn pass_by(id: Id) {
    let mut state = lock();
    let run = state.run;
    let is_it = |here: &&mut Here| here.running == id && here.has(id);
    if let Some(here) = state.here.as_mut().filter(is_it) {
        here.remove(id);
        here.has_lost = true;
        state.lost.insert((run, id));
        let_next_go(state, None);
    }
}

/// Whether the run was cancelled by chance.
pub(super) fn is_cancelled_by_chance() -> bool {
    let state = lock();
    state
        .here
        .as_ref()
        .is_some_and(|here| here.is_root_cancelled)
}

/// The calling thread begins as that one.
pub(super) fn arrive(run: u64, id: Id) {
    ME.with(|me| me.set((run, id)));
}

/// The calling thread has done what it was to do. If the one that goes on has not begun, it does that at once, and nobody is woken.
pub(super) fn leave(worker: &Arc<Worker>, bug: Option<Error>) -> Option<Assigned> {
    let mut state = lock();
    let Some((here, me)) = state.mine() else {
        state.find_lost(ME.with(Cell::get));
        state.pool.push(worker.clone()); // It was given up, and is of use again.
        return None;
    };
    if !here.is_wrecked && here.failure.is_none() {
        here.failure = bug;
    }
    here.remove(me);
    state.pool.push(worker.clone());
    let_next_go(state, Some(worker))
}

/// Lets the next one go on, where the calling thread does not (SW1). It may be idle, and then does itself what has not begun.
fn let_next_go(
    mut state: MutexGuard<'static, State>,
    idle: Option<&Arc<Worker>>,
) -> Option<Assigned> {
    loop {
        let State { here, pool, .. } = &mut *state;
        let here = here.as_mut()?;
        match here.next() {
            Next::Thread(next) => {
                here.running = next;
                let theirs = here.worker(next)?;
                let place = idle.and_then(|idle| place_of(pool, idle));
                if let Some((place, job)) = place.and_then(|at| Some((at, theirs.resign_job()?))) {
                    here.set_worker(next, std::mem::replace(&mut pool[place], theirs));
                    return Some(job);
                }
                drop(state);
                theirs.parker.let_go();
                return None;
            }
            Next::Stuck(stuck) => {
                drop(state);
                wreck(&stuck);
                state = lock();
            }
            Next::Over => {
                state.is_over = true;
                drop(state);
                let _outside = world::outside();
                BELL.notify_all();
                return None;
            }
        }
    }
}

/// Takes a thread out of those that do nothing. If it is not among them, it is about to be given something to do.
pub(super) fn resign(worker: &Arc<Worker>) -> bool {
    let mut state = lock();
    let place = place_of(&state.pool, worker);
    place.map(|place| state.pool.remove(place)).is_some()
}

fn place_of(pool: &[Arc<Worker>], worker: &Arc<Worker>) -> Option<usize> {
    pool.iter().rposition(|other| Arc::ptr_eq(other, worker))
}

/// The process has completed.
pub(super) fn complete(outcome: Outcome) {
    if let Some((here, _)) = lock().mine() {
        here.note_completed(outcome);
    }
}

/// One more thread of the run of the calling one, which the program makes.
pub(super) fn add(worker: Arc<Worker>) -> Option<(u64, Id)> {
    let mut state = lock();
    let run = state.run;
    let (here, _) = state.mine()?;
    Some((run, here.add(worker, false)))
}

/// The calling thread has only asked in its last call. Tells whether time is to go on.
pub(super) fn spins() -> bool {
    let mut state = lock();
    state.mine().is_some_and(|(here, me)| here.spins(me))
}

/// It could not be made.
pub(super) fn dismiss(run: u64, id: Id) {
    let mut state = lock();
    if state.run == run {
        if let Some(here) = &mut state.here {
            here.remove(id);
        }
    }
    state.find_lost((run, id));
}

/// The calling thread, which the program has made, ends.
pub(super) fn depart() {
    let mut state = lock();
    let Some((here, me)) = state.mine() else {
        return state.find_lost(ME.with(Cell::get));
    };
    here.remove(me);
    let_next_go(state, None);
}

/// The right to simulate, of one at a time.
pub(super) struct Turn;

impl Turn {
    pub(super) fn take() -> Turn {
        let mut state = BELL.wait_while(lock(), |state| state.is_taken);
        state.is_taken = true;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock().is_taken = false;
        BELL.notify_all();
    }
}

/// What is held across a `fork`: the lock; and a thread of a run is not in it meanwhile, so that it holds the locks of the program.
pub(crate) struct Held {
    was_here: world::WasHere,
    state: MutexGuard<'static, State>,
}

pub(crate) fn hold(was_here: world::WasHere) -> Held {
    Held {
        was_here,
        state: lock(),
    }
}

/// In a child of `fork`: the run is the parent's, and so are its threads.
pub(crate) fn forget(mut held: Held) {
    std::mem::forget(std::mem::replace(&mut *held.state, State::EMPTY));
    std::mem::forget(held.was_here);
    world::end();
}
