//! Models of H1, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::sync::atomic::AtomicBool;

global!(WERE_REPLACED: AtomicBool = AtomicBool::new(false));

/// Hooks that are told of nothing any more once others are set.
struct Former;

/// Hooks that may be told of anything.
struct Later;

macro_rules! callbacks {
    ($name:ident, |$region:ident| $end:expr) => {
        impl Callbacks for $name {
            fn task_begin(&self, _: &Told<'_>, _: Option<&Told<'_>>) -> Word {
                std::ptr::null_mut()
            }
            fn task_end(&self, _: &Told<'_>, _: Option<&Error>, _: Option<&Error>) {}
            fn region_begin(&self, _: Option<&Told<'_>>, _: u64, _: &CStr) {}
            fn region_end(&self, $region: u64) {
                $end
            }
            fn log(&self, _: Option<&Told<'_>>, _: &CStr, _: &CStr) {}
            fn spawn(&self, _: Option<&Told<'_>>, _: u64) {}
            fn arrive(&self, _: Option<&Told<'_>>, _: u64) {}
        }
    };
}

callbacks!(Former, |_region| {
    assert!(!WERE_REPLACED.load(Ordering::SeqCst));
    assert!(!WERE_REPLACED.load(Ordering::SeqCst));
});
callbacks!(Later, |_region| ());

fn tell_something() {
    tell(|hooks| hooks.callbacks.region_end(1));
}

fn telling_races_with_setting(telling: fn(), setting: fn(Option<Box<dyn Callbacks>>)) {
    loom::model(move || {
        set(Some(Box::new(Former))).unwrap();
        let others = [telling, telling].map(thread::spawn);
        setting(Some(Box::new(Later)));
        WERE_REPLACED.store(true, Ordering::SeqCst);
        for other in others {
            other.join().unwrap();
        }
        set(None).unwrap();
        assert_eq!(REGISTRY.lock().telling_former, 0);
    });
}

fn set_others(callbacks: Option<Box<dyn Callbacks>>) {
    set(callbacks).unwrap();
}

#[test]
fn h1_replaced_is_replaced() {
    telling_races_with_setting(tell_something, set_others);
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_does_not_wait() {
    telling_races_with_setting(tell_something, |callbacks| {
        REGISTRY.lock().replace(callbacks);
    });
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_waits_for_those_of_the_later_hooks() {
    telling_races_with_setting(tell_something, |callbacks| {
        let mut registry = REGISTRY.lock();
        let (number, callbacks) = (registry.settings, callbacks.unwrap());
        registry.current = Some(Arc::new(Hooks { number, callbacks }));
        drop(BELL.wait_while(registry, |registry| registry.telling_former > 0));
    });
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_does_not_say_that_it_tells() {
    let tell = || {
        let hooks = REGISTRY.lock().current.clone();
        hooks.map(|hooks| hooks.callbacks.region_end(1));
    };
    telling_races_with_setting(tell, set_others);
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_does_not_ring() {
    let tell = || {
        let Some(hooks) = REGISTRY.lock().enter() else {
            return;
        };
        hooks.callbacks.region_end(1);
        REGISTRY.lock().leave(&hooks);
    };
    telling_races_with_setting(tell, set_others);
}
