//! The oracle: random trees are run on the library, through its C functions, and on a sequential
//! model of the contract. What they return, which leaves were started, and who saw which
//! cancellation must agree.
//!
//! # Why the outcome is certain although everything runs at the same time
//!
//! The leaves of a case interact in few ways only: by gates, by cancel handles, by promises, by the places of a nursery, by the
//! order of a sequence, by the first failure in a group, and by the first to complete in a race. A gate opens once, a promise
//! is completed once and a handle is cancelled once, all for good, so the only questions that a schedule could answer
//! differently are these:
//!
//! 1. Which of two cancellations of a handle, by a child's failure, by a trigger, by the end of all others, or from above,
//!    comes first and is its cause?
//! 2. Which child of a group fails first, and is listed first?
//! 3. Does a leaf that looks at a handle without waiting see it cancelled?
//! 4. What has begun before a cancellation that keeps the rest from beginning, and what was accepted by a nursery before it?
//! 5. Which child of a race is the first, and what had begun by then?
//! 6. Is there a place, or a child left, when a nursery is asked; is a promise complete when its waiter is cancelled?
//!
//! The model carries with everything the set of looks and cancellations that certainly happened
//! before it (`past.rs`): handed on from a step of a sequence to the next, by a gate from who opens
//! it to who waits at it, by a handle from who cancels it to who waits for that, and nothing else.
//! Where the two sides of a question do not know of each other, the case is racy: the generator
//! drops it; or, for question 3, where nothing depends on the answer, the answer is not compared; or, for questions 4 and 5,
//! each answer is a schedule of its own, for which the model is asked again (`schedule.rs`), and one of its outcomes must fit as
//! a whole. Question 6 is judged when the evaluation is over (`claims.rs`).
//! This is the argument of every race detector: all synchronisation is by things that happen once
//! and for good, so if some schedule differed from the model's, take the first point at which it
//! does. It is one of the questions above, answered the other way round; the pasts of both sides
//! are as they are in the model, and neither contains the other; so the model has seen the race and
//! dropped the case. (`the_model_does_not_depend_on_the_order` walks the trees in random orders to
//! try that.) A handle below another is cancelled "or is about to be", so to have seen the one
//! cancelled says nothing of the other: cancelling many handles at once counts as one event each,
//! known to who waits for that very handle or called the trigger.
//!
//! A race for the first failure in a group is wanted, too, and one in which all racers come in at the same moment. Its racers
//! are marked (`Op::Race`), and the model is asked once for each possible winner.
//!
//! That no more children run than a limit allows, is counted while they do (`crowd.rs`), for the model does not say when.
//!
//! The order of a multi error is compared block by block: the first failure of a group is first;
//! the errors of one child stay together; what remains is the order of completion, which no leaf
//! can see or force, so any order is accepted (`expect.rs`). Where several children bring back a
//! cause from above, each of them may be the one that is listed. All that is no echo of what the
//! combinator's handle or one above it was cancelled with comes first: so the list is gone through
//! twice, once for the failures and once for the echoes (`matcher.rs`).
//!
//! # What it would notice
//!
//! `model.rs` has the rules that the model can be made to get wrong (`Broken`); the library must be noticed to
//! differ from each of these within some thousand trees. The other way round, a mistake was put into the library, one at a time, and the
//! oracle failed with each: [tests/README.md](README.md) lists them.
//!
//! # Replaying
//!
//! `PROCESSION_ORACLE_SEED` is the seed of the first tree (the next tree has the next number), and
//! `PROCESSION_ORACLE_TREES` says how many. A failure prints both, the tree, and a smaller one that
//! fails likewise.

#[path = "oracle/abi.rs"]
mod abi;
#[path = "oracle/background.rs"]
mod background;
#[path = "oracle/case.rs"]
mod case;
#[path = "oracle/claims.rs"]
mod claims;
#[path = "oracle/construct.rs"]
mod construct;
#[path = "oracle/crowd.rs"]
mod crowd;
#[path = "oracle/decorate.rs"]
mod decorate;
#[path = "oracle/evaluate.rs"]
mod evaluate;
#[path = "oracle/expect.rs"]
mod expect;
#[path = "oracle/generate.rs"]
mod generate;
#[path = "oracle/handles.rs"]
mod handles;
#[path = "oracle/kinds.rs"]
mod kinds;
#[path = "oracle/leaves.rs"]
mod leaves;
#[path = "oracle/matcher.rs"]
mod matcher;
#[path = "oracle/model.rs"]
mod model;
#[path = "oracle/nurseries.rs"]
mod nurseries;
#[path = "oracle/observe.rs"]
mod observe;
#[path = "oracle/past.rs"]
mod past;
#[path = "oracle/play.rs"]
mod play;
#[path = "oracle/promises.rs"]
mod promises;
#[path = "oracle/props.rs"]
mod props;
#[path = "oracle/refused.rs"]
mod refused;
#[path = "oracle/rng.rs"]
mod rng;
#[path = "oracle/run.rs"]
mod run;
#[path = "oracle/schedule.rs"]
mod schedule;
#[path = "oracle/selftest.rs"]
mod selftest;
#[path = "oracle/shrink.rs"]
mod shrink;
#[path = "oracle/simulated.rs"]
mod simulated;
#[path = "oracle/stage.rs"]
mod stage;
#[path = "oracle/together.rs"]
mod together;
#[path = "oracle/verdict.rs"]
mod verdict;
#[path = "oracle/watchdog.rs"]
mod watchdog;

use case::Case;
use generate::generate;
use model::Broken;
use play::play;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use verdict::disagreement;
use watchdog::Watchdog;

const TREES: u64 = 18_000;
const SEED: u64 = 20_260_101_000_000;

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
        Err(_) => default,
    }
}

fn trees() -> u64 {
    setting("PROCESSION_ORACLE_TREES", TREES)
}

fn first_seed() -> u64 {
    setting("PROCESSION_ORACLE_SEED", SEED)
}

fn replay_line(seed: u64) -> String {
    format!("PROCESSION_ORACLE_SEED={seed} PROCESSION_ORACLE_TREES=1 cargo test --test oracle")
}

/// Towers are a thousand levels high, and the model goes down into them by recursion.
const STACK: usize = 16 << 20;

/// Runs a test with as much stack as it may need.
fn with_room(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let running = thread.spawn_scoped(scope, test);
        let ended = running.expect("there is a thread").join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// What is wrong with a case. A failure that depends on the schedule does not show every time.
fn wrong_again(case: &Case) -> Option<String> {
    (0..5).find_map(|_| disagreement(case, &play(case), Broken::Nothing))
}

fn check(seed: u64, watchdog: &Watchdog) {
    let case = generate(seed);
    let replay = replay_line(seed);
    watchdog.begin(format!("{replay}\n{case}"));
    let Some(wrong) = disagreement(&case, &play(&case), Broken::Nothing) else {
        return;
    };
    let smaller = shrink::shrink(case.clone(), |case| {
        watchdog.begin(format!("{replay}\nwhile shrinking:\n{case}"));
        wrong_again(case).is_some()
    });
    let still_wrong = wrong_again(&smaller).unwrap_or_else(|| "it did not fail again".into());
    panic!("{replay}\n{wrong}\n\n{case}\nsmaller:\n{still_wrong}\n\n{smaller}");
}

#[test]
fn random_trees_do_what_the_model_says() {
    with_room(|| {
        let watchdog = Watchdog::new();
        let first = first_seed();
        (first..first + trees()).for_each(|seed| check(seed, &watchdog));
    });
}

/// The library's threads are shared by all runs, so runs at the same time must not disturb each
/// other.
#[test]
fn trees_on_several_threads_do_what_the_model_says() {
    // Other trees than those of the test above, unless a replay asks for one of them.
    let first = if trees() == 1 {
        first_seed()
    } else {
        first_seed() + TREES * 1_000
    };
    let end = first + trees().div_ceil(2);
    let next = AtomicU64::new(first);
    let check_some = || {
        let watchdog = Watchdog::new();
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= end {
                break;
            }
            check(seed, &watchdog);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| with_room(check_some));
        }
    });
}
