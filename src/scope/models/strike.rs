//! Models of C8, with mutants that they must catch.

use std::ffi::c_void;

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::user_data::Notice;
use crate::scope::cancel::Cancel;
use crate::scope::hooked::Hooked;

type With = fn(&Cancel);

fn trigger(cancel: &Cancel) {
    cancel.trigger(because());
}

fn because() -> Error {
    Error::new(libc::ECANCELED, "because")
}

/// What `strike_all` does until its end.
fn strike(cancel: &Cancel, end: fn(Strike<'_>)) {
    let cause = because();
    let mut strike = Strike::of(&cause);
    if let Some(below) = cancel.strike(&mut strike) {
        strike.go_on(below);
    }
    end(strike);
}

fn on_another_thread(cancel: &Cancel, trigger: With) -> thread::JoinHandle<()> {
    let cancel = cancel.clone();
    thread::spawn(move || trigger(&cancel))
}

/// Somebody cancels what lies between a handle and one below it; or the handle itself.
fn two_cancel(trigger: With, both_the_same: bool) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let between = parent.child();
        let low = between.child();
        let theirs = if both_the_same { &parent } else { &between };
        let other = on_another_thread(theirs, trigger);
        trigger(&parent);
        assert!(low.cancelled());
        other.join().unwrap();
    });
}

#[test]
fn c8_another_cancels_something_in_between() {
    two_cancel(trigger, false);
}

#[test]
fn c8_another_cancels_the_same() {
    two_cancel(trigger, true);
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_waits_for_nobody() {
    two_cancel(
        |cancel| {
            strike(cancel, |mut strike| {
                strike.met.clear();
                drop(strike.end());
            });
        },
        false,
    );
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_is_over_before_it_has_gone_down() {
    two_cancel(
        |cancel| {
            let cause = because();
            let mut strike = Strike::of(&cause);
            let below = cancel.strike(&mut strike).unwrap_or_default();
            if strike.number != NONE {
                UNDER_WAY.end(strike.number);
            }
            strike.go_on(below);
            UNDER_WAY.wait(&strike.met);
        },
        true,
    );
}

/// Two cancel, and each meets the other, below handles that are below both (C10).
fn two_meet(trigger: With) {
    explore(2, move || {
        let [here, there] = [Cancel::root(None), Cancel::root(None)];
        let [further, nearer] = [there.child(), there.child()];
        let one = Cancel::below_all(&[here.clone(), nearer]);
        let other = Cancel::below_all(&[here.clone(), further]);
        let low = [one.child(), other.child()];
        let elsewhere = low.clone();
        let thread = thread::spawn(move || {
            trigger(&there);
            assert!(elsewhere.iter().all(|low| low.cancelled()));
        });
        trigger(&here);
        assert!(low.iter().all(|low| low.cancelled()));
        thread.join().unwrap();
    });
}

#[test]
fn c8_two_that_meet_each_other_do_not_wait_in_a_circle() {
    two_meet(trigger);
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_waits_until_the_other_is_over() {
    two_meet(|cancel| {
        strike(cancel, |strike| {
            let is_one = |known: &Known| strike.met.contains(&known.number);
            let goes_on = |state: &mut State| state.strikes.iter().any(is_one);
            let mut state = UNDER_WAY.state.lock();
            state.waiting += 1;
            state = UNDER_WAY.bell.wait_while(state, goes_on);
            state.waiting -= 1;
            drop(state);
            if strike.number != NONE {
                UNDER_WAY.end(strike.number);
            }
        });
    });
}

/// Three cancel, each something below what the other does: who waits for one waits for whom that one waits for.
fn three_cancel(trigger: With) {
    explore(2, move || {
        let top = Cancel::root(None);
        let parent = top.child();
        let between = parent.child();
        let low = between.child();
        let others = [&parent, &between].map(|cancel| on_another_thread(cancel, trigger));
        trigger(&top);
        assert!(low.cancelled());
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn c8_who_waits_for_another_waits_for_all() {
    three_cancel(trigger);
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_is_over_before_those_that_it_has_met() {
    three_cancel(|cancel| {
        strike(cancel, |strike| {
            if strike.number != NONE {
                UNDER_WAY.end(strike.number);
            }
            UNDER_WAY.wait(&strike.met);
        });
    });
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_rings_before_it_is_over() {
    two_cancel(
        |cancel| {
            strike(cancel, |strike| {
                UNDER_WAY.wait(&strike.met);
                let waiting = UNDER_WAY.state.lock().waiting;
                if waiting > 0 {
                    UNDER_WAY.bell.notify_all();
                }
                let number = strike.number;
                let others = |other: &Known| other.number != number;
                UNDER_WAY.state.lock().strikes.retain(others);
            });
        },
        true,
    );
}

global!(LOW: Mutex<Option<Cancel>> = Mutex::new(None));

extern "C-unwind" fn finds_all_cancelled(_: *mut c_void) {
    let low = LOW.lock().clone().expect("it was set");
    assert!(low.cancelled());
}

const HOOK: Notice = Notice {
    function: finds_all_cancelled,
    data: std::ptr::null_mut(),
};

/// Hooks of a handle, an early one and a late one, while two cancel it.
fn hooks_run(hook_late: With) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let low = parent.child();
        *LOW.lock() = Some(low.clone());
        let hooked = Hooked::on(parent.clone(), HOOK);
        // The one that looks is not the first to run: else loom takes no look between the others' steps.
        let other = on_another_thread(&parent, hook_late);
        trigger(&parent);
        other.join().unwrap();
        drop(hooked);
        LOW.lock().take();
    });
}

#[test]
fn c8_hooks_run_when_all_is_cancelled() {
    hooks_run(|cancel| drop(Hooked::on(cancel.clone(), HOOK)));
}

#[test]
#[ignore = "a mutant"]
fn c8_mutant_runs_a_hook_that_comes_late_at_once() {
    hooks_run(|cancel| {
        if cancel.cancelled() {
            finds_all_cancelled(std::ptr::null_mut());
        }
    });
}

/// A hook cancels what another thread is just cancelling.
#[test]
fn c8_a_hook_that_cancels_waits_for_no_hook() {
    extern "C-unwind" fn cancel_again(_: *mut c_void) {
        let low = LOW.lock().clone().expect("it was set");
        trigger(&low);
        assert!(low.cancelled());
    }
    loom::model(|| {
        let parent = Cancel::root(None);
        let low = parent.child();
        *LOW.lock() = Some(parent.clone());
        let notice = Notice {
            function: cancel_again,
            data: std::ptr::null_mut(),
        };
        let hooks = [&parent, &low].map(|cancel| Hooked::on(cancel.clone(), notice));
        let other = on_another_thread(&parent, trigger);
        trigger(&low);
        other.join().unwrap();
        drop(hooks);
        LOW.lock().take();
    });
}
