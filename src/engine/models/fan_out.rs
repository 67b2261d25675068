//! Models of F2 to F5, F9 and F10, each with a mutant that it must catch.

use std::sync::atomic::AtomicUsize as Counter;

use loom::thread;

use super::*;
use crate::base::error::Outcome;
use crate::base::models::explore;
use crate::engine::frames;
use crate::engine::models::{lasting_scope, without_hints};
use crate::scope::cancel::Scope;

const CONCURRENT: Rule = Rule::of("concurrent", Decides::Nobody);
const GROUP: Rule = Rule::of("group", Decides::Failing);

/// Two children that count their runs and fail.
#[derive(Clone)]
struct Two(Arc<[Counter; 2]>);

impl Children for Two {
    fn count(&self) -> usize {
        self.0.len()
    }
    fn run_one(&self, index: usize, _: &Context<'_>) -> Outcome {
        self.0[index].fetch_add(1, Ordering::Relaxed);
        Err(Error::new(1, "fails"))
    }
    without_hints!();
}

impl Two {
    fn runs(&self) -> [usize; 2] {
        self.0.each_ref().map(|runs| runs.load(Ordering::Relaxed))
    }
}

/// A fan-out with two children, and what its caller has.
struct Scene {
    fan_out: Arc<FanOut<Two>>,
    /// Lent, so they stay where they are (F11).
    children: Box<Two>,
    scope: Box<Scope<'static>>,
}

fn two_children(rule: Rule) -> Scene {
    let children = Box::new(Two(Arc::default()));
    let scope = Box::new(lasting_scope());
    let fan_out = on_this_thread(&scope, |context| FanOut::new(&*children, &context, rule));
    let fan_out = Arc::new(fan_out);
    Scene {
        fan_out,
        children,
        scope,
    }
}

fn on_this_thread<T>(scope: &Scope<'_>, code: impl FnOnce(Context<'_>) -> T) -> T {
    frames::enter(What::Run("a model"), scope, None, 0, code)
}

impl Scene {
    /// What the caller does.
    fn work(&self) {
        on_this_thread(&self.scope, |context| {
            self.fan_out.work(&self.children, &context)
        });
    }
}

fn helper(fan_out: &Arc<FanOut<Two>>, help: fn(&FanOut<Two>)) -> thread::JoinHandle<()> {
    let fan_out = fan_out.clone();
    thread::spawn(move || help(&fan_out))
}

fn caller_and_helper(help: fn(&FanOut<Two>)) {
    loom::model(move || {
        let scene = two_children(CONCURRENT);
        let other = helper(&scene.fan_out, help);
        scene.work();
        assert_eq!(scene.fan_out.join().unwrap().errors.len(), 2);
        // When the caller goes on, all have run, and nothing is held any more, wherever the helper is.
        assert_eq!(scene.children.runs(), [1, 1]);
        assert!(!scene.scope.handle().is_shared());
        assert_eq!(Arc::strong_count(&scene.children.0), 1);
        other.join().unwrap();
    });
}

#[test]
fn f2_f4_each_child_is_run_and_reported_once_and_nothing_is_held() {
    caller_and_helper(FanOut::help);
}

#[test]
#[ignore = "a mutant"]
fn f2_mutant_claims_in_two_steps() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        let left = fan_out.first.left();
        let next = left.start;
        if !left.is_empty() {
            fan_out.first.fill(next + 1..left.end);
            let scope = Scope::of(Some(&work.cancel), None);
            on_this_thread(&scope, |context| {
                fan_out.run_child(&work.children, next, &context)
            });
        }
        drop(work);
        fan_out.leave();
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_leaves_before_it_lets_go() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        fan_out.help_with(&work);
        fan_out.leave();
        drop(work);
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_comes_in_unannounced() {
    caller_and_helper(|fan_out| {
        let work = fan_out.state.lock().open.as_ref().map(Lent::work);
        let Some(work) = work else { return };
        fan_out.help_with(&work);
    });
}

fn children_are_given_up(give_up: fn(&FanOut<Two>)) {
    loom::model(move || {
        let scene = two_children(CONCURRENT);
        let other = helper(&scene.fan_out, give_up);
        scene.work();
        let errors = scene.fan_out.join().unwrap().errors;
        let runs: usize = scene.children.runs().iter().sum();
        let denied = errors
            .iter()
            .filter(|error| error.code() == libc::EAGAIN)
            .count();
        assert_eq!(runs + denied, 2);
        other.join().unwrap();
    });
}

#[test]
fn f3_given_up_children_are_reported_and_not_run() {
    children_are_given_up(|fan_out| fan_out.give_up_unclaimed());
}

#[test]
#[ignore = "a mutant"]
fn f3_mutant_gives_up_without_claiming() {
    children_are_given_up(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        let unclaimed = fan_out.unclaimed();
        for _ in 0..unclaimed {
            fan_out.note_end(Err(Error::new(libc::EAGAIN, "denied")), &work.cancel);
        }
        drop(work);
        fan_out.leave();
    });
}

fn both_fail(fail: fn(&FanOut<Two>, Error, &Cancel)) {
    loom::model(move || {
        let scene = two_children(GROUP);
        let (fan_out, cancel) = (scene.fan_out.clone(), scene.scope.handle().clone());
        let other = thread::spawn(move || fail(&fan_out, Error::new(1, "one"), &cancel));
        fail(&scene.fan_out, Error::new(2, "two"), scene.scope.handle());
        other.join().unwrap();
        let cause = scene
            .scope
            .handle()
            .cause()
            .expect("a failure cancels")
            .code();
        let mut state = scene.fan_out.state.lock();
        let ended = state.noted();
        assert_eq!(ended.errors[0].code(), cause);
        assert!(ended.cancelled_others);
    });
}

#[test]
fn f5_the_cause_is_the_first_error() {
    both_fail(|fan_out, error, cancel| fan_out.note_end(Err(error), cancel));
}

#[test]
#[ignore = "a mutant"]
fn f5_mutant_cancels_with_its_own_error() {
    both_fail(|fan_out, error, cancel| {
        {
            let mut state = fan_out.state.lock();
            let ended = state.noted();
            ended.errors.push(error.clone());
            ended.cancelled_others = true;
        }
        cancel.trigger(error);
    });
}

#[test]
#[ignore = "a mutant"]
fn f5_mutant_only_the_first_says_that_it_cancels() {
    both_fail(|fan_out, error, cancel| {
        let first = {
            let mut state = fan_out.state.lock();
            let ended = state.noted();
            ended.errors.push(error);
            ended.errors[0].clone()
        };
        if !cancel.cancelled() {
            let one = fan_out.state.lock().noted().errors.len() == 1;
            cancel.trigger(first);
            fan_out.state.lock().noted().cancelled_others |= one;
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn f4_mutant_rings_before_it_is_out() {
    caller_and_helper(|fan_out| {
        let Some(work) = fan_out.enter() else { return };
        fan_out.help_with(&work);
        drop(work);
        fan_out.empty.notify_one();
        fan_out.state.lock().inside -= 1;
    });
}

/// Three children of which two may run at the same time.
#[derive(Clone)]
struct Crowd(Arc<[Counter; 2]>);

impl Children for Crowd {
    fn count(&self) -> usize {
        3
    }
    fn run_one(&self, _: usize, _: &Context<'_>) -> Outcome {
        let [running, most] = &*self.0;
        most.fetch_max(
            running.fetch_add(1, Ordering::Relaxed) + 1,
            Ordering::Relaxed,
        );
        thread::yield_now();
        running.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
    without_hints!();
}

/// A caller and two helpers, of whom one is too many.
fn one_too_many(help: fn(&FanOut<Crowd>)) {
    explore(2, move || {
        let children = Crowd(Arc::default());
        let scope = lasting_scope();
        let rule = CONCURRENT.limited(2);
        let fan_out = on_this_thread(&scope, |context| FanOut::new(&children, &context, rule));
        let fan_out = Arc::new(fan_out);
        let others = [(); 2].map(|()| {
            let fan_out = fan_out.clone();
            thread::spawn(move || help(&fan_out))
        });
        on_this_thread(&scope, |context| fan_out.work(&children, &context));
        fan_out.join();
        assert!(children.0[1].load(Ordering::Relaxed) <= 2);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn f10_no_more_run_than_may() {
    one_too_many(FanOut::help);
}

#[test]
#[ignore = "a mutant"]
fn f10_mutant_looks_before_it_comes_in() {
    one_too_many(|fan_out| {
        if fan_out.state.lock().inside >= fan_out.rule.limit - 1 {
            return;
        }
        let work = {
            let mut state = fan_out.state.lock();
            let Some(work) = state.open.as_ref().map(Lent::work) else {
                return;
            };
            state.inside += 1;
            work
        };
        fan_out.help_with(&work);
        drop(work);
        fan_out.leave();
    });
}

/// Notes how a child has ended; tells whether it has decided.
type Compete = fn(&FanOut<Two>, Outcome) -> bool;

fn both_complete(compete: Compete) {
    loom::model(move || {
        let scene = two_children(Rule::of("race", Decides::First));
        let fan_out = scene.fan_out.clone();
        let other = thread::spawn(move || compete(&fan_out, Err(Error::new(1, "fails"))));
        let won = compete(&scene.fan_out, Ok(()));
        let lost = other.join().unwrap();
        assert!(won != lost, "one of them decides");
        let mut state = scene.fan_out.state.lock();
        let ended = state.noted();
        assert_eq!(ended.is_won, won);
        assert_eq!(ended.errors.len(), 1);
        assert_eq!(scene.fan_out.left(), 0);
    });
}

#[test]
fn f9_one_decides() {
    both_complete(|fan_out, outcome| fan_out.note(outcome).is_some());
}

#[test]
#[ignore = "a mutant"]
fn f9_mutant_is_decided_twice() {
    both_complete(|fan_out, outcome| {
        let is_decided = fan_out.state.lock().noted().is_decided;
        let mut state = fan_out.state.lock();
        let ended = state.noted();
        ended.is_decided = is_decided;
        let decides = ended.compete(outcome, Decides::First).is_some();
        drop(fan_out.close(&mut state));
        decides
    });
}

/// While one child of a race completes, the other is claimed: it runs, or it never begins, which the caller counts on.
fn one_completes(complete: fn(&FanOut<Two>)) {
    loom::model(move || {
        let scene = two_children(Rule::of("race", Decides::First));
        let claimed = scene
            .fan_out
            .claim(&scene.fan_out.first, scene.scope.handle());
        assert_eq!(claimed, Some(0));
        let (fan_out, cancel) = (scene.fan_out.clone(), scene.scope.handle().clone());
        let other = thread::spawn(move || {
            let was_decided = fan_out.state.lock().noted().is_decided;
            let claimed = fan_out.claim(&fan_out.first, &cancel);
            assert!(
                claimed.is_none() || !was_decided,
                "it begins after the decision"
            );
        });
        complete(&scene.fan_out);
        other.join().unwrap();
    });
}

#[test]
fn f9_what_has_not_begun_never_begins() {
    one_completes(|fan_out| drop(fan_out.note(Ok(()))));
}

#[test]
#[ignore = "a mutant"]
fn f9_mutant_closes_after_the_decision() {
    one_completes(|fan_out| {
        let cause = fan_out.state.lock().noted().compete(Ok(()), Decides::First);
        drop(fan_out.close(&mut fan_out.state.lock()));
        drop(cause);
    });
}
