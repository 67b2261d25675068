//! Who can go on, who waits for what, and until when: what the world's lock guards.

use std::collections::{BTreeMap, BTreeSet};

use libc::pollfd;

use super::account::Account;
use super::failure::Stuck;
use super::faults::{Draws, Faults};
use super::options::Limits;
use super::schedule::{Id, Schedule};
use super::worker::Worker;
use crate::base::error::{Error, Outcome};
use crate::base::sync::Arc;
use crate::base::world::{self, Death, Job};
use crate::scope::cancel::Cancel;
use crate::scope::poll;

/// How long what goes on when the process has completed may still do so, by the clock of the run: threads of the library that wait
/// whether anything else comes.
const GRACE_NS: u64 = 1_000_000_000;

/// What there is of a run.
pub(super) struct Here {
    pub(super) schedule: Schedule,
    pub(super) limits: Limits,
    pub(super) draws: Draws,
    pub(super) account: Account,
    threads: BTreeMap<Id, Thread>,
    last: Id,
    /// Those who can go on, in ascending order; the one that runs is among them.
    able: Vec<Id>,
    /// Who waits at which address, in the order in which they came.
    waiting: BTreeSet<(usize, u64, Id)>,
    /// Who waits for which files.
    files: BTreeMap<Id, Vec<pollfd>>,
    /// Until when.
    due: BTreeSet<(u64, Id)>,
    waits: u64,
    /// How many tasks have begun.
    pub(super) tasks: u64,
    pub(super) running: Id,
    pub(super) steps: u64,
    pub(super) passed_ns: u64,
    /// Whether it has failed, and is taken down.
    pub(super) is_wrecked: bool,
    /// Whether a thread was given up.
    pub(super) has_lost: bool,
    pub(super) failure: Option<Error>,
    pub(super) root: Cancel,
    pub(super) is_root_cancelled: bool,
    pub(super) outcome: Option<Outcome>,
    /// When the process has completed.
    completed_at: Option<u64>,
    /// What kills programs that it plays, and after which step.
    killers: Vec<(u64, Job)>,
}

/// The address of waits that only end by time, or by a look.
const NOBODY_WAKES: usize = 0;

struct Thread {
    worker: Arc<Worker>,
    waits: Option<Wait>,
    /// It is no thread of the program's, and not missed.
    is_aside: bool,
    spin: Spin,
}

/// Whether a thread does nothing but ask (for the time, or for a lock) and yield, again and again.
#[derive(Default)]
struct Spin {
    /// How many calls of it there were.
    calls: u64,
    /// The last one that only asked, and how many of them came one after the other.
    asked_at: u64,
    in_a_row: u32,
}

impl Spin {
    /// A thread that waits for nothing asks less often.
    const MANY: u32 = 100;
    /// At every so many-th one time goes on.
    const EACH: u32 = 10;

    /// The last call only asked. Tells whether it is time that time goes on.
    fn note_asked(&mut self) -> bool {
        let goes_on = self.calls == self.asked_at + 1;
        self.in_a_row = if goes_on { self.in_a_row + 1 } else { 1 };
        self.asked_at = self.calls;
        self.in_a_row >= Spin::MANY && self.in_a_row % Spin::EACH == 0
    }

    /// The next call, before which it may have stopped, may ask as well.
    fn is_on(&self) -> bool {
        self.in_a_row >= Spin::MANY && self.calls <= self.asked_at + 1
    }
}

#[derive(Clone, Copy)]
struct Wait {
    at: usize,
    number: u64,
    until: Option<u64>,
}

/// What comes next.
pub(super) enum Next {
    Thread(Id),
    Stuck(Stuck),
    /// No thread is left.
    Over,
}

impl Here {
    pub(super) fn new(
        schedule: Schedule,
        seed: u64,
        limits: Limits,
        faults: Faults,
        root: Cancel,
    ) -> Here {
        world::set_passed(0);
        Here {
            schedule,
            limits,
            draws: Draws::of(seed, faults),
            account: Account::default(),
            threads: BTreeMap::new(),
            last: 0,
            able: Vec::new(),
            waiting: BTreeSet::new(),
            files: BTreeMap::new(),
            due: BTreeSet::new(),
            waits: 0,
            tasks: 0,
            running: 0,
            steps: 0,
            passed_ns: 0,
            is_wrecked: false,
            has_lost: false,
            failure: None,
            root,
            is_root_cancelled: false,
            outcome: None,
            completed_at: None,
            killers: Vec::new(),
        }
    }

    /// One more thread, which can go on from now on.
    pub(super) fn add(&mut self, worker: Arc<Worker>, is_aside: bool) -> Id {
        let id = self.last;
        self.last += 1;
        self.threads.insert(
            id,
            Thread {
                worker,
                waits: None,
                is_aside,
                spin: Spin::default(),
            },
        );
        self.able.push(id); // It is the greatest.
        id
    }

    pub(super) fn has(&self, id: Id) -> bool {
        self.threads.contains_key(&id)
    }

    /// It has ended, or is given up.
    pub(super) fn remove(&mut self, id: Id) {
        self.forget_wait(id);
        self.threads.remove(&id);
        self.able.retain(|other| *other != id);
    }

    /// It calls for something, before which another one may go on.
    pub(super) fn note_call(&mut self, id: Id) {
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.spin.calls += 1;
        }
    }

    /// It has only asked in its last call. Tells whether nobody who can go on does anything else.
    pub(super) fn spins(&mut self, id: Id) -> bool {
        let is_time = |thread: &mut Thread| thread.spin.note_asked();
        let is_time = self.threads.get_mut(&id).is_some_and(is_time);
        let spins = |id: &Id| self.threads.get(id).is_some_and(|it| it.spin.is_on());
        is_time && self.able.iter().all(spins)
    }

    pub(super) fn worker(&self, id: Id) -> Option<Arc<Worker>> {
        Some(self.threads.get(&id)?.worker.clone())
    }

    /// It is done by another one, who does nothing else.
    pub(super) fn set_worker(&mut self, id: Id, worker: Arc<Worker>) {
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.worker = worker;
        }
    }

    /// The number of the thread that has that one of the kernel's.
    pub(super) fn number_of(&self, kernels: i32) -> Option<Id> {
        let is_it = |thread: &Thread| thread.worker.thread() == kernels;
        let mut all = self.threads.iter();
        all.find(|(_, thread)| is_it(thread)).map(|(id, _)| *id)
    }

    /// It is about to wait. Where the run is taken down, it does not.
    pub(super) fn begin_to_wait(&mut self, id: Id, at: usize, until: Option<u64>) {
        let Some(thread) = self.threads.get_mut(&id).filter(|_| !self.is_wrecked) else {
            return;
        };
        self.waits += 1;
        let number = self.waits;
        thread.waits = Some(Wait { at, number, until });
        self.waiting.insert((at, number, id));
        if let Some(until) = until {
            self.due.insert((until, id));
        }
        self.able.retain(|other| *other != id);
    }

    /// The same for files. They are looked at again and again: who makes one ready may not call the library for it.
    pub(super) fn begin_to_wait_for_files(
        &mut self,
        id: Id,
        files: Vec<pollfd>,
        until: Option<u64>,
    ) {
        self.begin_to_wait(id, NOBODY_WAKES, until);
        if !self.is_wrecked {
            self.files.insert(id, files);
        }
    }

    /// It is about to begin a callback, or has ended one, and may be held back. Tells whether it is.
    pub(super) fn hold_back(&mut self, id: Id) -> bool {
        let delay = self.draws.delay();
        let until = delay.map(|delay| self.passed_ns.saturating_add(delay));
        if until.is_some() {
            self.begin_to_wait(id, NOBODY_WAKES, until);
        }
        until.is_some()
    }

    /// What is cancelled by chance at this switch, if anything is.
    pub(super) fn strikes_by_chance(&mut self) -> Option<Job> {
        let cancels = self.draws.cancels();
        if self.is_wrecked || self.has_completed() {
            return None;
        }
        if cancels && !self.is_root_cancelled {
            self.is_root_cancelled = true;
            let root = self.root.clone();
            let cause = Error::new(libc::ECANCELED, "cancelled by the simulation");
            return Some(Box::new(move || root.trigger(cause)));
        }
        let due = self.killers.iter().position(|(at, _)| *at <= self.steps)?;
        Some(self.killers.swap_remove(due).1)
    }

    /// How a program dies that is about to be played, and is killed so, if it dies by chance.
    pub(super) fn draw_death(&mut self, kill: Job) -> Option<Death> {
        let switches = self.draws.death()?;
        if switches == 0 {
            return Some(Death::BeforeItBegins);
        }
        self.killers.push((self.steps + switches, kill));
        Some(Death::Later)
    }

    fn enable_who_has_files(&mut self) {
        let ready = |(id, files): (&Id, &mut Vec<pollfd>)| poll::is_any_ready(files).then_some(*id);
        let all: Vec<Id> = self.files.iter_mut().filter_map(ready).collect();
        all.into_iter().for_each(|id| self.enable(id));
    }

    /// Wakes who waits there. Tells whether there was any.
    pub(super) fn wake(&mut self, at: usize, all: bool) -> bool {
        let there = self.waiting.range((at, 0, 0)..=(at, u64::MAX, Id::MAX));
        let most = if all { usize::MAX } else { 1 };
        let woken: Vec<Id> = there.take(most).map(|(_, _, id)| *id).collect();
        woken.iter().for_each(|id| self.enable(*id));
        !woken.is_empty()
    }

    fn enable(&mut self, id: Id) {
        self.forget_wait(id);
        if let Err(place) = self.able.binary_search(&id) {
            self.able.insert(place, id);
        }
    }

    fn forget_wait(&mut self, id: Id) {
        let thread = self.threads.get_mut(&id);
        let Some(wait) = thread.and_then(|thread| thread.waits.take()) else {
            return;
        };
        self.waiting.remove(&(wait.at, wait.number, id));
        self.files.remove(&id);
        if let Some(until) = wait.until {
            self.due.remove(&(until, id));
        }
    }

    /// Who goes on, where the one that runs may not be the one to do so.
    pub(super) fn next(&mut self) -> Next {
        self.steps += 1;
        if self.is_wrecked {
            return self.next_of_wreck();
        }
        if self.steps > self.limits.steps {
            return Next::Stuck(Stuck::Steps(self.limits.steps));
        }
        if !self.files.is_empty() {
            self.enable_who_has_files();
        }
        while self.able.is_empty() {
            if let Some(stuck) = self.go_on_to_next_moment() {
                return stuck;
            }
        }
        let running = Some(self.running).filter(|id| self.able.binary_search(id).is_ok());
        Next::Thread(self.schedule.choose(&self.able, running))
    }

    /// The clock goes on when nobody can.
    fn go_on_to_next_moment(&mut self) -> Option<Next> {
        if self.threads.is_empty() {
            return Some(Next::Over);
        }
        let Some((until, _)) = self.due.first().copied() else {
            return Some(Next::Stuck(match self.completed_at {
                Some(_) => Stuck::LeftBehind,
                None => Stuck::Deadlock,
            }));
        };
        if self.completed_at.is_some_and(|at| until > at + GRACE_NS) {
            return Some(Next::Stuck(Stuck::LeftBehind));
        }
        if until > self.limits.time_ns {
            return Some(Next::Stuck(Stuck::Time(self.limits.time_ns)));
        }
        self.passed_ns = self.passed_ns.max(until);
        world::set_passed(self.passed_ns);
        while let Some((_, id)) = self
            .due
            .first()
            .filter(|(until, _)| *until <= self.passed_ns)
        {
            let id = *id;
            self.enable(id);
        }
        None
    }

    /// One after the other, until none is left.
    fn next_of_wreck(&self) -> Next {
        let after = self.able.iter().find(|id| **id > self.running);
        match after.or_else(|| self.able.first()) {
            Some(id) => Next::Thread(*id),
            None => Next::Over,
        }
    }

    /// From now on nobody waits.
    pub(super) fn wreck(&mut self) {
        self.is_wrecked = true;
        let waiting: Vec<Id> = self.waiting.iter().map(|(_, _, id)| *id).collect();
        waiting.into_iter().for_each(|id| self.enable(id));
    }

    /// The process has completed.
    pub(super) fn note_completed(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        self.completed_at = Some(self.passed_ns);
    }

    pub(super) fn has_completed(&self) -> bool {
        self.completed_at.is_some()
    }

    /// Whether nothing is left that anybody would miss.
    pub(super) fn is_only_aside(&self) -> bool {
        self.threads.values().all(|thread| thread.is_aside)
    }
}
