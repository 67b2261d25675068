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
//! - **U3 each run anew.** What is run again is a tree of its own each time, a part of the one around it. Between two runs
//!   all services in it are expected, also those that were up; after the last one, those that were not.
//! - **U4 layers.** A layer of a stack is a part in this sense. It is up once somebody in it has said so and none of its services
//!   is expected any more, in `proc_main` or not. What is said in a layer, outside of its services, is said for it alone.

use std::collections::BTreeMap;

use crate::base::common::Common;
use crate::base::sync::{Arc, Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::cancel::Cancel;
use crate::scope::drain::Main;
use crate::scope::listener::Listener;
use crate::scope::task_run::{TaskRun, Tree};

per_world!(PROGRAM: Mutex<Program> = Mutex::new(Program::new()));

/// What the present run of `proc_main` is waiting for, and each stack that begins.
pub(crate) struct Program {
    main: Main,
    last_tree: Tree,
    trees: BTreeMap<Tree, Services>,
    is_up: bool,
    /// Who is told when it is.
    on_up: fn(),
}

/// The services of a tree.
struct Services {
    /// How many are expected, less those of trees that are a part of it.
    left: usize,
    /// The run of `proc_main` that expects them; 0: none does.
    main: Main,
    /// The tree that it is inside of; 0: none.
    inside: Tree,
    /// If it is a layer of a stack that is not up yet: who is told when it is (U4).
    layer: Option<Arc<dyn Listener>>,
}

/// Who is to be told that a layer is up, under no lock.
type UpLayers = Vec<Arc<dyn Listener>>;

impl Program {
    const fn new() -> Program {
        Program {
            main: 0,
            last_tree: 0,
            trees: BTreeMap::new(),
            is_up: false,
            on_up: || (),
        }
    }

    fn add(&mut self, services: Services) -> Tree {
        self.last_tree += 1;
        self.trees.insert(self.last_tree, services);
        self.last_tree
    }

    /// Takes so many services out of a tree, for one that is a part of it; tells which run of `proc_main` expects them.
    fn take_part(&mut self, of: Tree, count: usize) -> Option<Main> {
        let whole = self.trees.get_mut(&of)?;
        whole.left = whole.left.saturating_sub(count);
        Some(whole.main)
    }

    /// A tree has ended. If it was a part of another one, that is expected of that one which is not up (U3).
    fn forget(&mut self, ended: &Expected) -> Option<Services> {
        let services = self.trees.remove(&ended.tree)?;
        if let Some(part) = &ended.part {
            if let Some(whole) = self.trees.get_mut(&part.of) {
                whole.left += part.expected_again(&services);
            }
        }
        Some(services)
    }

    /// Somebody says that he is up (U1).
    fn said(&mut self) {
        let expects = |services: &Services| services.main == self.main && services.left > 0;
        if !self.is_up && !self.trees.values().any(expects) {
            self.is_up = true;
            (self.on_up)();
        }
    }

    /// The trees that one is inside of, itself first.
    fn around(&self, tree: Tree) -> impl Iterator<Item = Tree> {
        let outer = |tree: &Tree| self.trees.get(tree).map(|services| services.inside);
        std::iter::successors(Some(tree), outer).take_while(|tree| *tree != 0)
    }

    fn is_inside(&self, tree: Tree, outer: Tree) -> bool {
        self.around(tree).any(|around| around == outer)
    }

    /// Somebody in this layer says that he is up: so is the layer, if no service in it is expected any more (U4).
    fn said_in(&mut self, layer: Tree) -> Option<Arc<dyn Listener>> {
        let mut services = self.trees.iter();
        let is_expected =
            services.any(|(tree, services)| services.left > 0 && self.is_inside(*tree, layer));
        if is_expected {
            return None;
        }
        self.trees.get_mut(&layer)?.layer.take()
    }

    /// One of a tree's services says that it is up: that concerns all around it.
    fn service_said(&mut self, tree: Tree) -> UpLayers {
        let Some(services) = self.trees.get_mut(&tree) else {
            return Vec::new();
        };
        services.left = services.left.saturating_sub(1);
        if services.main != 0 && services.main == self.main {
            self.said();
        }
        let around: Vec<Tree> = self.around(tree).collect();
        around
            .into_iter()
            .filter_map(|tree| self.said_in(tree))
            .collect()
    }
}

/// Begins to wait for the services of that run of `proc_main`, of which there is one at a time. Who is told when the
/// program is up is told under the lock of this room.
pub(crate) fn begin(main: Main, on_up: fn()) {
    let mut program = PROGRAM.lock();
    program.main = main;
    program.is_up = false;
    program.on_up = on_up;
}

pub(crate) fn end() {
    PROGRAM.lock().main = 0;
}

pub(crate) fn is_up() -> bool {
    PROGRAM.lock().is_up
}

/// That services of a tree are expected; dropped when it has ended (U2).
pub(crate) struct Expected {
    tree: Tree,
    /// Few have one; each child of a nursery is moved with what it expects.
    part: Option<Box<Part>>,
}

/// That it is a part of another tree.
struct Part {
    of: Tree,
    /// How many of that one's services it has.
    services: usize,
    /// Whether it is about to run again (U3).
    runs_again: bool,
}

impl Part {
    /// How many services the tree expects again when this part of it, which expects so many still, has ended.
    fn expected_again(&self, services: &Services) -> usize {
        if self.runs_again {
            self.services
        } else {
            services.left
        }
    }
}

impl Expected {
    pub(crate) const NOTHING: Expected = Expected {
        tree: 0,
        part: None,
    };

    /// So many services, of a tree that is about to run under that handle.
    #[inline]
    pub(crate) fn of(cancel: Option<&Cancel>, services: usize) -> Expected {
        if services == 0 {
            return Expected::NOTHING;
        }
        Expected::of_some(cancel, services)
    }

    #[inline(never)] // Few trees have any.
    fn of_some(cancel: Option<&Cancel>, services: usize) -> Expected {
        let (main, layer) = cancel.map_or((0, 0), |cancel| (cancel.main(), cancel.layer()));
        if main == 0 && layer == 0 {
            return Expected::NOTHING;
        }
        let mut program = PROGRAM.lock();
        let main = if program.main == main { main } else { 0 };
        if main == 0 && layer == 0 {
            return Expected::NOTHING;
        }
        let tree = program.add(Services::expected(services, main, layer));
        Expected { tree, part: None }
    }

    /// So many services of that tree, which are about to run once: they are a tree of their own (U3).
    pub(crate) fn part_of(of: Tree, services: usize) -> Expected {
        if services == 0 || of == 0 {
            return Expected::NOTHING;
        }
        let mut program = PROGRAM.lock();
        match program.take_part(of, services) {
            Some(main) => {
                let tree = program.add(Services::expected(services, main, of));
                Expected::new_part(tree, of, services)
            }
            None => Expected::NOTHING,
        }
    }

    /// The same, of a layer of a stack that is about to begin below that handle; the tree may be none. That one is told when
    /// it is up, once (U4).
    pub(crate) fn layer(
        of: Tree,
        services: usize,
        around: &Cancel,
        whom: Arc<dyn Listener>,
    ) -> Expected {
        let mut program = PROGRAM.lock();
        let main = program.take_part(of, services);
        let inside = main.map_or_else(|| around.layer(), |_| of);
        let tree = program.add(Services {
            layer: Some(whom),
            ..Services::expected(services, main.unwrap_or(0), inside)
        });
        Expected::new_part(tree, of, services)
    }

    fn new_part(tree: Tree, of: Tree, services: usize) -> Expected {
        let runs_again = false;
        let part = Part {
            of,
            services,
            runs_again,
        };
        Expected {
            tree,
            part: Some(Box::new(part)),
        }
    }

    /// It has ended, and will run again: all of it is expected again (U3).
    pub(crate) fn again(mut self) {
        if let Some(part) = &mut self.part {
            part.runs_again = true;
        }
    }

    pub(crate) fn tree(&self) -> Tree {
        self.tree
    }

    #[inline(never)]
    fn forget(&self) {
        let ended = PROGRAM.lock().forget(self);
        drop(ended); // Under no lock.
    }
}

impl Services {
    fn expected(left: usize, main: Main, inside: Tree) -> Services {
        Services {
            left,
            main,
            inside,
            layer: None,
        }
    }
}

impl Drop for Expected {
    #[inline]
    fn drop(&mut self) {
        if self.tree != 0 {
            self.forget();
        }
    }
}

/// What runs under that handle says that it is up: the innermost service that the handle is in, or layer of a stack; or, if
/// it is in none, the program.
pub(crate) fn say(cancel: &Cancel) {
    let service = TaskRun::innermost_service(cancel.task());
    match (service, cancel.layer()) {
        (None, 0) => say_for_program(cancel.main()),
        (Some(service), 0) => say_for(service),
        (service, layer) => say_in(layer, service),
    }
}

/// In a layer of a stack, and in a service that is inside of the layer or around it.
fn say_in(layer: Tree, service: Option<&Common<TaskRun>>) {
    let mut program = PROGRAM.lock();
    let is_inside = |service: &&Common<TaskRun>| program.is_inside(service.expected_in(), layer);
    let inside = service.filter(is_inside);
    let up = match inside {
        Some(service) => service.note_up().map(|tree| program.service_said(tree)),
        None => Some(program.said_in(layer).into_iter().collect()),
    };
    drop(program);
    up.into_iter().flatten().for_each(|whom| whom.tell());
}

/// That service says that it is up. Only the first time counts.
pub(crate) fn say_for(service: &TaskRun) {
    let Some(tree) = service.note_up() else {
        return;
    };
    let up = PROGRAM.lock().service_said(tree);
    up.into_iter().for_each(|whom| whom.tell());
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
    held.trees.clear();
}
