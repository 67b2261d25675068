//! Models of T5, T6 and T7, with mutants that they must catch. A model's own threads serve.

use loom::thread::{self, JoinHandle};

use super::tell as tell_one;
use super::*;
use crate::base::clock::Duration;
use crate::base::sync::Arc;
use crate::base::sync::atomic::{AtomicUsize, Ordering};
use crate::scope::waiter::Waiter;

/// Counts how often it is told, and can be waited for.
struct Told {
    times: AtomicUsize,
    waiter: Waiter,
}

impl Listener for Told {
    fn tell(&self) {
        self.times.fetch_add(1, Ordering::Relaxed);
        self.waiter.ring();
    }
}

impl Told {
    fn new() -> Arc<Told> {
        let (times, waiter) = (AtomicUsize::new(0), Waiter::new());
        Arc::new(Told { times, waiter })
    }

    fn times(&self) -> usize {
        self.times.load(Ordering::Relaxed)
    }
}

/// Of no use to anybody in a model, where it does not come.
fn never() -> Instant {
    clock::now() + Duration::from_secs(1000)
}

fn weak(told: &Arc<Told>) -> Weak<dyn Listener> {
    let told: Weak<Told> = Arc::downgrade(told);
    told
}

/// Adds one, and sends a thread if there is to be one.
fn tell(moment: Instant, told: &Arc<Told>, serve: fn()) -> (Ticket, Option<JoinHandle<()>>) {
    let (ticket, wants_thread) = add(moment, weak(told));
    (ticket, wants_thread.then(|| thread::spawn(serve)))
}

/// One comes as the thread goes that has told another.
fn one_comes_late(serve: fn()) {
    loom::model(move || {
        let (first, second) = (Told::new(), Told::new());
        let (_, one) = tell(clock::now(), &first, serve);
        let (_, two) = tell(clock::now(), &second, serve);
        one.into_iter()
            .chain(two)
            .for_each(|thread| thread.join().unwrap());
        assert_eq!((first.times(), second.times()), (1, 1));
    });
}

#[test]
fn t5_who_comes_as_the_thread_goes_is_told() {
    one_comes_late(serve);
}

#[test]
#[ignore = "a mutant"]
fn t5_mutant_says_later_that_it_goes() {
    one_comes_late(|| {
        loop {
            let next = {
                let mut state = TIMER.lock();
                state.take_due()
            };
            let Some(next) = next else { break };
            tell_one(next);
        }
        TIMER.lock().is_served = false;
    });
}

/// Nobody is left to be told.
fn the_last_is_forgotten(forget: fn(Ticket)) {
    loom::model(move || {
        let told = Told::new();
        let (ticket, thread) = tell(never(), &told, serve);
        forget(ticket);
        thread.unwrap().join().unwrap();
        assert_eq!(told.times(), 0);
    });
}

#[test]
fn t5_the_thread_goes_when_the_last_is_forgotten() {
    the_last_is_forgotten(forget);
}

#[test]
#[ignore = "a mutant"]
fn t5_mutant_forgets_in_silence() {
    the_last_is_forgotten(|ticket| drop(TIMER.lock().waiting.remove(&ticket)));
}

/// One is to be told before the one for whom the thread waits.
fn one_is_earlier(add_earlier: fn(Arc<Told>)) {
    loom::model(move || {
        let (late, early) = (Told::new(), Told::new());
        let (ticket, thread) = tell(never(), &late, serve);
        add_earlier(early.clone());
        early.waiter.wait(None);
        forget(ticket);
        thread.unwrap().join().unwrap();
        assert_eq!((early.times(), late.times()), (1, 0));
    });
}

#[test]
fn t6_who_is_earlier_is_told_earlier() {
    one_is_earlier(|early| assert!(!add(clock::now(), weak(&early)).1));
}

#[test]
#[ignore = "a mutant"]
fn t6_mutant_comes_in_silence() {
    one_is_earlier(|early| {
        _ = TIMER
            .lock()
            .waiting
            .insert((clock::now(), 100), weak(&early))
    });
}

/// One comes by as the thread begins.
fn one_comes_by(take: fn() -> Option<Weak<dyn Listener>>) {
    loom::model(move || {
        let told = Told::new();
        add(clock::now(), weak(&told));
        let tell_next = move || take().into_iter().for_each(tell_one);
        let thread = thread::spawn(tell_next);
        tell_next();
        thread.join().unwrap();
        assert_eq!(told.times(), 1);
    });
}

#[test]
fn t7_who_comes_by_tells_or_the_thread_does() {
    one_comes_by(|| TIMER.lock().take_due());
}

#[test]
#[ignore = "a mutant"]
fn t7_mutant_looks_and_takes_it_later() {
    one_comes_by(|| {
        let first = TIMER.lock().waiting.values().next().cloned();
        drop(TIMER.lock().waiting.pop_first());
        first
    });
}
