//! Models of C3 for one hook, with mutants that they must catch.

use std::ffi::c_void;

use loom::thread;

use super::*;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::global;

global!(RUNS: AtomicUsize = AtomicUsize::new(0));
global!(STOPPED: AtomicBool = AtomicBool::new(false));
global!(SELF: Mutex<Option<Arc<Hook>>> = Mutex::new(None));

/// Nothing of it happens once the hook is stopped.
extern "C-unwind" fn runs_until_stopped(_: *mut c_void) {
    assert!(!STOPPED.load(Ordering::SeqCst));
    assert_eq!(RUNS.fetch_add(1, Ordering::SeqCst), 0);
    assert!(!STOPPED.load(Ordering::SeqCst));
}

fn hook(function: crate::base::user_data::Notify) -> Arc<Hook> {
    let data = std::ptr::null_mut();
    Arc::new(Hook::new(Notice { function, data }, None))
}

fn a_run_races_with_a_stop(run: fn(&Hook), stop: fn(&Arc<Hook>)) {
    loom::model(move || {
        let hook = hook(runs_until_stopped);
        let running = hook.clone();
        let other = thread::spawn(move || run(&running));
        stop(&hook);
        STOPPED.store(true, Ordering::SeqCst);
        other.join().unwrap();
    });
}

#[test]
fn c3_stopped_is_stopped() {
    a_run_races_with_a_stop(Hook::run, Hook::stop);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_does_not_wait_for_a_run() {
    a_run_races_with_a_stop(Hook::run, |hook| {
        let mut state = hook.state.lock();
        if let State::Waiting = *state {
            *state = State::Over;
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_does_not_forestall_a_run() {
    a_run_races_with_a_stop(Hook::run, |hook| {
        let runs = |state: &mut State| matches!(state, State::Runs(_));
        drop(hook.bell.wait_while(hook.state.lock(), runs));
    });
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_looks_before_it_says_that_it_runs() {
    let run = |hook: &Hook| {
        if !matches!(*hook.state.lock(), State::Waiting) {
            return;
        }
        *hook.state.lock() = State::Runs(Run {
            activity: activity::new_id(),
            generation: generation::current(),
        });
        hook.notice.give();
        hook.end();
    };
    a_run_races_with_a_stop(run, Hook::stop);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_rings_before_it_says_that_it_is_over() {
    let run = |hook: &Hook| {
        if hook.begin().is_some() {
            hook.notice.give();
            hook.bell.notify_all();
            *hook.state.lock() = State::Over;
        }
    };
    a_run_races_with_a_stop(run, Hook::stop);
}

fn two_runs_race(run: fn(&Hook)) {
    loom::model(move || {
        let hook = hook(runs_until_stopped);
        let running = hook.clone();
        let other = thread::spawn(move || run(&running));
        run(&hook);
        other.join().unwrap();
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn c3_it_runs_once() {
    two_runs_race(Hook::run);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_runs_and_then_says_so() {
    two_runs_race(|hook| {
        if matches!(*hook.state.lock(), State::Waiting) {
            hook.notice.give();
            hook.end();
        }
    });
}

/// What is stopped from within its run, and from outside at the same time.
fn stopped_from_within(within: extern "C-unwind" fn(*mut c_void)) {
    loom::model(move || {
        let hook = hook(within);
        *SELF.lock() = Some(hook.clone());
        let running = hook.clone();
        let other = thread::spawn(move || running.run());
        hook.stop();
        STOPPED.store(true, Ordering::SeqCst);
        other.join().unwrap();
        SELF.lock().take();
    });
}

/// Has another thread stop the hook, as a helper does who works for its run, and waits for that.
fn have_it_stopped(as_a_part: fn(activity::Activities, fn())) {
    let here = activity::current();
    let stop = || SELF.lock().clone().expect("it was set").stop();
    thread::spawn(move || as_a_part(here, stop)).join().unwrap();
}

#[test]
fn c3_i1_a_run_may_have_itself_stopped_by_another_thread() {
    extern "C-unwind" fn with_help(data: *mut c_void) {
        have_it_stopped(|activities, code| activity::within(activities, code));
        runs_until_stopped(data);
    }
    stopped_from_within(with_help);
}

#[test]
#[ignore = "a mutant"]
fn i1_mutant_does_not_tell_who_helps() {
    extern "C-unwind" fn with_help(_: *mut c_void) {
        have_it_stopped(|_, code| code());
    }
    stopped_from_within(with_help);
}

#[test]
fn c3_a_run_may_stop_itself() {
    extern "C-unwind" fn stop_itself(data: *mut c_void) {
        let hook = SELF.lock().clone().expect("it was set");
        hook.stop();
        runs_until_stopped(data);
    }
    stopped_from_within(stop_itself);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_waits_for_itself() {
    extern "C-unwind" fn wait_for_itself(_: *mut c_void) {
        let hook = SELF.lock().clone().expect("it was set");
        let runs = |state: &mut State| matches!(state, State::Runs(_));
        drop(hook.bell.wait_while(hook.state.lock(), runs));
    }
    stopped_from_within(wait_for_itself);
}
