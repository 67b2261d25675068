//! Models of F13, with mutants that they must catch.

use std::sync::atomic::AtomicUsize as Counter;

use loom::thread;

use super::*;
use crate::base::error::Outcome;
use crate::base::models::explore;
use crate::engine::fan_out::Work;
use crate::engine::frames::{self, Context, What};
use crate::engine::models::{lasting_scope, without_hints};
use crate::engine::rule::Decides;
use crate::scope::cancel::Scope;

const EACH: Rule = Rule {
    stops: true,
    ..Rule::of("each", Decides::Failing)
};

/// Children that count their runs.
#[derive(Clone)]
struct Counted(Arc<[Counter; WORTHWHILE]>);

impl Children for Counted {
    fn count(&self) -> usize {
        self.0.len()
    }
    fn run_one(&self, index: usize, _: &Context<'_>) -> Outcome {
        self.0[index].fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    without_hints!();
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, 0, code)
}

/// A caller, of whose share the last ones are beyond what is in shares, and a helper.
fn caller_and_helper(beyond: usize, help: fn(&FanOut<Counted>)) {
    explore(3, move || {
        let children = Counted(Arc::default());
        let scope = lasting_scope();
        let fan_out = on_this_thread(&scope, |context| FanOut::new(&children, &context, EACH));
        let within = WORTHWHILE - beyond;
        fan_out.first.fill(0..within);
        fan_out.state.lock().shares.get_or_insert_default().beyond = within..WORTHWHILE;
        let fan_out = Arc::new(fan_out);
        let helper = thread::spawn({
            let fan_out = fan_out.clone();
            move || help(&fan_out)
        });
        on_this_thread(&scope, |context| fan_out.work(&children, &context));
        assert_eq!(fan_out.not_claimed(), 0, "nobody would see to it");
        assert!(fan_out.join().is_none());
        let once = |runs: &Counter| runs.load(Ordering::Relaxed) == 1;
        assert!(children.0.iter().all(once));
        helper.join().unwrap();
    });
}

#[test]
fn f2_f13_each_is_in_one_share() {
    caller_and_helper(0, FanOut::help_out);
}

#[test]
fn f2_f13_each_beyond_is_claimed_once() {
    caller_and_helper(2, FanOut::help_out);
}

#[test]
fn f2_one_that_is_used_up_is_not_counted_up_into_its_end() {
    explore(3, || {
        let children = Counted(Arc::default());
        let scope = lasting_scope();
        let fan_out = on_this_thread(&scope, |context| FanOut::new(&children, &context, EACH));
        let (next, end) = (u32::MAX as usize - 2, 0);
        fan_out.first.fill(next..end);
        fan_out.state.lock().shares.get_or_insert_default().beyond = 0..WORTHWHILE;
        on_this_thread(&scope, |context| fan_out.work(&children, &context));
        let once = |runs: &Counter| runs.load(Ordering::Relaxed) == 1;
        assert!(children.0.iter().all(once));
    });
}

/// Who looks for half of a share, of which one is just used up, while another one is not.
fn one_is_used_up(claim: fn(&FanOut<Counted>, &Share) -> Option<usize>) {
    explore(3, move || {
        let children = Counted(Arc::default());
        let scope = lasting_scope();
        let fan_out = on_this_thread(&scope, |context| FanOut::new(&children, &context, EACH));
        let fan_out = Arc::new(fan_out);
        let share = || fan_out.share_for_helper().expect("it is divided");
        let (of_other, own) = (share(), share());
        fan_out.first.fill(0..2);
        of_other.fill(2..3);
        let caller = thread::spawn({
            let fan_out = fan_out.clone();
            move || fan_out.first.claim().and(fan_out.first.claim())
        });
        let found = claim(&fan_out, &own);
        assert!(found.is_some(), "there were three, and two were claimed");
        caller.join().unwrap();
    });
}

#[test]
fn f13_who_finds_nothing_has_seen_all_shares_used_up() {
    one_is_used_up(|fan_out, own| fan_out.claim_elsewhere(own));
}

#[test]
#[ignore = "a mutant"]
fn f13_mutant_takes_the_largest_for_all() {
    one_is_used_up(|fan_out, own| {
        let state = fan_out.state.lock();
        let (_, largest) = fan_out.largest(&state);
        own.fill(largest.take_half()?);
        own.claim()
    });
}

/// Takes a half of the caller's share in that way, and works on it.
fn help_with(take: fn(&FanOut<Counted>, &Share)) -> impl Fn(&FanOut<Counted>) {
    move |fan_out| {
        let Some(work): Option<Work<Counted>> = fan_out.enter() else {
            return;
        };
        let own = fan_out.share_for_helper().expect("it is divided");
        take(fan_out, &own);
        let scope = Scope::of(Some(&work.cancel), None);
        on_this_thread(&scope, |context| {
            fan_out.work_on_share(&own, &work.children, &context, || {})
        });
        drop(scope);
        drop(work);
        fan_out.leave();
    }
}

/// As a mutant does.
fn take_half_under_no_lock(fan_out: &FanOut<Counted>, own: &Share) {
    let half = fan_out.first.take_half();
    half.into_iter().for_each(|half| own.fill(half));
}

#[test]
#[ignore = "a mutant"]
fn f13_mutant_has_it_in_no_share_for_a_moment() {
    caller_and_helper(0, |fan_out| help_with(take_half_under_no_lock)(fan_out));
}

#[test]
#[ignore = "a mutant"]
fn f2_mutant_divides_in_two_steps() {
    caller_and_helper(0, |fan_out| {
        let take = |fan_out: &FanOut<Counted>, own: &Share| {
            let _turn = fan_out.state.lock();
            let left = fan_out.first.left();
            let middle = left.start + left.len() / 2;
            fan_out.first.fill(left.start..middle);
            own.fill(middle..left.end);
        };
        help_with(take)(fan_out);
    });
}

/// One fails while a helper divides: what is left is nobody's any more.
fn closed_meanwhile(help: fn(&FanOut<Counted>, &Share)) {
    explore(3, move || {
        let children = Counted(Arc::default());
        let scope = lasting_scope();
        let fan_out = on_this_thread(&scope, |context| FanOut::new(&children, &context, EACH));
        let fan_out = Arc::new(fan_out);
        let own = fan_out.share_for_helper().expect("it is divided");
        let helper = thread::spawn({
            let fan_out = fan_out.clone();
            move || help(&fan_out, &own)
        });
        fan_out.cut();
        assert_eq!(fan_out.not_claimed(), 0, "it would begin");
        helper.join().unwrap();
    });
}

#[test]
fn f9_f13_what_is_cut_is_in_no_share() {
    closed_meanwhile(|fan_out, own| _ = fan_out.claim_elsewhere(own));
}

#[test]
#[ignore = "a mutant"]
fn f9_mutant_divides_while_it_is_cut() {
    closed_meanwhile(take_half_under_no_lock);
}
