//! Those who listen to signals, and the thread that gives each his turn.

use super::handler::{self, FormerActions, bell};
use crate::base::bug;
use crate::base::clock::Instant;
use crate::base::mask::Mask;
use crate::base::signal_set::Set;
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::base::thread_name;
use crate::base::world::{self, per_world};
use crate::engine::crew::{self, NoThread};

/// What asks the program to stop, and how long after the first of these a further one ends it (G2): in
/// nanoseconds; negative: never.
#[derive(Clone, Copy)]
pub(crate) struct Stops {
    pub(crate) signals: Set,
    pub(crate) force_after_ns: i64,
}

/// Somebody who listens.
pub(crate) trait Ear: Send + Sync {
    /// A turn on the listening thread, which must not be held up: what has arrived since the last one.
    /// Tells when the next one is to be at the latest.
    fn turn(&self, arrived: Set) -> Option<Instant>;
}

per_world!(HUB: Hub = Hub {
    state: Mutex::new(State::new()),
    bell: Condvar::new(),
});

struct Hub {
    state: Mutex<State>,
    /// Rung when the thread has changed something.
    bell: Condvar,
}

pub(super) struct State {
    listeners: Vec<Registration>,
    former: FormerActions,
    /// What is kept for who is not there yet, whom it will ask to stop.
    early: Set,
    /// Whether there is a thread that listens.
    lives: bool,
    /// Which signals it lets in.
    open: Set,
    /// Whether it gives turns at this moment.
    in_turn: bool,
}

struct Registration {
    ear: Arc<dyn Ear>,
    told: Set,
    /// Those that ask the program to stop, of which there is one listener at most.
    stops: Option<Set>,
}

/// Somebody's turn, and what he is told.
struct Turn(Arc<dyn Ear>, Set);

impl Turn {
    fn take(&self) -> Option<Instant> {
        self.0.turn(self.1)
    }
}

/// The time in which somebody listens; dropping it ends that.
pub(crate) struct Listening {
    ear: Arc<dyn Ear>,
    stops: bool,
    has_left: bool,
}

/// Takes the signals over, has the ear told of some of them, and of the first one that asks to stop.
pub(crate) fn listen(
    ear: Arc<dyn Ear>,
    told: Set,
    stops: Option<Stops>,
) -> Result<Listening, NoThread> {
    let mut state = HUB.state.lock();
    if !state.lives {
        crew::patiently(|| crew::lend(Box::new(|| HUB.live())))?;
        state.lives = true;
    }
    let listening = state.enter(ear, told, stops);
    bell().ring();
    Ok(listening)
}

/// Keeps these signals, which ask to stop, for who will listen to them, as `listen` says. A further one ends the program.
pub(crate) fn keep_early(signals: Set) {
    HUB.state.lock().keep_early(signals);
}

/// Has everyone given a turn.
pub(crate) fn wake() {
    bell().ring();
}

impl Listening {
    /// Stops listening (G5). Tells which signal was the first to ask the program to stop, unless somebody else
    /// was told of it, too.
    pub(crate) fn close(mut self) -> Option<libc::c_int> {
        self.has_left = true;
        HUB.leave(&self)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if !self.has_left {
            HUB.leave(self);
        }
    }
}

impl State {
    const fn new() -> State {
        State {
            listeners: Vec::new(),
            former: FormerActions::none(),
            early: Set::EMPTY,
            lives: false,
            open: Set::EMPTY,
            in_turn: false,
        }
    }

    fn enter(&mut self, ear: Arc<dyn Ear>, told: Set, stops: Option<Stops>) -> Listening {
        if let Some(stops) = stops {
            handler::open(stops.force_after_ns);
        }
        let listening = Listening {
            ear: ear.clone(),
            stops: stops.is_some(),
            has_left: false,
        };
        let stops = stops.map(|stops| stops.signals);
        self.listeners.push(Registration { ear, told, stops });
        let early = match stops {
            Some(_) => std::mem::replace(&mut self.early, Set::EMPTY),
            None => Set::EMPTY,
        };
        self.announce();
        self.former.take_again(early);
        self.former.take_over(self.wanted());
        if !early.is_empty() {
            self.give_back_early();
        }
        listening
    }

    /// Keeps what asks to stop for who will come, unless he is there, or it is kept already.
    fn keep_early(&mut self, signals: Set) {
        let is_there = self.listeners.iter().any(|other| other.stops.is_some());
        if !is_there && self.early.is_empty() {
            handler::open_early();
            self.early = signals;
            self.announce();
            self.former.take_over(self.wanted());
        }
    }

    /// He has come for whom they were kept, and may want only some of them: the others are as before (G3).
    fn give_back_early(&mut self) {
        let wanted = self.wanted();
        self.former.give_back_all_but(wanted);
        if let Some(signal) = handler::take_first_but(self.stops()) {
            handler::send_again(signal);
        }
    }

    /// What has arrived, for all who listen to it. Under the lock, so that nothing that is for somebody who
    /// has just begun to listen is taken without him (G4).
    fn turns(&self) -> Vec<Turn> {
        let arrived = handler::take_arrived();
        let turn =
            |listener: &Registration| Turn(listener.ear.clone(), arrived.common(listener.told));
        self.listeners.iter().map(turn).collect()
    }

    fn told(&self) -> Set {
        let all = self.listeners.iter().map(|listener| listener.told);
        all.fold(Set::EMPTY, Set::and)
    }

    fn stops(&self) -> Set {
        let all = self.listeners.iter().filter_map(|listener| listener.stops);
        all.fold(self.early, Set::and)
    }

    fn wanted(&self) -> Set {
        self.told().and(self.stops())
    }

    /// Tells the handler who wants what.
    fn announce(&self) {
        handler::set_roles(self.stops(), self.told());
    }
}

/// When the first of them wants another turn.
fn take_all(turns: &[Turn]) -> Option<Instant> {
    if world::is_here() {
        take_all_in_run(turns)
    } else {
        turns.iter().filter_map(Turn::take).min()
    }
}

/// The same in a simulation, where one may end the program, which unwinds.
#[cold]
fn take_all_in_run(turns: &[Turn]) -> Option<Instant> {
    let mut next = None;
    let _ = bug::contained(|| {
        if !world::is_wrecked() {
            next = turns.iter().filter_map(Turn::take).min();
        }
        Ok(())
    });
    next
}

impl Hub {
    /// The life of the listening thread.
    fn live(&self) {
        thread_name::carry(None);
        let before = Mask::of_this_thread();
        loop {
            let rings = bell().rings(); // Before looking (G4).
            let Some(turns) = self.begin_turns(&before) else {
                return;
            };
            let next = take_all(&turns);
            drop(turns);
            self.end_turns();
            let next = [next, crew::ask_again()].into_iter().flatten().min();
            bell().wait(rings, next);
        }
    }

    /// Those whose turn it is; `None`: nobody listens any more, and the thread is to end.
    fn begin_turns(&self, before: &Mask) -> Option<Vec<Turn>> {
        let mut state = self.state.lock();
        let wanted = state.wanted();
        if state.open != wanted {
            if !world::is_here() {
                before.open_to(wanted.numbers()); // G6
            }
            state.open = wanted;
        }
        state.in_turn = !state.listeners.is_empty();
        state.lives = state.in_turn;
        self.bell.notify_all();
        state.in_turn.then(|| state.turns())
    }

    fn end_turns(&self) {
        self.state.lock().in_turn = false;
        self.bell.notify_all();
    }

    fn leave(&self, listening: &Listening) -> Option<libc::c_int> {
        let mut state = self.state.lock();
        let is_other = |listener: &Registration| !Arc::ptr_eq(&listener.ear, &listening.ear);
        state.listeners.retain(is_other);
        bell().ring();
        let busy = |state: &mut State| state.in_turn || !state.wanted().has_all(state.open);
        let mut state = self.bell.wait_while(state, busy); // G5, G6
        let wanted = state.wanted();
        state.former.give_back_all_but(wanted);
        // What the handler still receives of the former signals it now sends again (G3).
        let first = listening.stops.then(handler::close).flatten();
        state.announce();
        first
    }
}

/// What is held across a `fork`: the state, and the signals of the forking thread, so that one which comes
/// to the child finds the former dispositions there (G3).
pub(crate) struct Held {
    state: MutexGuard<'static, State>,
    mask: Mask,
}

pub(crate) fn hold() -> Held {
    let mask = Mask::block_all();
    let state = HUB.state.lock();
    Held { state, mask }
}

/// In a child of `fork`, in which nobody listens. If a thread of the library has forked, the child lets in
/// the signals that those block: it is about to become another program.
pub(crate) fn forget(mut held: Held) {
    held.state.former.give_back_all_but(Set::EMPTY);
    std::mem::forget(std::mem::replace(&mut *held.state, State::new()));
    handler::close();
    held.state.announce();
    if thread_name::is_ours() {
        held.mask.clear();
    }
}

/// A run of a simulation begins, in which nobody listens.
pub(crate) fn begin_world() {
    *HUB.state.lock() = State::new();
    handler::begin_world();
}

#[cfg(all(test, loom))]
#[path = "models/hub.rs"]
mod models;
