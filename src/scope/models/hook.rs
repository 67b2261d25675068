//! Models of C3 for one hook, with mutants that they must catch.

use std::ffi::c_void;

use loom::thread;

use super::*;
use crate::base::sync::atomic::{AtomicBool, Ordering};
use crate::base::sync::global;

global!(RUNS: AtomicUsize = AtomicUsize::new(0));
global!(STOPPED: AtomicBool = AtomicBool::new(false));
global!(SELF: Mutex<Option<Common<Hook>>> = Mutex::new(None));

/// Nothing of it happens once the hook is stopped.
extern "C-unwind" fn runs_until_stopped(_: *mut c_void) {
    assert!(!STOPPED.load(Ordering::SeqCst));
    assert_eq!(RUNS.fetch_add(1, Ordering::SeqCst), 0);
    assert!(!STOPPED.load(Ordering::SeqCst));
}

fn hook(function: crate::base::user_data::Notify) -> Common<Hook> {
    let data = std::ptr::null_mut();
    let cancel = ManuallyDrop::new(Cancel::root(None));
    Common::new(|| Hook::new(Notice { function, data }, cancel, true))
}

/// The owner does so when he has stopped it.
fn let_go(hook: &Hook) {
    // SAFETY: no model has it in a list of a handle, nor runs it by now.
    unsafe { hook.let_go() }
}

fn a_run_races_with_a_stop(run: fn(&Hook), stop: fn(&Common<Hook>)) {
    loom::model(move || {
        let hook = hook(runs_until_stopped);
        let running = hook.clone();
        let other = thread::spawn(move || run(&running));
        stop(&hook);
        STOPPED.store(true, Ordering::SeqCst);
        let_go(&hook);
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
        let_go(&hook);
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
        Hook::stop(&hook);
        STOPPED.store(true, Ordering::SeqCst);
        other.join().unwrap();
        SELF.lock().take();
        let_go(&hook);
    });
}

/// Has another thread stop the hook, as a helper does who works for its run, and waits for that.
fn have_it_stopped(as_a_part: fn(activity::Activities, fn())) {
    let here = activity::current();
    let stop = || Hook::stop(&SELF.lock().clone().expect("it was set"));
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
        Hook::stop(&hook);
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

global!(LET_GO: AtomicBool = AtomicBool::new(false));

/// The list of a handle, and its lock.
type List = Mutex<Option<Lent>>;

/// The owner takes it out and lets go of it while a cancellation takes it out and runs it.
fn taken_out_by_two(take_out: fn(&List) -> Option<Common<Hook>>) {
    loom::model(move || {
        let hook = hook(runs_until_stopped);
        // SAFETY: this model keeps it to the end, so that a mutant finds it, too.
        let list = Arc::new(Mutex::new(Some(unsafe { Lent::of(&hook) })));
        let of_handle = list.clone();
        let other = thread::spawn(move || {
            if let Some(taken) = take_out(&of_handle) {
                taken.run();
            }
        });
        if list.lock().take().is_none() {
            Hook::stop(&hook);
        }
        LET_GO.store(true, Ordering::SeqCst);
        let_go(&hook);
        other.join().unwrap();
    });
}

/// One that is held in a list, and of which the owner has not let go.
fn held(lent: Lent) -> Common<Hook> {
    assert!(!LET_GO.load(Ordering::SeqCst));
    lent.hold()
}

#[test]
fn c12_who_takes_it_out_holds_it() {
    taken_out_by_two(|list| list.lock().take().map(held));
}

#[test]
#[ignore = "a mutant"]
fn c12_mutant_holds_it_when_it_is_out() {
    taken_out_by_two(|list| {
        let taken = list.lock().take();
        taken.map(held)
    });
}
