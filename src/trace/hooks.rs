//! Code of the program that is told what happens, as it happens.
//!
//! Invariants:
//! - **H1 no more.** Once other hooks have been set, or none, no code of the former ones runs, and none will.
//! - **H2 not about itself.** What a thread does while it tells hooks of something is not told to them; and it
//!   cannot set others, because it would wait for itself.
//! - **C4 no callbacks under locks** (`cancel`).

use std::cell::Cell;
use std::ffi::{CStr, c_void};

use super::switch;
use crate::error::Error;
use crate::sync::notes::{AtomicPtr, AtomicU64, Ordering};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, global, per_thread};
use crate::task_run::TaskRun;

/// What the hooks have given a task: something of the program's, which they are given back.
pub(crate) type Word = *mut c_void;

/// A task as hooks are told of it.
pub(crate) struct Told<'a> {
    pub(crate) id: u64,
    pub(crate) name: &'a CStr,
    pub(crate) word: Word,
}

/// Who is told what happens; no task: outside of tasks.
pub(crate) trait Listener: Send + Sync {
    fn task_begin(&self, task: &Told<'_>, parent: Option<&Told<'_>>) -> Word;
    fn task_end(&self, task: &Told<'_>, error: Option<&Error>, cause: Option<&Error>);
    fn region_begin(&self, task: Option<&Told<'_>>, region: u64, name: &CStr);
    fn region_end(&self, region: u64);
    fn log(&self, task: Option<&Told<'_>>, category: &CStr, message: &CStr);
    fn spawn(&self, task: Option<&Told<'_>>, spawn: u64);
    fn arrive(&self, task: Option<&Told<'_>>, spawn: u64);
}

/// The word of one task; a part of each.
pub(crate) struct WordOfTask {
    word: AtomicPtr<c_void>,
    /// Which hooks have given it; 0: none.
    by: AtomicU64,
}

impl WordOfTask {
    pub(crate) const fn none() -> WordOfTask {
        WordOfTask {
            word: AtomicPtr::new(std::ptr::null_mut()),
            by: AtomicU64::new(0),
        }
    }

    /// Before anybody else knows the task.
    fn give(&self, word: Word, by: u64) {
        self.word.store(word, Ordering::Relaxed);
        self.by.store(by, Ordering::Relaxed);
    }

    /// What these hooks have given; NULL to others than they.
    fn of(&self, by: u64) -> Word {
        if self.by.load(Ordering::Relaxed) == by {
            self.word.load(Ordering::Relaxed)
        } else {
            std::ptr::null_mut()
        }
    }

    /// The same, and from now on it is nobody's.
    fn take(&self, by: u64) -> Word {
        let word = self.of(by);
        self.by.store(0, Ordering::Relaxed);
        word
    }
}

/// Hooks that are set, or were.
pub(super) struct Hooks {
    /// No others have it.
    number: u64,
    pub(super) listener: Box<dyn Listener>,
}

impl Hooks {
    pub(super) fn told<'a>(&self, task: &'a TaskRun) -> Told<'a> {
        Told {
            id: task.id(),
            name: task.name(),
            word: task.word().of(self.number),
        }
    }

    pub(super) fn begin(&self, task: &TaskRun) {
        let parent = task.outer().map(|outer| self.told(outer));
        let word = self.listener.task_begin(&self.told(task), parent.as_ref());
        task.word().give(word, self.number);
    }

    pub(super) fn end(&self, task: &TaskRun, error: Option<&Error>, cause: Option<&Error>) {
        let word = task.word().take(self.number);
        let told = Told {
            word,
            ..self.told(task)
        };
        self.listener.task_end(&told, error, cause);
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

// Whether the calling thread tells hooks of something (H2).
per_thread!(TELLS: Cell<bool> = Cell::new(false));

/// Hooks cannot be set by who is told by them (H2).
#[derive(Debug)]
pub(crate) struct WouldWaitForItself;

/// Sets hooks in place of those that are set, if any are (H1).
pub(crate) fn set(listener: Option<Box<dyn Listener>>) -> Result<(), WouldWaitForItself> {
    if TELLS.with(Cell::get) {
        return Err(WouldWaitForItself);
    }
    let mut registry = REGISTRY.lock();
    let former = registry.replace(listener);
    switch::hook(registry.current.is_some());
    let telling = |registry: &mut Registry| registry.telling_former > 0;
    drop(BELL.wait_while(registry, telling));
    drop(former);
    Ok(())
}

/// Tells the hooks that are set, if any are.
pub(super) fn tell<T>(what: impl FnOnce(&Hooks) -> T) -> Option<T> {
    if TELLS.with(Cell::get) {
        return None; // H2
    }
    let hooks = REGISTRY.lock().enter()?;
    TELLS.with(|tells| tells.set(true));
    let value = what(&hooks);
    TELLS.with(|tells| tells.set(false));
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

    fn replace(&mut self, listener: Option<Box<dyn Listener>>) -> Option<Arc<Hooks>> {
        self.telling_former += std::mem::take(&mut self.telling);
        self.settings += 1;
        let number = self.settings;
        let hooks = listener.map(|listener| Arc::new(Hooks { number, listener }));
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
#[path = "../models/trace_hooks.rs"]
mod models;
