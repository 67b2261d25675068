//! Code of the program that is told what happens, as it happens.
//!
//! Invariants:
//! - **H1 no more.** Once other hooks have been set, or none, no code of the former ones runs, and none will.
//! - **H2 not about itself.** What is done inside of a hook, on whatever thread (`activity`), is not told to hooks;
//!   and it cannot set others, because it would wait for itself.
//! - **C4 no callbacks under locks** (`cancel`).

use std::ffi::{CStr, c_void};

use crate::base::error::Error;
use crate::base::events::Who;
use crate::base::race_detector;
use crate::base::sync::notes::Ordering;
use crate::base::sync::{Arc, Condvar, Mutex, MutexGuard, global};
use crate::engine::frames;
use crate::scope::activity;
use crate::scope::task_run::TaskRun;

/// What the hooks have given a task: something of the program's, which they are given back.
pub(crate) type Word = *mut c_void;

/// A task as hooks are told of it.
pub(crate) struct Told<'a> {
    pub(crate) id: u64,
    pub(crate) name: &'a CStr,
    pub(crate) word: Word,
}

/// Who is told what happens; no task: outside of tasks.
pub(crate) trait Callbacks: Send + Sync {
    fn task_begin(&self, task: &Told<'_>, parent: Option<&Told<'_>>) -> Word;
    fn task_end(&self, task: &Told<'_>, error: Option<&Error>, cause: Option<&Error>);
    fn region_begin(&self, task: Option<&Told<'_>>, region: u64, name: &CStr);
    fn region_end(&self, region: u64);
    fn log(&self, task: Option<&Told<'_>>, category: &CStr, message: &CStr);
    fn spawn(&self, task: Option<&Told<'_>>, spawn: u64);
    fn arrive(&self, task: Option<&Told<'_>>, spawn: u64);
}

/// Before anybody else knows the task.
fn give_word(task: &TaskRun, word: Word, by: u64) {
    task.memory().hooks_word.store(word, Ordering::Relaxed);
    task.memory().hooks.store(by, Ordering::Relaxed);
}

/// What these hooks have given a task; NULL to others than they.
fn word_of(task: &TaskRun, by: u64) -> Word {
    let memory = task.memory();
    if memory.hooks.load(Ordering::Relaxed) == by {
        memory.hooks_word.load(Ordering::Relaxed)
    } else {
        std::ptr::null_mut()
    }
}

/// The same, and from now on it is nobody's.
fn take_word(task: &TaskRun, by: u64) -> Word {
    let word = word_of(task, by);
    task.memory().hooks.store(0, Ordering::Relaxed);
    word
}

/// Hooks that are set, or were.
pub(super) struct Hooks {
    /// No others have it.
    number: u64,
    pub(super) callbacks: Box<dyn Callbacks>,
}

impl Hooks {
    pub(super) fn told<'a>(&self, task: &'a TaskRun) -> Told<'a> {
        Told {
            id: task.id(),
            name: task.name(),
            word: word_of(task, self.number),
        }
    }

    pub(super) fn begin(&self, task: &TaskRun) {
        let parent = task.outer().map(|outer| self.told(outer));
        let word = self.callbacks.task_begin(&self.told(task), parent.as_ref());
        give_word(task, word, self.number);
    }

    pub(super) fn end(&self, task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
        let word = take_word(task, self.number);
        let told = Told {
            word,
            ..self.told(task)
        };
        self.callbacks.task_end(&told, error, cause);
    }
}

pub(super) struct Registry {
    current: Option<Arc<Hooks>>,
    /// How many threads tell the current ones of something, and how many still tell former ones.
    telling: usize,
    telling_former: usize,
    /// How often hooks were set.
    settings: u64,
}

global!(REGISTRY: Mutex<Registry> = Mutex::new(Registry::EMPTY));

// Rung when no former hooks are told of anything any more.
global!(BELL: Condvar = Condvar::new());

/// Hooks cannot be set by who is told by them (H2).
#[derive(Debug)]
pub(crate) struct WouldWaitForItself;

/// Sets hooks in place of those that are set, if any are (H1).
pub(crate) fn set(callbacks: Option<Box<dyn Callbacks>>) -> Result<(), WouldWaitForItself> {
    if activity::tells() {
        return Err(WouldWaitForItself);
    }
    race_detector::release(&raw const REGISTRY);
    let mut registry = REGISTRY.lock();
    let former = registry.replace(callbacks);
    Who::HOOKS.want(registry.current.is_some());
    let telling = |registry: &mut Registry| registry.telling_former > 0;
    drop(BELL.wait_while(registry, telling));
    race_detector::acquire(&raw const BELL);
    drop(former);
    Ok(())
}

/// Tells the hooks that are set, if any are.
pub(super) fn tell<T>(what: impl FnOnce(&Hooks) -> T) -> Option<T> {
    if activity::tells() {
        return None; // H2
    }
    let hooks = REGISTRY.lock().enter()?;
    race_detector::acquire(&raw const REGISTRY);
    let value = activity::telling(|| what(&hooks));
    frames::time_passed();
    race_detector::release(&raw const BELL);
    if REGISTRY.lock().leave(&hooks) {
        BELL.notify_all();
    }
    Some(value)
}

impl Registry {
    const EMPTY: Registry = Registry {
        current: None,
        telling: 0,
        telling_former: 0,
        settings: 0,
    };

    fn replace(&mut self, callbacks: Option<Box<dyn Callbacks>>) -> Option<Arc<Hooks>> {
        self.telling_former += std::mem::take(&mut self.telling);
        self.settings += 1;
        let number = self.settings;
        let hooks = callbacks.map(|callbacks| Arc::new(Hooks { number, callbacks }));
        std::mem::replace(&mut self.current, hooks)
    }

    fn enter(&mut self) -> Option<Arc<Hooks>> {
        let hooks = self.current.clone()?;
        self.telling += 1;
        Some(hooks)
    }

    /// Whether somebody may wait for that.
    fn leave(&mut self, hooks: &Hooks) -> bool {
        if hooks.number == self.settings {
            self.telling -= 1;
            return false;
        }
        self.telling_former -= 1;
        self.telling_former == 0
    }
}

/// The lock of this room, held across a `fork`.
pub(super) type Held = MutexGuard<'static, Registry>;

pub(super) fn hold() -> Held {
    REGISTRY.lock()
}

/// In a child of `fork`: the hooks are set there too, and nobody tells them of anything.
pub(super) fn forget(mut held: Held) {
    (held.telling, held.telling_former) = (0, 0);
}

#[cfg(all(test, loom))]
#[path = "models/hooks.rs"]
mod models;
