//! Models of the whole engine, from no thread to no thread: F1, F3 and F6 as the caller keeps them,
//! with mutants that they must catch.

use super::*;
use crate::base::models::{explore, threads};
use crate::engine::crew;
use crate::engine::models::meeting::{Meeting, Run};

const RULE: Rule = Rule::of("group", Decides::Failing);

fn as_it_is(meeting: &Meeting, context: &Context<'_>) -> Noted {
    run_several(meeting, context, RULE)
}

/// Children that wait for each other, and so many threads that can be had, the sentinel's too. If there
/// are too few, the children that cannot run fail, and so the others are cancelled. If one is left
/// unclaimed, those that run wait for ever, which the model reports.
fn children_meet(children: usize, threads: usize, run: Run) {
    explore(2, move || {
        threads::at_most(threads);
        let denied = Meeting::of(children).run(run);
        assert!(denied == 0 || threads < children);
        threads::join();
    });
}

/// The same, when its children stalled the last time.
fn children_meet_again(children: usize, threads: usize, run: Run) {
    explore(2, move || {
        threads::at_most(threads);
        let meeting = Meeting::of(children);
        meeting.note_stalled(true);
        let denied = meeting.run(run);
        assert!(denied == 0 || threads < children - 1);
        threads::join();
    });
}

#[test]
fn f1_f6_who_publishes_is_watched() {
    children_meet(2, usize::MAX, as_it_is);
}

#[test]
fn f1_f6_twice() {
    explore(1, || {
        let meeting = Meeting::of(2);
        assert_eq!(meeting.run(as_it_is), 0);
        assert_eq!(meeting.run(as_it_is), 0);
        threads::join();
    });
}

fn publish_and_work(
    fan_out: &Arc<FanOut<Meeting>>,
    meeting: &Meeting,
    context: &Context<'_>,
) -> Noted {
    slots::watch(context.slot);
    context.inside(What::Children("a model", Some(fan_out)), || {
        fan_out.work(meeting, context);
        fan_out.join()
    })
}

#[test]
#[ignore = "a mutant"]
fn f6_mutant_has_itself_watched_before_it_publishes() {
    children_meet(2, usize::MAX, |meeting, context| {
        let fan_out = Arc::new(FanOut::new(meeting, context, RULE));
        sentinel::watch(&fan_out, 1).expect("there are threads");
        publish_and_work(&fan_out, meeting, context)
    });
}

#[test]
fn f3_without_any_thread_all_but_one_fail() {
    children_meet(3, 0, as_it_is);
}

#[test]
fn f3_with_the_sentinel_alone_all_but_one_fail() {
    children_meet(3, 1, as_it_is);
}

/// Children that wait for each other when no thread can be made, and so many are parked.
fn children_meet_beside_parked(children: usize, parked: usize, run: Run) {
    explore(2, move || {
        let parked: Vec<_> = (0..parked).map(|_| crew::park_for_one_job()).collect();
        threads::at_most(0);
        let denied = Meeting::of(children).run(run);
        assert!(denied == 0 || parked.len() + 1 < children);
        parked.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn f3_parked_threads_are_helpers_enough() {
    children_meet_beside_parked(2, 1, as_it_is);
}

#[test]
fn f3_a_parked_thread_watches() {
    children_meet_beside_parked(3, 1, as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_counts_on_too_few_who_are_parked() {
    children_meet_beside_parked(3, 1, |meeting, context| counts_on(1, meeting, context));
}

/// The same in a program that has rested: a parked thread is sent in the place of the sentinel, which sleeps.
fn children_meet_after_a_rest(children: usize, run: Run) {
    explore(2, move || {
        let parked = crew::park_for_one_job();
        threads::at_most(usize::MAX);
        sentinel::pretend_rested();
        assert_eq!(Meeting::of(children).run(run), 0);
        parked.join().unwrap();
        threads::join();
    });
}

#[test]
fn f1_a_parked_thread_comes_after_a_rest() {
    children_meet_after_a_rest(2, as_it_is);
}

#[test]
#[ignore = "a mutant"]
fn f1_mutant_sends_one_after_a_rest_for_two() {
    children_meet_after_a_rest(3, |meeting, context| {
        let fan_out = Arc::new(FanOut::new(meeting, context, RULE));
        slots::watch(context.slot);
        context.inside(What::Children("a model", Some(&fan_out)), || {
            sentinel::watch(&fan_out, 1).expect("there are threads");
            fan_out.work(meeting, context);
            fan_out.join()
        })
    });
}

#[test]
fn f1_with_a_helper_each_nobody_needs_to_watch() {
    children_meet_again(3, 2, as_it_is);
}

#[test]
fn f3_helpers_who_were_denied_are_not_counted_on() {
    children_meet_again(3, 1, as_it_is);
}

/// Sends so many helpers up front, and then counts on them.
fn counts_on(helpers: usize, meeting: &Meeting, context: &Context<'_>) -> Noted {
    let fan_out = Arc::new(FanOut::new(meeting, context, RULE));
    let _ = sentinel::send_helpers(&fan_out, helpers);
    publish_and_work(&fan_out, meeting, context)
}

#[test]
#[ignore = "a mutant"]
fn f1_mutant_sends_one_helper_too_few() {
    children_meet_again(3, 2, |meeting, context| counts_on(1, meeting, context));
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_counts_on_helpers_who_were_denied() {
    children_meet_again(3, 1, |meeting, context| counts_on(2, meeting, context));
}
