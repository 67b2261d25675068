//! Models of F1 and F3 as the sentinel keeps them, with mutants that they must catch.

use loom::thread;

use super::super::{AWAKE, SENTINEL, TICK};
use super::*;
use crate::base::models::{explore, threads};
use crate::base::sync::atomic::AtomicBool;
use crate::engine::fan_out;
use crate::engine::models::meeting::Meeting;
use crate::engine::rule::{Decides, Rule};

type Look = fn(&mut Survey, &Watched);

fn as_it_is(survey: &mut Survey, seen: &Watched) {
    survey.look_at(seen);
}

/// A sentinel that is awake for as long as there may be something to look at.
fn watch_with(look: Look, over: &AtomicBool) {
    let mut survey = Survey::on(Terms::OWN);
    while !over.load(Ordering::Relaxed) {
        survey.now = clock::now();
        for seen in slots::watched() {
            look(&mut survey, &seen);
        }
        clock::pause(TICK);
    }
}

/// Children that wait for each other, and so many helpers that can be had. If there are too few, the
/// children that cannot run fail, and so the others are cancelled. If one is left unclaimed, those that
/// run wait for ever, which the model reports.
fn children_meet(children: usize, helpers: usize, look: Look) {
    // A third child takes thirty times as long to explore.
    let preemptions = if children > 2 { 1 } else { 2 };
    explore(preemptions, move || {
        threads::at_most(helpers);
        SENTINEL.state.store(AWAKE, Ordering::SeqCst);
        let over = Arc::new(AtomicBool::new(false));
        let sentinel = {
            let over = over.clone();
            thread::spawn(move || watch_with(look, &over))
        };
        let meeting = Meeting::of(children);
        let denied = meeting.run(|meeting, context| {
            fan_out::run(meeting, context, Rule::of("group", Decides::Failing))
        });
        assert!(denied == 0 || helpers < children);
        over.store(true, Ordering::Relaxed);
        sentinel.join().unwrap();
        threads::join();
    });
}

#[test]
fn f1_a_child_that_waits_for_another_is_sent_a_helper() {
    children_meet(2, usize::MAX, as_it_is);
}

#[test]
fn f1_helpers_are_sent_until_the_last_child_is_claimed() {
    children_meet(3, usize::MAX, as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn f1_mutant_waits_for_helpers_to_be_done() {
    children_meet(3, usize::MAX, |_, Watched { backlog, .. }| {
        if backlog.watch().coming.load(Ordering::Relaxed) > 0 {
            return;
        }
        let helped = backlog.clone();
        helped.watch().coming.fetch_add(1, Ordering::Relaxed);
        let help = move || {
            helped.help();
            helped.watch().coming.fetch_sub(1, Ordering::Relaxed);
        };
        crew::lend(Box::new(help)).expect("there are threads");
    });
}

#[test]
fn f3_without_threads_what_is_unclaimed_fails() {
    children_meet(2, 0, as_it_is);
}

#[test]
fn f3_with_too_few_threads_what_is_unclaimed_fails() {
    children_meet(3, 1, as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_waits_for_those_who_were_denied() {
    children_meet(2, 0, |survey, seen| {
        let watch = seen.backlog.watch();
        if watch.coming.load(Ordering::Relaxed) > 0 {
            return;
        }
        survey.look_at(seen);
        let denied = watch
            .memory
            .lock()
            .as_ref()
            .is_some_and(|memory| memory.policy.is_denied());
        if denied {
            watch.coming.fetch_add(1, Ordering::Relaxed);
        }
    });
}
