//! Models of H1, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::sync::atomic::AtomicBool;

global!(WERE_REPLACED: AtomicBool = AtomicBool::new(false));

/// Hooks that are told of nothing any more once others are set.
struct Former;

/// Hooks that may be told of anything.
struct Later;

macro_rules! listener {
    ($name:ident, |$region:ident| $end:expr) => {
        impl Listener for $name {
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

listener!(Former, |_region| {
    assert!(!WERE_REPLACED.load(Ordering::SeqCst));
    assert!(!WERE_REPLACED.load(Ordering::SeqCst));
});
listener!(Later, |_region| ());

fn tell_something() {
    tell(|hooks| hooks.listener.region_end(1));
}

fn telling_races_with_setting(telling: fn(), setting: fn(Option<Box<dyn Listener>>)) {
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

fn set_others(listener: Option<Box<dyn Listener>>) {
    set(listener).unwrap();
}

#[test]
fn h1_replaced_is_replaced() {
    telling_races_with_setting(tell_something, set_others);
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_does_not_wait() {
    telling_races_with_setting(tell_something, |listener| {
        REGISTRY.lock().replace(listener);
    });
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_waits_for_those_of_the_later_hooks() {
    telling_races_with_setting(tell_something, |listener| {
        let mut registry = REGISTRY.lock();
        let (number, listener) = (registry.settings, listener.unwrap());
        registry.current = Some(Arc::new(Hooks { number, listener }));
        drop(BELL.wait_while(registry, |registry| registry.telling_former > 0));
    });
}

#[test]
#[ignore = "a mutant"]
fn h1_mutant_does_not_say_that_it_tells() {
    let tell = || {
        let hooks = REGISTRY.lock().current.clone();
        hooks.map(|hooks| hooks.listener.region_end(1));
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
        hooks.listener.region_end(1);
        REGISTRY.lock().leave(&hooks);
    };
    telling_races_with_setting(tell, set_others);
}
