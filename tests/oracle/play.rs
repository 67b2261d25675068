//! Plays a case on the library: builds the tree, runs it, and writes down what happened.

use crate::abi::*;
use crate::case::{Case, Outside};
use crate::construct::Builder;
use crate::observe::Seen;
use crate::props::{Side, Value};
use crate::stage::{Actor, Stage, lock};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// What happened to one leaf.
#[derive(Debug, Default)]
pub struct Log {
    pub started: usize,
    /// The cause, after each wait for cancellation.
    pub woken_by: Vec<Option<Seen>>,
    /// What each look at the handle said.
    pub looks: Vec<bool>,
    /// What its calls were answered.
    pub answers: Vec<Answered>,
    /// The handle it was given each time, and that handle's cause after the whole run.
    pub handles: Vec<(*const Cancel, Option<Seen>)>,
}

#[derive(Debug)]
pub enum Answered {
    Bool(bool),
    Number(usize),
    Error(Option<Seen>),
}

#[derive(Debug)]
pub struct Played {
    pub error: Option<Seen>,
    /// The handle that the run was given.
    pub given: *const Cancel,
    pub logs: Vec<Log>,
    /// The causes that the outer and the given handle were cancelled with.
    pub outside: [Option<Seen>; 2],
    /// How many errors have passed through what each nursery has for that.
    pub failures: Vec<usize>,
    /// What no case may ever show.
    pub faults: Vec<String>,
}

pub fn play(case: &Case) -> Played {
    let stage = Arc::new(Stage::new(case.clone()));
    // SAFETY: the tree is handed over to proc_run, and the stage and its actors outlive it.
    let error = unsafe {
        if let Outside::Cancelled(target, code) = case.outside {
            stage.trigger(stage.handle(target, ptr::null_mut()), code);
        }
        let mut builder = Builder::new(case, &stage, stage.actors());
        let root = builder.build(&case.root);
        let actors = builder.finish();
        stage.complete_before_the_run();
        let error = proc_run(root, stage.handles[1]);
        stage.clear();
        stage.check_destroyed(actors);
        error
    };
    let mut faults = std::mem::take(&mut *lock(&stage.faults));
    // SAFETY: the error is ours until it is released here, once; so are the handles.
    let (error, outside) = unsafe {
        let seen = (!error.is_null()).then(|| Seen::read(error, &mut faults));
        proc_error_unref(error);
        stage.release_kept(&mut faults);
        let outside = stage.handles.map(|handle| release(handle, &mut faults));
        faults.extend(stage.values.iter().filter_map(Value::fault));
        (seen, outside)
    };
    let (made, freed) = (
        stage.errors_made.load(SeqCst),
        stage.errors_freed.load(SeqCst),
    );
    if made != freed {
        faults.push(format!("{made} errors were made and {freed} released"));
        std::mem::forget(stage.clone());
    }
    let logs = stage
        .logs
        .iter()
        .map(|log| std::mem::take(&mut *lock(log)))
        .collect();
    Played {
        error,
        given: stage.handles[1],
        logs,
        outside,
        failures: stage.sides.iter().map(Side::count).collect(),
        faults,
    }
}

impl Stage {
    /// Each process that was built must be gone when the run returns, its user data let go once.
    fn check_destroyed(&self, actors: Vec<(Box<Actor>, bool)>) {
        for (actor, built) in actors {
            let (expected, destroyed) = (usize::from(built), actor.destroyed.load(SeqCst));
            if destroyed != expected {
                self.fault(format!(
                    "leaf {} was destroyed {destroyed} times, not {expected}",
                    actor.leaf
                ));
                // Whoever still holds it must not find it freed.
                std::mem::forget(actor);
            }
        }
    }

    /// Looks at the handles that the leaves were given, now that all is over, and releases them.
    fn release_kept(&self, faults: &mut Vec<String>) {
        for (leaf, handle) in lock(&self.kept).drain(..) {
            // SAFETY: the handle was kept for this.
            let cause = unsafe { release(handle, faults) };
            lock(&self.logs[leaf]).handles.push((handle, cause));
        }
    }
}

/// Reads the cause of a handle, and releases it.
///
/// # Safety
/// The handle must be the caller's, or NULL.
unsafe fn release(handle: *mut Cancel, faults: &mut Vec<String>) -> Option<Seen> {
    // SAFETY: the caller vouches for the handle; its cause is read before the release.
    unsafe {
        let cause = proc_cancel_cause(handle);
        if cause.is_null() == proc_cancelled(handle) {
            faults.push("a handle is cancelled without a cause, or has one without that".into());
        }
        let seen = (!cause.is_null()).then(|| Seen::read(cause, faults));
        proc_cancel_unref(handle);
        seen
    }
}
