//! Models of C3 for a hook on a handle, with mutants that they must catch. (What of C3 concerns the hook
//! alone is in the models of `hook`.)

use std::ffi::c_void;

use loom::thread;

use super::*;
use crate::base::error::Error;
use crate::base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::base::sync::global;

/// Cancels it on another thread of the model.
fn cancelled(cancel: &Cancel) -> thread::JoinHandle<()> {
    let cancel = cancel.clone();
    thread::spawn(move || cancel.trigger(Error::new(libc::ECANCELED, "because")))
}

global!(RUNS: AtomicUsize = AtomicUsize::new(0));
global!(REMOVED: AtomicBool = AtomicBool::new(false));

/// Counts, and must not run any more once the hook is removed.
fn counts() -> Notice {
    extern "C-unwind" fn count(_: *mut c_void) {
        assert!(!REMOVED.load(Ordering::SeqCst));
        RUNS.fetch_add(1, Ordering::SeqCst);
        assert!(!REMOVED.load(Ordering::SeqCst));
    }
    Notice {
        function: count,
        data: std::ptr::null_mut(),
    }
}

fn hooking_races_with_cancellations(hook: fn(Cancel, Notice) -> Hooked) {
    loom::model(move || {
        let root = Cancel::root(None);
        let first = cancelled(&root);
        let second = cancelled(&root);
        let hooked = hook(root, counts());
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        drop(hooked);
    });
}

#[test]
fn c3_a_hook_runs_once_whoever_comes_first() {
    hooking_races_with_cancellations(Hooked::on);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_looks_before_it_hooks() {
    hooking_races_with_cancellations(|cancel, notice| {
        let hook = Common::new(|| Hook::new(notice, ManuallyDrop::new(cancel), true));
        if hook.cancel().cancelled() {
            hook.run();
        } else {
            // SAFETY: it is held until it is removed.
            hook.cancel().add_hook(unsafe { Lent::of(&hook) });
        }
        Hooked(Some(hook))
    });
}

fn removing_races_with_a_cancellation(remove: fn(Hooked)) {
    loom::model(move || {
        let root = Cancel::root(None);
        let hooked = Hooked::on(root.clone(), counts());
        let other = cancelled(&root);
        remove(hooked);
        REMOVED.store(true, Ordering::SeqCst);
        other.join().unwrap();
        assert!(RUNS.load(Ordering::SeqCst) <= 1);
        assert!(!root.is_shared());
    });
}

#[test]
fn c3_a_removed_hook_does_not_run() {
    removing_races_with_a_cancellation(drop);
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_only_takes_it_out_of_the_list() {
    removing_races_with_a_cancellation(|hooked| {
        // SAFETY: there is no place.
        unsafe { hooked.remove(|_stop| {}, || None) }
    });
}

/// The handle goes as soon as the hook is removed, as after a callback.
fn lending_races_with_a_cancellation_above(remove: fn(Hooked) -> Option<Cancel>) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let child = parent.child();
        let other = cancelled(&parent);
        // SAFETY: it is held until the hook is removed, and there is no place.
        let hooked = unsafe {
            let lent = ManuallyDrop::new(std::ptr::read(&raw const child));
            Hooked::on_lent(lent, counts(), None)
        };
        let kept = remove(hooked);
        REMOVED.store(true, Ordering::SeqCst);
        drop(child);
        other.join().unwrap();
        drop(kept);
        assert!(!parent.is_shared());
    });
}

#[test]
fn c13_a_removed_hook_does_not_look_at_what_was_lent() {
    lending_races_with_a_cancellation_above(|hooked| {
        drop(hooked);
        None
    });
}

#[test]
#[ignore = "a mutant"]
fn c13_mutant_does_not_stop_what_was_lent() {
    lending_races_with_a_cancellation_above(|hooked| {
        // What it looks at too late is to be there.
        let kept = hooked.0.as_ref().map(|hook| hook.cancel().clone());
        // SAFETY: there is no place.
        unsafe { hooked.remove(|_stop| {}, || None) }
        kept
    });
}

fn dropping_races_with_a_cancellation_above(keep_hook_only: fn(Cancel) -> Hooked) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let child = parent.child();
        let other = cancelled(&parent);
        let hooked = keep_hook_only(child);
        other.join().unwrap();
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        drop(hooked);
        assert!(!parent.is_shared());
    });
}

#[test]
fn c3_a_hook_holds_its_handle() {
    dropping_races_with_a_cancellation_above(|child| Hooked::on(child, counts()));
}

#[test]
#[ignore = "a mutant"]
fn c3_mutant_holds_some_other_handle() {
    dropping_races_with_a_cancellation_above(|child| {
        let hook = Common::new(|| Hook::new(counts(), ManuallyDrop::new(Cancel::root(None)), true));
        // SAFETY: it is held until it is removed.
        if !child.add_hook(unsafe { Lent::of(&hook) }) {
            hook.run();
        }
        Hooked(Some(hook))
    });
}
