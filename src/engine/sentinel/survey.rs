//! What the sentinel does at a tick: it looks at everything that is unclaimed.
//!
//! A thread that waits for the end of what it has published, all of which others have claimed, does as they do: if
//! they compute, it is not held up. So they are looked at, too.

use std::collections::HashMap;
use std::mem;

use super::send_watched;
use crate::base::clock::{self, Duration, Instant};
use crate::base::sync::Arc;
use crate::base::sync::atomic::Ordering;
use crate::engine::at_work::{Experience, MOST_TIMES, Stint};
use crate::engine::backlog::{Backlog, Memory, Watch, address};
use crate::engine::backlog_policy::{SLOW, Sight};
use crate::engine::crew::{self, Lender, NoThread};
use crate::engine::slots::{self, Watched};
use crate::engine::terms::{self, Terms};

/// How many helpers are sent at most, before it is looked whether anybody else waits for one.
const TURN: usize = 32;

/// What there was to watch.
#[derive(PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    /// All of it gets on as well as it can.
    Settled,
    Unsettled,
}

/// What the sentinel knows of all that it watches.
pub(super) struct Survey {
    /// Its own.
    terms: Terms,
    now: Instant,
    before: Load,
    load: Load,
    /// How many times as long as they have computed threads count as computing.
    times: u32,
}

/// How the threads at work use the processors.
#[derive(Default)]
struct Load {
    /// Those that compute, or might, because they have just come.
    busy: HashMap<i32, Option<Stint>>,
    /// How many helpers are on their way.
    coming: usize,
    /// How many backlogs have threads that compute.
    computing: usize,
    /// How many threads are at work on those.
    at_work: usize,
    /// What computes within other backlogs, by their addresses.
    within: HashMap<usize, Within>,
}

#[derive(Clone, Copy, Default)]
struct Within {
    /// How many threads compute.
    computing: usize,
    /// How many have published what those compute for.
    publishers: usize,
}

impl Load {
    fn busy(&self) -> usize {
        self.busy.len() + self.coming
    }

    /// Adds a backlog within which those were found to compute before.
    fn add(&mut self, seen: &Watched, memory: &Memory, inner: Within) {
        let at_work = &memory.at_work;
        for number in at_work.come() {
            self.busy.entry(number).or_default();
        }
        let computing_ones = at_work
            .computing()
            .map(|(number, stint)| (number, Some(stint)));
        self.busy.extend(computing_ones);
        let computing = at_work.computing().len() + inner.computing;
        if computing == 0 {
            return;
        }
        self.computing += 1;
        self.at_work += at_work.count();
        if let Some(outer) = seen.within {
            let outer = self.within.entry(outer).or_default();
            outer.computing += computing;
            outer.publishers += 1;
        }
    }

    fn within(&self, backlog: &dyn Backlog) -> Within {
        let within = self.within.get(&address(backlog));
        within.copied().unwrap_or_default()
    }

    /// How long those who compute have until there is one thread more that does: the longer, the more there are
    /// already, and longer by as many backlogs as there are that take turns (F8).
    fn slow(&self, cores: usize) -> Duration {
        let turns = self.computing.max(1) * (self.at_work / (2 * cores)).max(1);
        SLOW * u32::try_from(turns).unwrap_or(u32::MAX)
    }

    fn clear(&mut self) {
        let (mut busy, mut within) = (mem::take(&mut self.busy), mem::take(&mut self.within));
        busy.clear();
        within.clear();
        *self = Load {
            busy,
            within,
            ..Load::default()
        };
    }
}

impl Survey {
    /// By a thread that runs on these terms.
    pub(super) fn on(terms: Terms) -> Survey {
        Survey {
            terms,
            now: clock::now(),
            before: Load::default(),
            load: Load::default(),
            times: 1,
        }
    }

    /// Looks at everything that is unclaimed.
    pub(super) fn look(&mut self) -> Seen {
        let backlogs = slots::watched();
        mem::swap(&mut self.before, &mut self.load);
        self.load.clear();
        self.now = clock::now();
        if backlogs.is_empty() {
            // No memory is kept for what is not there.
            (self.before, self.load, self.times) = (Load::default(), Load::default(), 1);
        }
        let unsettled = backlogs.iter().filter(|seen| !self.look_at(seen)).count();
        // What is due waits for a thread, which this one asks for (T4).
        let waits = crew::ask_again().is_some();
        match (backlogs.len() + usize::from(waits), unsettled) {
            (0, _) => Seen::Nothing,
            (_, 0) => Seen::Settled,
            _ => Seen::Unsettled,
        }
    }

    /// Lends helpers to one backlog, if it wants some, or gives it up. Tells whether it gets on as well as it can.
    fn look_at(&mut self, seen: &Watched) -> bool {
        let (backlog, watch) = (&seen.backlog, seen.backlog.watch());
        let inner = self.before.within(&**backlog);
        let mut memory = watch.memory.lock();
        let coming = watch.coming.load(Ordering::Relaxed);
        if coming > 0 {
            self.load.coming += coming;
            if let Some(memory) = &*memory {
                self.load.add(seen, memory, inner);
            }
            return false; // Until they have arrived, nobody can tell how much they help.
        }
        let memory = &mut **memory.get_or_insert_default();
        self.note_arrivals(watch, memory);
        self.load.add(seen, memory, inner);
        let sight = self.see(seen, memory, inner);
        if self.lend(backlog, memory, &sight) {
            backlog.clone().give_up();
        }
        memory.policy.settled()
    }

    fn see(&self, seen: &Watched, memory: &Memory, inner: Within) -> Sight {
        let backlog = &seen.backlog;
        let at_work = &memory.at_work;
        Sight {
            left: backlog.left(),
            unclaimed: backlog.unclaimed(),
            claimed: backlog.claimed(),
            computing: at_work.computing().len() + inner.computing,
            have_computed: at_work.have_computed(),
            blocked: at_work.blocked().saturating_sub(inner.publishers),
            busy: self.before.busy().max(self.load.busy()),
            cores: memory.cores,
            slow: self.before.slow(memory.cores),
            is_within: seen.within.is_some(),
            now: self.now,
        }
    }

    fn note_arrivals(&mut self, watch: &Watch, memory: &mut Memory) {
        let is_first = memory.at_work.count() == 0;
        if !is_first {
            self.ask_for_terms(watch, memory); // Most have been done by the second look.
        }
        let mut traffic = watch.traffic.lock();
        let traffic = traffic.get_or_insert_default();
        if !traffic.left.is_empty() {
            memory.at_work.leave(mem::take(&mut traffic.left));
            let helpers = memory.at_work.count().saturating_sub(1);
            memory.policy.note_left(helpers);
        }
        let come = is_first.then_some(watch.publisher).into_iter();
        let come = come.chain(traffic.arrived.drain(..));
        let now = self.now;
        memory.at_work.look(come, now, self, clock::used_by);
    }

    /// Asks the kernel how the publisher is scheduled, who may change that at any moment.
    fn ask_for_terms(&self, watch: &Watch, memory: &mut Memory) {
        let is_old = |asked: Instant| self.now.duration_since(asked) >= terms::BELIEVED;
        if memory.asked_at.is_none_or(is_old) {
            memory.asked_at = Some(self.now);
            memory.terms = Terms::of(watch.publisher);
            memory.cores = terms::cores(watch.publisher);
        }
    }

    /// Lends it what it wants. Tells whether it is to be given up.
    fn lend(&mut self, backlog: &Arc<dyn Backlog>, memory: &mut Memory, sight: &Sight) -> bool {
        let Memory {
            policy,
            at_work,
            terms,
            ..
        } = memory;
        let begun = || slots::callbacks_begun_on(&at_work.numbers().collect());
        let wanted = policy.wanted(sight, begun);
        if wanted == 0 {
            return false;
        }
        let lender = Lender::of(terms.clone(), self.terms.clone());
        let waits = policy.waits();
        let (sent, lent) = send_by_turns(backlog, &lender, wanted, waits);
        self.load.coming += sent;
        let processor_time = || at_work.numbers().filter_map(clock::wanted_by).sum();
        policy.note(lent.ok().map(|()| sent), sight, begun, processor_time)
    }
}

/// Sends so many helpers, or fewer if somebody else waits, who is to be looked at first: to make a thread takes its time. Tells how many.
fn send_by_turns(
    backlog: &Arc<dyn Backlog>,
    lender: &Lender,
    wanted: usize,
    are_waited_for: bool,
) -> (usize, Result<(), NoThread>) {
    let mut sent = 0;
    while sent < wanted {
        let turn = (wanted - sent).min(TURN);
        if are_waited_for {
            let waited_for = &backlog.watch().waited_for;
            waited_for.fetch_add(turn, Ordering::Relaxed);
        }
        sent += turn;
        let lent = send_watched(backlog, lender, turn);
        let others_wait = || sent < wanted && slots::unclaimed().len() > 1;
        if lent.is_err() || others_wait() {
            return (sent, lent);
        }
    }
    (sent, Ok(()))
}

impl Experience for Survey {
    fn stint(&self, thread: i32) -> Option<Stint> {
        let loads = [&self.load, &self.before].into_iter();
        loads.filter_map(|load| *load.busy.get(&thread)?).next()
    }

    fn times(&self) -> u32 {
        self.times
    }

    fn note_too_short(&mut self) {
        self.times = MOST_TIMES.min(self.times * 2);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/lending.rs"]
mod models;
