//! Models of F2 to F5, each with a mutant that it must catch.
//!
//! unsafe: the children are callbacks, as those of a program are.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::AtomicUsize as Counter;

use loom::thread;

use super::*;
use crate::callback::{Callback, UserData};
use crate::models::NO_PART;
use crate::process::Kind;
use crate::{cancel, error};

/// A child that counts its runs and fails.
unsafe extern "C-unwind" fn child(_: *mut cancel::Node, runs: *mut c_void) -> *mut error::Node {
    // SAFETY: the data is the counter of `count_runs`, which outlives the process.
    unsafe { &*runs.cast::<Counter>() }.fetch_add(1, Ordering::Relaxed);
    Arc::into_raw(Error::new(1, "fails").into_arc()).cast_mut()
}

unsafe extern "C-unwind" fn release(runs: *mut c_void) {
    // SAFETY: the reference that `count_runs` gave away.
    drop(unsafe { Arc::from_raw(runs.cast::<Counter>()) });
}

fn count_runs(runs: &Arc<Counter>) -> Process {
    let user = UserData {
        data: Arc::into_raw(runs.clone()).cast_mut().cast(),
        destroy: Some(release),
    };
    Process::leaf(Callback {
        function: child,
        user,
    })
}

/// A fan-out with two children, and what its caller has.
struct Scene {
    fan_out: Arc<FanOut>,
    process: Process,
    scope: Scope<'static>,
    runs: [Arc<Counter>; 2],
}

fn two_children(policy: OnFailure) -> Scene {
    let runs = [Arc::new(Counter::new(0)), Arc::new(Counter::new(0))];
    let kind = Kind::Concurrent(runs.iter().map(count_runs).collect());
    let process = Process::combine(kind, |_| unreachable!("it is not deep"));
    let scope = under(Cancel::root(None));
    let fan_out = on_this_thread(&scope, |context| FanOut::new(&process, &context, policy));
    let fan_out = Arc::new(fan_out);
    Scene {
        fan_out,
        process,
        scope,
        runs,
    }
}

fn under(cancel: Cancel) -> Scope<'static> {
    Scope::of(Some(cancel), None)
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, NO_PART, code)
}

impl Scene {
    /// What the caller does.
    fn work(&self) {
        on_this_thread(&self.scope, |context| {
            self.fan_out.work(&self.process, &context)
        });
    }
}

fn helper(fan_out: &Arc<FanOut>, help: fn(&FanOut)) -> thread::JoinHandle<()> {
    let fan_out = fan_out.clone();
    thread::spawn(move || help(&fan_out))
}

fn caller_and_helper(help: fn(&FanOut)) {
    loom::model(move || {
        let scene = two_children(OnFailure::GoOn);
        let other = helper(&scene.fan_out, help);
        scene.work();
        assert_eq!(scene.fan_out.join().len(), 2);
        // When the caller goes on, all have run, and nothing is held any more, wherever the helper is.
        assert!(
            scene
                .runs
                .iter()
                .all(|runs| runs.load(Ordering::Relaxed) == 1)
        );
        assert!(!scene.scope.handle().is_shared());
        drop(scene.process);
        assert!(scene.runs.iter().all(|runs| Arc::strong_count(runs) == 1));
        other.join().unwrap();
    });
}

#[test]
fn f2_f4_each_child_is_run_and_reported_once_and_nothing_is_held() {
    caller_and_helper(FanOut::help);
}

#[test]
#[ignore = "a mutant"]
fn f2_mutant_claims_in_two_steps() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        let next = fan_out.next.load(Ordering::Relaxed);
        if let Some(child) = work.parent.children().get(next) {
            fan_out.next.store(next + 1, Ordering::Relaxed);
            let scope = under(work.cancel.clone());
            on_this_thread(&scope, |context| fan_out.run_child(child, &context));
        }
        drop(work);
        fan_out.leave();
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_leaves_before_it_lets_go() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        fan_out.help_with(&work);
        fan_out.leave();
        drop(work);
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_comes_in_unannounced() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.state.lock().open.clone() else {
            return;
        };
        fan_out.help_with(&work);
    });
}

fn children_are_given_up(give_up: fn(&FanOut)) {
    loom::model(move || {
        let scene = two_children(OnFailure::GoOn);
        let other = helper(&scene.fan_out, give_up);
        scene.work();
        let errors = scene.fan_out.join();
        let runs: usize = scene
            .runs
            .iter()
            .map(|runs| runs.load(Ordering::Relaxed))
            .sum();
        let denied = errors
            .iter()
            .filter(|error| error.code() == libc::EAGAIN)
            .count();
        assert_eq!(runs + denied, 2);
        other.join().unwrap();
    });
}

#[test]
fn f3_given_up_children_are_reported_and_not_run() {
    children_are_given_up(|fan_out| fan_out.give_up());
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_gives_up_without_claiming() {
    children_are_given_up(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        let unclaimed = fan_out.unclaimed();
        for _ in 0..unclaimed {
            fan_out.fail(Error::new(libc::EAGAIN, "denied"), &work.cancel);
        }
        drop(work);
        fan_out.leave();
    });
}

fn both_fail(fail: fn(&FanOut, Error, &Cancel)) {
    loom::model(move || {
        let scene = two_children(OnFailure::CancelOthers);
        let (fan_out, cancel) = (scene.fan_out.clone(), scene.scope.handle().clone());
        let other = thread::spawn(move || fail(&fan_out, Error::new(1, "one"), &cancel));
        fail(&scene.fan_out, Error::new(2, "two"), scene.scope.handle());
        other.join().unwrap();
        let cause = scene
            .scope
            .handle()
            .cause()
            .expect("a failure cancels")
            .code();
        assert_eq!(scene.fan_out.state.lock().errors[0].code(), cause);
    });
}

#[test]
fn f5_the_cause_is_the_first_error() {
    both_fail(FanOut::fail);
}

#[test]
#[ignore = "a mutant"]
fn f5_mutant_cancels_with_its_own_error() {
    both_fail(|fan_out, error, cancel| {
        fan_out.state.lock().errors.push(error.clone());
        cancel.trigger(error);
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_rings_before_it_is_out() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        fan_out.help_with(&work);
        drop(work);
        fan_out.empty.notify_one();
        fan_out.state.lock().inside -= 1;
    });
}
