//! Whether the program is up, for the service manager.
//!
//! A *service* is a task that says when it is up. The services of a tree are counted before any of it runs, so
//! that none is forgotten that has not begun yet.
//!
//! Invariants:
//! - **U1 all of them.** The program is up once somebody has said so and no service is expected any more: each
//!   one of each tree that runs below `proc_main` has said that it is up, or has succeeded.
//! - **U2 a failure is no readiness.** A service that fails is expected until its tree has ended. Then it is
//!   forgotten, so that another tree can do it again, and nobody is told anything because of that.

use std::collections::BTreeMap;

use crate::cancel::Cancel;
use crate::drain::Main;
use crate::signal;
use crate::sync::notes::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard, global};
use crate::task_run::TaskRun;

/// A tree with services, below `proc_main`; 0: none such.
pub(crate) type Tree = u64;

global!(PROGRAM: Mutex<Program> = Mutex::new(Program::new()));

/// What the present run of `proc_main` is waiting for.
pub(crate) struct Program {
    main: Main,
    last_tree: Tree,
    /// How many services of each tree are expected.
    expected: BTreeMap<Tree, usize>,
    is_up: bool,
}

/// One run of a service.
pub(crate) struct Service {
    tree: Tree,
    has_said: AtomicBool,
}

impl Program {
    const fn new() -> Program {
        Program {
            main: 0,
            last_tree: 0,
            expected: BTreeMap::new(),
            is_up: false,
        }
    }

    /// Somebody says that he is up (U1).
    fn said(&mut self) {
        if !self.is_up && self.expected.values().all(|left| *left == 0) {
            self.is_up = true;
            signal::wake();
        }
    }
}

/// Begins to wait for the services of that run of `proc_main`, of which there is one at a time.
pub(crate) fn begin(main: Main) {
    let mut program = PROGRAM.lock();
    program.main = main;
    program.is_up = false;
}

pub(crate) fn end() {
    let mut program = PROGRAM.lock();
    program.main = 0;
    program.expected.clear();
}

pub(crate) fn is_up() -> bool {
    PROGRAM.lock().is_up
}

/// That services of a tree are expected; dropped when it has ended (U2).
pub(crate) struct Expected(Tree);

impl Expected {
    /// So many services, of a tree that is about to run under that handle.
    pub(crate) fn of(cancel: Option<&Cancel>, services: usize) -> Expected {
        let main = cancel.map_or(0, |cancel| cancel.main());
        if services == 0 || main == 0 {
            return Expected(0);
        }
        let mut program = PROGRAM.lock();
        if program.main != main {
            return Expected(0);
        }
        program.last_tree += 1;
        let tree = program.last_tree;
        program.expected.insert(tree, services);
        Expected(tree)
    }

    pub(crate) fn tree(&self) -> Tree {
        self.0
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if self.0 != 0 {
            PROGRAM.lock().expected.remove(&self.0);
        }
    }
}

/// What runs under that handle says that it is up: the innermost service that the handle is in; or, if it is in
/// none, the program.
pub(crate) fn say(cancel: &Cancel) {
    match TaskRun::innermost_service(cancel.task()) {
        Some(service) => service.say(),
        None => say_for_program(cancel.main()),
    }
}

fn say_for_program(main: Main) {
    let mut program = PROGRAM.lock();
    if main != 0 && program.main == main {
        program.said();
    }
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Program>;

pub(crate) fn hold() -> Held {
    PROGRAM.lock()
}

/// In a child of `fork`: no `proc_main` runs there.
pub(crate) fn forget(mut held: Held) {
    held.main = 0;
    held.expected.clear();
}

impl Service {
    /// A run of a service of that tree; `None`: nobody expects one.
    pub(crate) fn of(tree: Tree) -> Option<Service> {
        let has_said = AtomicBool::new(false);
        (tree != 0).then_some(Service { tree, has_said })
    }

    /// Says that it is up. Only the first time counts.
    pub(crate) fn say(&self) {
        if self.has_said.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut program = PROGRAM.lock();
        if let Some(left) = program.expected.get_mut(&self.tree) {
            *left = left.saturating_sub(1);
            program.said();
        }
    }
}
