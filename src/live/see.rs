//! Notes what one thread is inside of, under its slot's lock: by references, and nothing that takes long.

use super::process::{
    BY_HAND, CLEANING_UP, Cancelled, DELAYING, Name, PENDING, Process, QUEUE_RUN, RUNNING, STOPPING,
};
use crate::base::clock::{self, Instant};
use crate::base::common::Common;
use crate::base::sync::looking::Look;
use crate::base::sync::notes::Ordering;
use crate::engine::backlog::{Backlog, address};
use crate::engine::frames::{Frame, Running, Slot, What};
use crate::engine::leaf::Call;
use crate::engine::shown::{Around, Shown, Source};
use crate::engine::start_site::StartSite;
use crate::scope::cancel::{Cancel, Deadline, Node, TimeLimit};
use crate::scope::task_run::TaskRun;
use crate::tree::by_hand::ByHand;

/// What was seen of one thread.
pub(super) struct Thread {
    pub(super) at: At,
    /// Innermost first.
    pub(super) frames: Vec<Seen>,
    pub(super) running: Running,
}

/// Where and when something was seen.
pub(super) struct At {
    /// What tells the slot from others.
    pub(super) slot: usize,
    pub(super) thread: i32,
    pub(super) now: u64,
}

/// A frame.
pub(super) struct Seen {
    /// The callback that the thread ran when it came here.
    pub(super) caller: Option<Call>,
    pub(super) process: Process,
    pub(super) place: Place,
    /// Whether it has the handle of what is around it, unless it has one of its own.
    pub(super) is_view: bool,
    /// What is inside of it without a thread: each from the outside in.
    pub(super) pending: Vec<Vec<Process>>,
}

/// Where a frame's process belongs.
pub(super) enum Place {
    /// Inside of the next frame.
    Here,
    /// There as well, and others may help with it: the work's address.
    Publishes(usize),
    /// Where the work was published that the frame is there to help with.
    Helps(usize),
}

pub(super) fn thread(slot: &Slot, look: &Look) -> Thread {
    let now = clock::exact();
    let mut frames = Vec::new();
    let running = slot.look(look, |frame| frames.push(see(frame, now)));
    for frame in &mut frames {
        frame.process.thread = Some(running.thread);
    }
    hand_down(&mut frames);
    let at = At {
        slot: slot.address(),
        thread: running.thread,
        now,
    };
    Thread {
        at,
        frames,
        running,
    }
}

impl Thread {
    /// The same, of a thread with that number.
    pub(super) fn numbered(mut self, thread: i32) -> Thread {
        self.at.thread = thread;
        self.running.thread = thread;
        for frame in &mut self.frames {
            frame.process.thread = Some(thread);
        }
        self
    }
}

fn see(frame: &Frame<'_>, now: u64) -> Seen {
    let (kind, name, place) = what(&frame.what);
    let handle = frame.scope.known();
    let backlog = backlog(&frame.what);
    let (pending, shown) = pending(&frame.what);
    Seen {
        caller: frame.caller(),
        process: Process {
            name,
            task: frame.task.cloned(),
            cancelled: handle.and_then(|handle| cancelled(handle, now)),
            due_ns: due(&frame.what, handle, now),
            handle: handle.map(Cancel::downgrade),
            start_site: start_site(&frame.what, handle),
            doing: doing(&frame.what),
            restarts: restarts(&frame.what),
            not_started: backlog.map_or(0, Backlog::not_begun),
            places: backlog.and_then(Backlog::places),
            pending,
            pending_shown: shown.len(),
            ..Process::of(kind, now.saturating_sub(frame.since))
        },
        place,
        is_view: frame.scope.is_view(),
        pending: shown
            .into_iter()
            .map(|shown| without_thread(shown, frame.task, now))
            .collect(),
    }
}

/// A task's frame often has no handle of its own: then it has that of the frame around it. (Each could look for
/// it, but all of them together would take long, under the lock.)
fn hand_down(frames: &mut [Seen]) {
    for inner in (1..frames.len()).rev() {
        let [inner, outer] = &mut frames[inner - 1..=inner] else {
            continue;
        };
        if inner.is_view && inner.process.handle.is_none() {
            inner.process.handle = outer.process.handle.clone();
            inner.process.cancelled = outer.process.cancelled.clone();
        }
    }
}

fn what(what: &What<'_>) -> (&'static str, Option<Name>, Place) {
    match what {
        What::Run(function) => (function, None, Place::Here),
        What::Job(_) => ("proc_start", None, Place::Here),
        What::Help(work) => (work.name(), None, Place::Helps(address(*work))),
        What::Children(name, None) => (name, None, Place::Here),
        What::Children(name, Some(work)) => (name, None, Place::Publishes(address(work.backlog()))),
        What::Sequence => ("sequence", None, Place::Here),
        What::Finally(_) => ("finally", None, Place::Here),
        What::Task => ("task", Some(Name::Task), Place::Here),
        What::Region(name) => {
            let name = Name::Given((*name).clone());
            ("trace_region", Some(name), Place::Here)
        }
        What::Shield => ("shield", None, Place::Here),
        What::Timeout => ("timeout", None, Place::Here),
        What::Every(_) => ("every", None, Place::Here),
        What::Delay(_) => ("delay", None, Place::Here),
        What::Await => ("await", None, Place::Here),
        What::Queue => ("queue", None, Place::Here),
        What::Turn(_) => (QUEUE_RUN, None, Place::Here),
        What::Program(name, _) => ("child", Some(Name::Given((*name).clone())), Place::Here),
        What::OnSignal(number) => ("on_signal", Some(Name::Signal(*number)), Place::Here),
        What::Supervise(_) => ("supervise", None, Place::Here),
        What::Layer(number, _) => ("stack", Some(Name::Layer(*number)), Place::Here),
    }
}

fn doing(what: &What<'_>) -> &'static str {
    match what {
        What::Finally(true) => CLEANING_UP,
        What::Supervise(supervision) if supervision.waits_until().is_some() => DELAYING,
        What::Program(_, killed_at) if killed_at.load(Ordering::Relaxed) != 0 => STOPPING,
        What::Layer(_, stage) => stage.name(),
        _ => RUNNING,
    }
}

fn start_site(what: &What<'_>, handle: Option<&Cancel>) -> Option<StartSite> {
    match what {
        What::Job(site) => Some(StartSite {
            under: handle.filter(|_| site.is_given).map(Cancel::downgrade),
            by: site.by.clone(),
        }),
        What::Turn(site) => Some((*site).clone()),
        _ => None,
    }
}

fn restarts(what: &What<'_>) -> Option<u64> {
    match what {
        What::Supervise(supervision) => Some(supervision.restarts()),
        _ => None,
    }
}

/// The children that the thread runs, or helps with.
fn backlog<'a>(what: &What<'a>) -> Option<&'a dyn Backlog> {
    match what {
        What::Help(work) => Some(*work),
        What::Children(_, Some(work)) => Some(work.backlog()),
        _ => None,
    }
}

/// How many children that wait without a thread are shown each, of as many as there may be.
const MOST_PENDING: usize = 32;

fn pending(what: &What<'_>) -> (usize, Vec<Shown>) {
    match what {
        What::Children(_, Some(work)) => work.backlog().pending(MOST_PENDING),
        _ => (0, Vec::new()),
    }
}

/// What waits without a thread, and the tasks, regions and timeouts around it: the outermost first.
fn without_thread(shown: Shown, task: Option<&Common<TaskRun>>, now: u64) -> Vec<Process> {
    let age_ns = now.saturating_sub(shown.since);
    let mut task = task.cloned();
    let mut all = Vec::new();
    let mut add = |kind, name, task: &Option<Common<TaskRun>>, moment| {
        all.push(Process {
            name,
            task: task.clone(),
            doing: PENDING,
            due_ns: due_in(moment, now),
            ..Process::of(kind, age_ns)
        });
    };
    for around in shown.around {
        match around {
            Around::Task(run) => {
                task = Some(run);
                add("task", Some(Name::Task), &task, None);
            }
            Around::Region(name, _) => add("trace_region", Some(Name::Given(name)), &task, None),
            Around::Others(_) => {}
            Around::Timeout(limit) => {
                let moment = limit.as_ref().map(TimeLimit::moment);
                add("timeout", None, &task, moment);
            }
        }
    }
    match shown.source {
        Source::Promise(_) => add("await", None, &task, None),
        Source::Moment(moment) => add("delay", None, &task, moment),
        Source::Turn(_) => add("queue", None, &task, None),
    }
    all
}

/// A deadline is told of once, of the outermost process that has it.
fn due(what: &What<'_>, handle: Option<&Cancel>, now: u64) -> Option<u64> {
    let is_cancelled = handle.is_some_and(|handle| handle.cancelled());
    match what {
        What::Program(_, killed_at) => left(killed_at.load(Ordering::Relaxed), now),
        _ if is_cancelled => None,
        What::Every(goes_on_at) => left(goes_on_at.load(Ordering::Relaxed), now),
        What::Supervise(supervision) => left(supervision.waits_until()?, now),
        What::Delay(end) => due_in(*end, now),
        What::Run(_) | What::Job(_) | What::Turn(_) => {
            due_in(handle?.deadline().map(Deadline::moment), now)
        }
        _ => due_in(handle?.own_deadline().map(Deadline::moment), now),
    }
}

/// Until what the clock shows then; `u64::MAX`: for ever.
fn left(moment: u64, now: u64) -> Option<u64> {
    (moment != u64::MAX).then(|| moment.checked_sub(now))?
}

fn due_in(moment: Option<Instant>, now: u64) -> Option<u64> {
    clock::shown_at(moment?).checked_sub(now)
}

fn cancelled(handle: &Node, now: u64) -> Option<Cancelled> {
    let cause = handle.cause()?.clone();
    Some(Cancelled {
        age_ns: now.saturating_sub(handle.struck_at()),
        cause,
    })
}

/// A task that no thread runs, for the program has begun it by hand; `None`: it has ended meanwhile.
pub(super) fn by_hand(by_hand: &ByHand) -> Option<Process> {
    let handle = by_hand.handle.upgrade()?;
    let task = handle.task().filter(|task| !task.has_ended())?.clone();
    let now = clock::exact();
    let site = StartSite {
        under: handle.above().map(|above| Common::downgrade(&above)),
        by: by_hand.by.clone(),
    };
    Some(Process {
        name: Some(Name::Task),
        task: Some(task),
        doing: BY_HAND,
        handle: Some(by_hand.handle.clone()),
        cancelled: cancelled(&handle, now),
        start_site: Some(site),
        ..Process::of("task", now.saturating_sub(by_hand.since))
    })
}
