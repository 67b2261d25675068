//! Models of I2 and I3, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::sync::Condvar;

/// What ends when its thread says so, and who waits for it.
struct End {
    activity: Id,
    has_come: Mutex<bool>,
    bell: Condvar,
}

impl End {
    fn new() -> Arc<End> {
        Arc::new(End {
            activity: activity::new_id(),
            has_come: Mutex::new(false),
            bell: Condvar::new(),
        })
    }

    fn come(&self) {
        *self.has_come.lock() = true;
        self.bell.notify_all();
    }

    /// Whether it has come; else the wait was refused.
    fn wait(self: &Arc<End>, begin: Begin) -> bool {
        let waiting = begin(self.activity, self.clone());
        let goes_on = |has_come: &mut bool| !*has_come && !waiting.is_refused();
        *self.bell.wait_while(self.has_come.lock(), goes_on)
    }
}

impl Awaited for End {
    fn ring(&self) {
        let _has_come = self.has_come.lock();
        self.bell.notify_all();
    }
}

type Begin = fn(Id, Arc<dyn Awaited>) -> Waiting;

/// Two wait for each other, each from inside of itself: the one that waits for the older one is refused.
fn two_wait_for_each_other(begin: Begin) {
    loom::model(move || {
        let (older, younger) = (End::new(), End::new());
        let other = thread::spawn({
            let (older, younger) = (older.clone(), younger.clone());
            move || {
                let waited = activity::inside(younger.activity, || older.wait(begin));
                younger.come();
                waited
            }
        });
        let waited = activity::inside(older.activity, || younger.wait(begin));
        older.come();
        assert!(waited);
        assert!(!other.join().unwrap());
        assert!(WAITS.lock().is_empty());
    });
}

#[test]
fn i2_i3_one_of_two_is_refused() {
    two_wait_for_each_other(|activity, awaited| begin(activity, || awaited));
}

#[test]
#[ignore = "a mutant"]
fn i2_mutant_refuses_nobody() {
    two_wait_for_each_other(|_, _| Waiting(None));
}

/// As `begin`, but another wait is refused, or in another way.
fn begin_wrongly(
    activity: Id,
    awaited: Arc<dyn Awaited>,
    refuse: fn(&Arc<Wait>, oldest: &Arc<Wait>),
) -> Waiting {
    let wait = Arc::new(Wait {
        inside_of: activity::current(),
        activity,
        awaited,
        is_refused: AtomicBool::new(false),
    });
    let oldest = {
        let mut waits = WAITS.lock();
        note(&mut waits, &wait);
        oldest_in_ring(&waits, &wait)
    };
    if let Some(oldest) = oldest {
        refuse(&wait, &oldest);
    }
    Waiting(Some(wait))
}

#[test]
#[ignore = "a mutant"]
fn i2_mutant_refuses_who_comes_last() {
    two_wait_for_each_other(|activity, awaited| {
        begin_wrongly(activity, awaited, |last, _| {
            last.is_refused.store(true, Ordering::Relaxed);
        })
    });
}

#[test]
#[ignore = "a mutant"]
fn i3_mutant_wakes_before_it_refuses() {
    two_wait_for_each_other(|activity, awaited| {
        begin_wrongly(activity, awaited, |_, oldest| {
            oldest.awaited.ring();
            oldest.is_refused.store(true, Ordering::Relaxed);
        })
    });
}
