//! What the service manager is told, by the protocol of `sd_notify`: datagrams of a few lines.
//!
//! Nothing of it may hold the program up, or keep it from running: what is new is noted at once, and sent by whom
//! that may hold up; and to send never waits.
//!
//! Invariants:
//! - **M1 kept.** That the program is up, and that it stops, are states: what cannot be sent is tried again until the
//!   manager has it or the program ends. The first time that takes long, standard error says why.
//! - **M2 in order.** They are sent one after the other, as they were noted. A program that stops is not up any more.
//! - **M3 connected.** The socket is connected as `proc_main` begins, and stays so: whatever the program becomes then,
//!   and whatever it uses up. It is made anew only if it is not there any more (R1), or the manager is a new one.

mod line;
mod news;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{Error, ErrorKind};

use crate::base::clock::{self, Duration, Instant};
use crate::base::descriptor;
use crate::base::environment::{self, NOTIFY_SOCKET, WATCHDOG_PID, WATCHDOG_USEC};
use crate::base::generation;
use crate::base::sync::Mutex;
use crate::live::stats;
use crate::scope::{health, progress, reloading};
use crate::signal;
use line::Line;
use news::News;

/// How long a message is tried again before standard error says why.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it takes until one is tried again, at first and at most.
const RETRY: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// How long after `News::Longer` it is told so again, if the same layer of a stack still begins or stops: two in three may come to nothing.
const LONGER_AGAIN: Duration = Duration::from_secs(30);

/// How many times in a beat it is looked again whether a program that was not healthy is so now: one that was late may have ended.
const LOOKS: u32 = 8;

/// The service manager that has started the program.
pub(super) struct Manager {
    /// How often it wants to hear that the program lives.
    beat: Option<Duration>,
    told: Mutex<Told>,
    /// Used by one at a time, who sends.
    line: Mutex<Line>,
}

/// What it has been told, and is to be.
#[derive(Default)]
struct Told {
    is_up: bool,
    is_stopping: bool,
    /// Whether it loads its configuration again.
    is_reloading: bool,
    /// Whether the manager has been told which process the program is, because it is not the one that it has started.
    knows_process: bool,
    /// Whether a stack begins or stops.
    is_moving: bool,
    next_beat: Option<Instant>,
    /// Whether one is missing because somebody who vouches for himself was late.
    misses_beat: bool,
    /// When it is told again that it takes longer, if it is to be.
    next_longer: Option<Instant>,
    /// What it does not have yet, the oldest first (M2).
    news: VecDeque<News>,
    failing: Option<Failing>,
    has_complained: bool,
}

/// Since when the oldest of the news cannot be sent.
struct Failing {
    since: Instant,
    error: Error,
    /// When it is tried again; `None`: that is being done.
    retry_at: Option<Instant>,
}

/// What the environment says of it is for this program alone, and taken out of it.
pub(super) fn take_environment() {
    environment::take(&[NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID]);
}

impl Manager {
    /// The one that the environment named, if it named one (M3).
    pub(super) fn of_environment() -> Option<Manager> {
        let socket = environment::value(NOTIFY_SOCKET)?;
        let [time, process] = [WATCHDOG_USEC, WATCHDOG_PID].map(environment::value);
        Some(Manager::new(socket, beat(time, process)))
    }

    fn new(socket: OsString, beat: Option<Duration>) -> Manager {
        Manager {
            beat,
            told: Mutex::new(Told::default()),
            line: Mutex::new(Line::to(socket)),
        }
    }

    /// Notes that the program is up.
    pub(super) fn note_up(&self) {
        let mut told = self.told.lock();
        if !told.is_up && !told.is_stopping {
            told.is_up = true;
            told.note(News::Up);
        }
    }

    /// Notes that it stops (M2), and when it will have ended, at the latest, if that is known.
    pub(super) fn note_stopping(&self, end: Option<Instant>) {
        let mut told = self.told.lock();
        if !std::mem::replace(&mut told.is_stopping, true) {
            told.note(News::Stopping(end));
        }
    }

    /// Notes that only now it is known when it will have ended, at the latest.
    pub(super) fn note_end(&self, end: Instant) {
        self.told.lock().note_latest(News::LongerUntil(end));
    }

    /// Notes that it loads its configuration again, or has done so. Who is not up, or stops, is not up after that.
    pub(super) fn note_reload(&self, reload: &reloading::News) {
        let mut told = self.told.lock();
        if !told.is_up || told.is_stopping {
            return;
        }
        if let Some(began) = reload.began {
            told.is_reloading = true;
            told.forget_reload();
            told.note(News::Reloading(began));
        }
        if !reload.goes_on && std::mem::take(&mut told.is_reloading) {
            told.note(News::Up);
        }
    }

    /// Notes that a stack has begun to start or to stop another layer, or that none does any more.
    pub(super) fn note_step(&self, is_moving: bool) {
        let mut told = self.told.lock();
        told.is_moving = is_moving;
        told.next_longer = None;
        if !told.is_awaited() {
            told.note_latest(News::Status);
        }
    }

    /// Notes that it takes longer, if it is time to say so, for the first time or again: as long as a layer begins or stops, whatever
    /// that waits for. What has a time of its own for that, a deadline or the grace period, ends it by that.
    pub(super) fn note_longer(&self) {
        let mut told = self.told.lock();
        if !told.is_awaited() {
            told.next_longer = None;
        } else if told.next_longer.is_none_or(clock::has_come) {
            told.next_longer = clock::now().checked_add(LONGER_AGAIN);
            told.note_latest(News::Longer);
        }
    }

    /// Notes a beat, if it is time and the program is healthy. One that is missing is made up for as soon as it is.
    pub(super) fn note_beat(&self) {
        let mut told = self.told.lock();
        let is_time = told.misses_beat || told.next_beat.is_none_or(clock::has_come);
        let Some(beat) = self.beat.filter(|_| is_time) else {
            return;
        };
        told.misses_beat = !health::is_healthy();
        let next = if told.misses_beat { beat / LOOKS } else { beat };
        told.next_beat = clock::now().checked_add(next);
        // One that was not sent yet is not followed by another.
        if !told.misses_beat && !told.news.contains(&News::Beat) {
            told.note(News::Beat);
        }
    }

    /// Whether it is time to send what was noted; who asks this does so then.
    pub(super) fn begins_to_send(&self) -> bool {
        let mut told = self.told.lock();
        match &mut told.failing {
            Some(failing) if failing.retry_at.is_none_or(|at| !clock::has_come(at)) => false,
            Some(failing) => failing.retry_at.take().is_some(),
            None => !told.news.is_empty(),
        }
    }

    /// When there is something to do again, at the latest.
    pub(super) fn next(&self) -> Option<Instant> {
        let told = self.told.lock();
        let retry = told.failing.as_ref().and_then(|failing| failing.retry_at);
        let moments = [told.next_beat, told.next_longer, retry];
        moments.into_iter().flatten().min()
    }

    /// Sends what was noted.
    ///
    /// What it says of the tasks it has from the slots of all threads; so while no stack moves, it says nothing if the library is
    /// stuck.
    pub(super) fn send(&self) {
        let mut line = self.line.lock();
        while let Some(what) = self.oldest() {
            let moved = self.moved_to();
            let text = [
                what.lines(),
                format!("STATUS={}\n", status()),
                what.last_lines(),
                main_pid(moved),
            ]
            .concat();
            match line.send(text.as_bytes()) {
                Ok(()) => self.told.lock().has_sent(moved),
                Err(error) => return self.has_failed(error, &line),
            }
        }
    }

    /// Where the program is now, if the manager has started another process, and was not told of that yet.
    fn moved_to(&self) -> Option<u32> {
        let is_new = !self.told.lock().knows_process && generation::has_moved();
        is_new.then(std::process::id)
    }

    fn oldest(&self) -> Option<News> {
        self.told.lock().news.front().copied()
    }

    /// M1.
    fn has_failed(&self, error: Error, line: &Line) {
        let complaint = self.told.lock().has_failed(error, line);
        say(complaint);
        signal::wake(); // The listening thread is to know when it is tried again.
    }

    /// Whether there is something that it may take soon: a manager that is there has much else to read.
    pub(super) fn is_busy(&self) -> bool {
        let told = self.told.lock();
        let failing = told.failing.as_ref();
        failing.is_some_and(|failing| failing.error.kind() == ErrorKind::WouldBlock)
    }

    /// The program ends: what it does not have yet it will never have.
    pub(super) fn give_up(&self) {
        let line = self.line.lock();
        let complaint = self.told.lock().complaint(&line);
        say(complaint);
    }
}

impl Told {
    /// Whether the manager waits for a stack that moves: while the program is up, and does not stop, it waits for nothing.
    fn is_awaited(&self) -> bool {
        self.is_moving && (!self.is_up || self.is_stopping)
    }

    /// Adds it, unless it comes anyway. (What is being sent may have the status of before.)
    fn note_latest(&mut self, what: News) {
        let same = |news: &&mut News| what.supersedes(**news);
        match self.news.iter_mut().skip(1).find(same) {
            Some(news) => *news = what,
            None => self.note(what),
        }
    }

    /// A reload that it does not have yet is followed by another, which says as much.
    fn forget_reload(&mut self) {
        let is_reload = |news: &News| matches!(news, News::Reloading(_));
        if let Some(place) = self.news.iter().skip(1).position(is_reload) {
            let rest = self.news.split_off(1 + place);
            let is_of_it = |news: &News| is_reload(news) || *news == News::Up;
            self.news
                .extend(rest.into_iter().filter(|news| !is_of_it(news)));
        }
    }

    /// Adds it to the news; all of them are tried at once.
    fn note(&mut self, what: News) {
        self.news.push_back(what);
        if let Some(at) = self
            .failing
            .as_mut()
            .and_then(|failing| failing.retry_at.as_mut())
        {
            *at = clock::now();
        }
    }

    fn has_sent(&mut self, moved: Option<u32>) {
        self.knows_process |= moved.is_some();
        self.news.pop_front();
        self.failing = None;
    }

    /// Tells what is to be said of it.
    fn has_failed(&mut self, error: Error, line: &Line) -> Option<String> {
        let since = match &self.failing {
            Some(failing) => failing.since,
            None => clock::now(),
        };
        let passed = clock::now().saturating_duration_since(since);
        let retry_at = clock::now().checked_add((passed / 4).clamp(RETRY[0], RETRY[1]));
        self.failing = Some(Failing {
            since,
            error,
            retry_at,
        });
        (passed >= PATIENCE).then(|| self.complaint(line))?
    }

    /// The first time that it is asked for while something cannot be sent.
    fn complaint(&mut self, line: &Line) -> Option<String> {
        let failing = self.failing.as_ref()?;
        let is_first = !std::mem::replace(&mut self.has_complained, true);
        let (name, error) = (line.name().to_string_lossy(), &failing.error);
        is_first.then(|| format!("procession: NOTIFY_SOCKET is {name}: {error}\n"))
    }
}

/// Which process the program is, if that is to be said.
fn main_pid(moved: Option<u32>) -> String {
    moved.map_or_else(String::new, |process| format!("MAINPID={process}\n"))
}

/// How far a stack is that begins or stops, or what the program says of itself; else how many tasks run.
fn status() -> String {
    progress::latest().unwrap_or_else(|| {
        let tasks = stats::look().tasks();
        let plural = if tasks == 1 { "" } else { "s" };
        format!("{tasks} task{plural} running")
    })
}

fn say(complaint: Option<String>) {
    if let Some(complaint) = complaint {
        descriptor::say(complaint);
    }
}

/// Half of the time after which the manager takes the program for dead, if it watches this one.
fn beat(time: Option<OsString>, process: Option<OsString>) -> Option<Duration> {
    let number = |text: OsString| text.to_str()?.parse::<u64>().ok();
    let is_this = |process| match number(process) {
        Some(other) if generation::has_moved() => other == generation::origin().into(),
        other => other == Some(std::process::id().into()),
    };
    if process.is_some_and(|process| !is_this(process)) {
        return None;
    }
    let time = Duration::from_micros(number(time?)?);
    Some(time / 2).filter(|beat| !beat.is_zero())
}

#[cfg(all(test, not(loom)))]
mod tests;
