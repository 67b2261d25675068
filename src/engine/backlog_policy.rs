//! What the sentinel remembers of a backlog, and how many helpers it wants for it.
//!
//! Nothing here waits, locks or reads a clock, so that its tests can try every history.
//!
//! Invariants:
//! - **F1 progress.** A backlog found unclaimed by two looks, and no smaller at the second, wants helpers: 1, then 2,
//!   4, 8 … if its threads wait for something; one at a time, and after a while, if they compute.
//! - **F3 no thread, no silence.** It is known since when nothing was begun of a backlog that could have no thread, so
//!   that it can be given up.
//! - **F8 no more than compute.** While the threads of a backlog compute, and no processor is left for another one, it
//!   gets one helper in `SLOW` at most, and none while it gets on as it did before.

use crate::base::clock::{Duration, Instant};

/// How many helpers one backlog gets at a look, because others wait for theirs meanwhile.
const LARGEST_BURST: usize = 1024;

/// How long a thread is asked for again and again before that fails, and nothing gets on meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// How long threads compute, and nothing gets on, before there is one more that does.
pub(super) const SLOW: Duration = Duration::from_millis(10);

/// How many times as long the last thread was denied that those who compute could have got on with.
const PATIENCE_WITH_COMPUTING: u32 = 1000;

/// At the end of the patience with a backlog, for how long it is measured whether its threads want a processor.
const SAMPLE: Duration = PATIENCE.checked_div(2).unwrap();

/// How many looks in a row find the processors busy before the next ones can be rarer.
const BUSY_LOOKS: usize = 3;

/// What there is to see of a backlog.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    /// How many children nobody has claimed yet.
    pub(super) left: usize,
    /// How many have been claimed so far: what is left may grow.
    pub(super) claimed: usize,
    /// How many of those may begin now.
    pub(super) unclaimed: usize,
    /// How many of the threads at work on it compute.
    pub(super) computing: usize,
    /// How many do not.
    pub(super) blocked: usize,
    /// Whether any did for long.
    pub(super) have_computed: bool,
    /// How many compute that are at work on any backlog, or might, because they have just come.
    pub(super) busy: usize,
    /// On how many processors its threads may run.
    pub(super) cores: usize,
    /// How long those who compute have until there is one more.
    pub(super) slow: Duration,
    /// Whether it was published within another one that is seen, too.
    pub(super) is_within: bool,
    pub(super) now: Instant,
}

impl Sight {
    /// Whether its threads compute, and no processor is left.
    fn is_busy(&self) -> bool {
        self.computing > 0 && self.busy >= self.cores
    }
}

/// What the sentinel remembers from one look to the next.
#[derive(Default)]
pub(super) struct Policy {
    /// How many children were left at the last look; 0 before the first.
    left: usize,
    /// How many had been claimed then.
    claimed: usize,
    /// How many helpers were lent for cores, not for stalls.
    for_cores: usize,
    /// How many helpers were lent at the last look.
    sent: usize,
    /// How many were wanted when it last stalled, until it moves.
    burst: usize,
    /// Whether work went on at the last look, with as many helpers as there are cores, or the processors are busy with it.
    settled: bool,
    /// Whether its threads all waited for something at the last look, so that it wanted some more.
    waits: bool,
    /// How many looks in a row have found the processors busy.
    busy_looks: usize,
    pace: Pace,
    denied: Option<Denied>,
}

/// How fast a backlog gets on whose threads compute.
#[derive(Default)]
struct Pace {
    /// When something was last claimed.
    moved_at: Option<Instant>,
    /// When that was, or a helper was sent because nothing was.
    quiet_since: Option<Instant>,
    /// The longest time from one such moment to the next.
    slowest: Duration,
    /// How many callbacks had begun on its threads when half of the time was over that they have.
    begun: Option<u64>,
}

/// That a backlog could have no thread.
struct Denied {
    since: Instant,
    /// Since when its threads do not compute.
    quiet_since: Instant,
    /// How many callbacks had begun on its threads then.
    begun: u64,
    /// For how long its threads had wanted a processor at some moment since then.
    sample: Option<(Instant, Duration)>,
}

impl Policy {
    /// How many helpers a backlog wants of which this is seen now. `begun` counts the callbacks that have begun on its
    /// threads, which takes its time.
    pub(super) fn wanted(&mut self, sight: &Sight, begun: impl FnOnce() -> u64) -> usize {
        let before = std::mem::replace(&mut self.left, sight.left);
        // One that has just ended may not know any more what it has given out.
        let claimed_before = std::mem::replace(&mut self.claimed, sight.claimed);
        let claimed = sight.claimed.saturating_sub(claimed_before);
        (self.settled, self.waits) = (false, false);
        if let Some(denied) = self.denied.as_mut().filter(|_| sight.computing > 0) {
            denied.note_computing(sight.now);
        }
        if sight.unclaimed == 0 || before == 0 {
            self.pace.note(sight.now);
            self.meet(sight);
            return 0;
        }
        // Each helper that was lent has claimed a child. Only what was claimed beyond that shows that
        // anybody gets on: the children may all wait for one that is unclaimed.
        self.sent = if claimed > self.sent {
            self.moved(sight)
        } else {
            self.held_up(sight, begun).min(sight.unclaimed)
        };
        self.sent
    }

    /// Nothing of it was unclaimed at the last look. It is no news that the processors are busy if whoever has published it computed before, within
    /// something else: so a tree of small fan-outs, of which each look finds others, is not looked at as often as one that stalls.
    fn meet(&mut self, sight: &Sight) {
        if sight.is_within && sight.is_busy() {
            self.busy_looks = BUSY_LOOKS;
            self.settled = true;
        }
    }

    /// Work goes on, and has lasted for a tick: it is worth another core, if there is one.
    fn moved(&mut self, sight: &Sight) -> usize {
        self.denied = None;
        self.pace.note(sight.now);
        let wanted = usize::from(self.for_cores + 1 < sight.cores && sight.busy < sight.cores);
        self.for_cores += wanted;
        self.burst = wanted;
        self.settled = wanted == 0;
        wanted
    }

    /// Notes that helpers have left, and so many are there.
    pub(super) fn note_left(&mut self, helpers: usize) {
        self.for_cores = self.for_cores.min(helpers);
    }

    /// Whether the backlog gets on as well as it can, so that it need not be looked at so soon again.
    pub(super) fn settled(&self) -> bool {
        self.settled
    }

    /// Whether its threads all waited for something, so that it wanted some more.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether it could have no thread when it last wanted one.
    #[cfg(all(test, loom))]
    pub(super) fn is_denied(&self) -> bool {
        self.denied.is_some()
    }

    /// Nothing was claimed since the last look.
    fn held_up(&mut self, sight: &Sight, begun: impl FnOnce() -> u64) -> usize {
        if sight.is_busy() {
            return self.computing(sight, begun);
        }
        let idle = sight.cores.saturating_sub(sight.busy);
        self.busy_looks = 0;
        self.waits = sight.computing == 0;
        let wanted = self.stalled(sight);
        let all_compute = sight.computing > 0 && sight.blocked == 0;
        if all_compute {
            wanted.min(idle)
        } else {
            wanted
        }
    }

    /// Nobody got on since the last look (F1). Those who have computed may have no processor, and more of them would
    /// have none either (F8).
    fn stalled(&mut self, sight: &Sight) -> usize {
        let more = if sight.have_computed { 1 } else { self.burst };
        self.burst = (self.burst + more).clamp(1, LARGEST_BURST);
        self.burst
    }

    /// Its threads compute, and no processor is left: so they will get on, unless they wait for what is
    /// unclaimed (F8).
    fn computing(&mut self, sight: &Sight, begun: impl FnOnce() -> u64) -> usize {
        self.busy_looks += 1;
        self.settled = self.busy_looks > BUSY_LOOKS;
        let wanted = usize::from(self.pace.is_too_slow(sight, begun));
        if wanted > 0 {
            self.burst = wanted;
        }
        wanted
    }

    /// Notes how many were sent of those that it wanted, or `None`: not all could be had. Tells whether it is to be given up (F3). For how
    /// long its threads have used a processor, or waited for one, takes its time to find out.
    pub(super) fn note(
        &mut self,
        sent: Option<usize>,
        sight: &Sight,
        begun: impl Fn() -> u64,
        processor_time: impl Fn() -> Duration,
    ) -> bool {
        if let Some(sent) = sent {
            self.sent = sent;
            self.denied = None;
            return false;
        }
        (self.sent, self.burst) = (0, 0);
        let denied = self
            .denied
            .get_or_insert_with(|| Denied::at(sight.now, begun()));
        let is_over = denied.is_over(sight, processor_time);
        if is_over && denied.begun != begun() {
            *denied = Denied::at(sight.now, begun());
            return false;
        }
        is_over
    }
}

impl Pace {
    /// Notes that something was claimed.
    fn note(&mut self, now: Instant) {
        let before = self.moved_at.replace(now).unwrap_or(now);
        self.slowest = self.slowest.max(now.duration_since(before));
        self.quiet_since = Some(now);
        self.begun = None;
    }

    /// Whether nothing was claimed for long, nor begun within what was.
    fn is_too_slow(&mut self, sight: &Sight, begun: impl FnOnce() -> u64) -> bool {
        let quiet_since = *self.quiet_since.get_or_insert(sight.now);
        let quiet = sight.now.duration_since(quiet_since);
        let limit = sight.slow.max(self.slowest * 2);
        if quiet * 2 >= limit && self.begun.is_none() {
            self.begun = Some(begun());
            return false;
        }
        if quiet < limit {
            return false;
        }
        self.quiet_since = Some(sight.now);
        self.begun.take() == Some(begun())
    }
}

impl Denied {
    fn at(now: Instant, begun: u64) -> Denied {
        Denied {
            since: now,
            quiet_since: now,
            begun,
            sample: None,
        }
    }

    fn note_computing(&mut self, now: Instant) {
        (self.quiet_since, self.sample) = (now, None);
    }

    /// Where other programs take the processors, threads that compute seem to wait. So it is asked what they wanted, but only when it is about to
    /// be given up.
    fn is_over(&mut self, sight: &Sight, processor_time: impl Fn() -> Duration) -> bool {
        let lasts_since = |moment| sight.now.duration_since(moment);
        if lasts_since(self.since) >= sight.slow * PATIENCE_WITH_COMPUTING {
            return true;
        }
        if lasts_since(self.quiet_since) < PATIENCE - SAMPLE {
            return false;
        }
        let take_sample = || (sight.now, processor_time());
        let (taken_at, before) = *self.sample.get_or_insert_with(take_sample);
        if lasts_since(taken_at) < SAMPLE {
            return false;
        }
        let computes = processor_time().saturating_sub(before) >= SAMPLE / 2;
        if computes {
            self.note_computing(sight.now);
        }
        !computes
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
