//! Processes that stand on each other: each *layer* begins when the one below it is up, and stops before that one.
//!
//! The layers are children of a nursery. Its body runs nothing of the program's: it waits, has the next one begin, and cancels one
//! after the other. A layer's handle is apart from the stack's, which says that the stack stops: so a layer that is not
//! cancelled yet drains, as what is shielded does.
//!
//! Invariants:
//! - **Z3 upwards.** A layer begins when the one below it is up, and not if the stack stops.
//! - **Z4 downwards.** A layer is cancelled when all above it have ended.
//! - **Z5 each ends.** A layer that was handed to the nursery has ended when it is released there, whether or not it was run. So nobody
//!   waits for ever for one that was not.

use std::ffi::CStr;

use crate::base::common::Known;
use crate::base::error::{Error, Outcome};
use crate::base::events::Origin;
use crate::base::race_detector;
use crate::base::sync::{Arc, Condvar, Mutex};
use crate::engine::background;
use crate::engine::frames::{Context, Stage, What};
use crate::engine::nursery::{Child, IfFull, Nursery};
use crate::engine::{late_strike, waiting};
use crate::scope::cancel::{self, Cancel, Scope};
use crate::scope::listener::{Listener, Listening};
use crate::scope::progress::Steps;
use crate::scope::readiness::{self, Expected};
use crate::tree::group;
use crate::tree::process::{self, Kind, Process};

const NAME: &str = "stack";

#[inline(never)]
pub(super) fn run(layers: &[Process], context: &Context<'_>) -> Outcome {
    group::within(context, NAME, |inside| {
        let stack = Stack {
            layers,
            around: context.scope,
            inside,
            progress: Progress::of(layers),
            steps: Steps::of(inside.scope.handle().main()),
            nursery: Nursery::new(inside, NAME, 0, None),
        };
        stack.run()
    })
}

/// One run of it.
struct Stack<'a> {
    layers: &'a [Process],
    around: &'a Scope<'a>,
    /// In its handle, which says that it stops.
    inside: &'a Context<'a>,
    progress: Arc<Progress>,
    /// What the service manager is told.
    steps: Steps,
    nursery: Arc<Nursery<Layer>>,
}

impl Stack<'_> {
    fn run(&self) -> Outcome {
        let handle = self.inside.scope.handle();
        let listening = Listening::of(self.progress.clone());
        late_strike::watch(handle);
        handle.listen(&listening); // If it is cancelled already, who waits sees that.
        let mut ended = self.nursery.run(self.inside, || {
            self.up_and_down(handle);
            Ok(())
        });
        handle.unlisten(&listening);
        if self.progress.is_cut() {
            group::tell_of_cut(&mut ended, handle, self.around);
        }
        group::outcome(ended, handle, self.around)
    }

    fn up_and_down(&self, handle: &Cancel) {
        let mut handles = Vec::new();
        let up = climb(&self.progress, handle, |layer| {
            self.tell("starting", layer);
            let (handle, is_accepted) = self.begin(layer);
            handles.push(handle);
            is_accepted
        });
        if up == self.layers.len() {
            self.say();
            self.steps.rest();
            self.progress.wait(handle, State::have_others_ended);
        }
        // If it does not stop, and some are of the background, all others have ended.
        let why = self.progress.why.as_ref();
        if let Some(cause) = handle.cause().or(why) {
            descend(&self.progress, handles.len(), |layer| {
                self.tell("stopping", layer);
                cancel(&handles[layer], handle.cause().unwrap_or(cause)) // It may have come to stop.
            });
        }
    }

    /// Hands a layer to the nursery. Tells whether it is accepted: not if the stack stops.
    fn begin(&self, number: usize) -> (Known<cancel::Node>, bool) {
        let progress = self.progress.clone();
        let whom = Arc::new(IsUp { number, progress });
        let process = self.layers[number].clone();
        let expected = process.expect_layer(self.inside.tree, self.inside.scope.handle(), whom);
        let layer = Layer {
            number,
            process,
            handle: self.inside.scope.handle().layer_handle(expected.tree()),
            expected,
            origin: None,
            progress: self.progress.clone(),
        };
        let handle = layer.handle.downgrade();
        let is_accepted = self.nursery.spawn(layer, IfFull::Refuse).is_ok();
        waiting::hand_over_added();
        (handle, is_accepted)
    }

    fn tell(&self, what: &str, layer: usize) {
        self.steps.tell(|| {
            let (number, all) = (layer + 1, self.layers.len());
            match task_type(&self.layers[layer]) {
                Some(name) => format!("{what} {} ({number} of {all})", one_line(name)),
                None => format!("{what} {number} of {all}"),
            }
        });
    }

    /// All are up: so is the stack, if one has said so, for what is around it.
    fn say(&self) {
        if self.progress.was_said() {
            readiness::say(self.around.handle());
        }
    }
}

/// Begins one layer after the other, each when the one below it is up, until the stack stops (Z3). `begin` tells whether it has.
/// Returns how many are up.
fn climb(progress: &Progress, handle: &Cancel, mut begin: impl FnMut(usize) -> bool) -> usize {
    let mut up = 0;
    while up < progress.stages.len()
        && !handle.cancelled()
        && !progress.is_left_alone()
        && begin(up)
    {
        progress.wait(handle, |state| {
            state.layers[up].is_up || state.have_others_ended()
        });
        if handle.cancelled() || !progress.is_up(up) {
            break;
        }
        up += 1;
    }
    up
}

/// Cancels so many layers, one after the other, from the last to the first (Z4).
fn descend(progress: &Progress, layers: usize, stop: impl Fn(usize)) {
    for layer in (0..layers).rev() {
        progress.stages[layer].note_stopping();
        stop(layer);
        progress.wait_for_end(layer);
    }
}

/// What the task is called that a layer is, or that is all there is in it.
fn task_type(layer: &Process) -> Option<&CStr> {
    let mut inwards = std::iter::successors(Some(layer), |process| match process.children() {
        [child] => Some(child),
        _ => None,
    });
    inwards.find_map(|process| match process.kind() {
        Kind::Task(task) => Some(task.task_type()),
        _ => None,
    })
}

fn one_line(name: &CStr) -> String {
    name.to_string_lossy().replace(char::is_control, " ")
}

/// Nobody has the handle any more if the layer has ended.
fn cancel(handle: &Known<cancel::Node>, cause: &Error) {
    if let Some(handle) = handle.upgrade() {
        handle.trigger(cause.clone());
    }
}

/// What the layers tell.
struct Progress {
    stages: Vec<Stage>,
    state: Mutex<State>,
    /// Rung for the thread that runs the stack.
    bell: Condvar,
    /// Why those of the background are cancelled when all others have ended, if there are any.
    why: Option<Error>,
}

struct State {
    layers: Vec<At>,
    /// Whether one has said that it is up, other than by its success.
    was_said: bool,
}

/// How far a layer is.
#[derive(Clone, Copy, Default)]
struct At {
    has_begun: bool,
    is_up: bool,
    has_ended: bool,
    is_background: bool,
}

impl State {
    /// Whether all have that are not of the background.
    fn have_others_ended(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.all(|layer| layer.has_ended || layer.is_background)
    }
}

impl Progress {
    fn of(layers: &[Process]) -> Arc<Progress> {
        let is_background = layers.iter().map(|layer| layer.is_background());
        Progress::new(is_background.collect())
    }

    /// Of which these are of the background.
    fn new(is_background: Vec<bool>) -> Arc<Progress> {
        let at = |is_background: &bool| At {
            is_background: *is_background,
            ..At::default()
        };
        let any = is_background.contains(&true);
        Arc::new(Progress {
            stages: is_background.iter().map(|_| Stage::default()).collect(),
            state: Mutex::new(State {
                layers: is_background.iter().map(at).collect(),
                was_said: false,
            }),
            bell: Condvar::new(),
            why: any.then(background::why),
        })
    }

    fn is_up(&self, layer: usize) -> bool {
        self.state.lock().layers[layer].is_up
    }

    /// Whether some are of the background, and all others have ended.
    fn is_left_alone(&self) -> bool {
        self.why.is_some() && self.state.lock().have_others_ended()
    }

    /// Whether some were not begun.
    fn is_cut(&self) -> bool {
        let state = self.state.lock();
        state.layers.iter().any(|layer| !layer.has_begun)
    }

    fn was_said(&self) -> bool {
        self.state.lock().was_said
    }

    fn note(&self, change: impl FnOnce(&mut State)) {
        race_detector::release(&raw const self.bell);
        change(&mut self.state.lock());
        self.bell.notify_one();
    }

    fn note_up(&self, layer: usize, was_said: bool) {
        self.stages[layer].note_up();
        self.note(|state| {
            state.layers[layer].is_up = true;
            state.was_said |= was_said;
        });
    }

    /// Waits for that, or until the stack stops.
    fn wait(&self, handle: &Cancel, for_what: impl Fn(&State) -> bool) {
        let waits = |state: &mut State| !for_what(state) && !handle.cancelled();
        let end = handle.at_the_latest(None);
        drop((self.bell).wait_while_until(self.state.lock(), end, waits));
        race_detector::acquire(&raw const self.bell);
        late_strike::strike_if_over(handle);
    }

    fn wait_for_end(&self, layer: usize) {
        let waits = |state: &mut State| !state.layers[layer].has_ended;
        drop(self.bell.wait_while(self.state.lock(), waits));
        race_detector::acquire(&raw const self.bell);
    }
}

/// The stack stops: who waits looks at its handle.
impl Listener for Progress {
    fn tell(&self) {
        self.note(|_| ());
    }
}

/// A layer has said that it is up.
struct IsUp {
    number: usize,
    progress: Arc<Progress>,
}

impl Listener for IsUp {
    fn tell(&self) {
        self.progress.note_up(self.number, true);
    }
}

/// A child, as the nursery has it.
struct Layer {
    number: usize,
    process: Process,
    handle: Cancel,
    /// Its services.
    expected: Expected,
    /// Where it was spawned, if anybody wants to know.
    origin: Option<Box<Origin>>,
    progress: Arc<Progress>,
}

/// It is run, also if it only waits: it has a handle of its own to hear of, and may have much above it to outlast.
impl Child for Layer {
    type Room = ();
    fn hand_over(&self) {
        self.process.hand_over();
    }

    fn take_over(&self) {
        self.process.take_over();
    }

    fn came_from(&mut self, origin: Origin) {
        self.origin = Some(Box::new(origin));
    }

    fn origin(&mut self) -> Option<Origin> {
        self.origin.take().map(|origin| *origin)
    }

    fn accepted(&mut self, _: &Cancel) {}

    fn run(&self, context: &Context<'_>) -> Outcome {
        self.progress
            .note(|state| state.layers[self.number].has_begun = true);
        let outcome = match &self.progress.why {
            Some(why) => background::absorb(self.run_inside(context), why),
            None => self.run_inside(context),
        };
        self.handle.close("stack's child");
        if outcome.is_ok() {
            self.progress.note_up(self.number, false);
        }
        outcome
    }

    fn not_started(&self, error: Error) -> Error {
        self.process.not_started(error)
    }
}

impl Layer {
    fn run_inside(&self, context: &Context<'_>) -> Outcome {
        let tree = self.expected.tree();
        let what = What::Layer(self.number, &self.progress.stages[self.number]);
        let context = Context { tree, ..*context };
        context.under(&self.handle, |inside| {
            inside.inside(what, || process::run(&self.process, inside))
        })
    }
}

/// Z5.
impl Drop for Layer {
    fn drop(&mut self) {
        let number = self.number;
        self.progress
            .note(|state| state.layers[number].has_ended = true);
    }
}

#[cfg(all(test, loom))]
#[path = "models/stack.rs"]
mod models;
