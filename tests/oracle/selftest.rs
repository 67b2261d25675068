//! Tests of the oracle itself: that its model is sound, its trees are worth running, and that it
//! can fail.

use crate::case::{Case, Kind, Op, Script, Tree};
use crate::decorate::depth;
use crate::expect::Expect;
use crate::generate::generate;
use crate::model::{Answer, Broken, Outcome};
use crate::play::play;
use crate::refused::refusal;
use crate::rng::Rng;
use crate::schedule::{possible, possible_up_to};
use crate::verdict::disagreement;
use crate::watchdog::Watchdog;
use crate::with_room;
use std::collections::{BTreeSet, HashSet};

/// An expected error as text in which the order of what is free, and the numbers of causes, play no
/// role.
fn canonical(expect: &Expect, causes: &[Expect]) -> String {
    let join = |parts: &[Expect], sorted: bool| {
        let mut parts: Vec<_> = parts.iter().map(|part| canonical(part, causes)).collect();
        if sorted {
            parts.sort();
        }
        parts.join(", ")
    };
    match expect {
        Expect::Echo(cause) => format!("echo of ({})", canonical(&causes[*cause], causes)),
        Expect::Wrapped { by, inner, .. } => format!("{by:?}: ({})", canonical(inner, causes)),
        Expect::InOrder(parts) => format!("[{}]", join(parts, false)),
        Expect::AnyOrder(parts) => format!("{{{}}}", join(parts, true)),
        Expect::Absorbing {
            cause,
            listed,
            inner,
        } => {
            let cause = canonical(&causes[*cause], causes);
            format!("absorb ({cause}) {listed} {}", canonical(inner, causes))
        }
        Expect::FailuresFirst {
            causes: first,
            inner,
        } => {
            let of = (0..causes.len()).filter(|cause| first & (1 << cause) != 0);
            let mut of: Vec<_> = of.map(|cause| canonical(&causes[cause], causes)).collect();
            of.sort();
            of.dedup();
            format!("failures before {of:?} of {}", canonical(inner, causes))
        }
        plain => format!("{plain:?}"),
    }
}

fn canonical_outcome(outcome: &Outcome) -> String {
    let causes = &outcome.causes;
    let of = |cause: &usize| canonical(&causes[*cause], causes);
    let error = outcome.error.as_ref().map(|error| canonical(error, causes));
    let outside = outcome.outside.map(|cause| cause.as_ref().map(of));
    let fates = outcome.fates.iter().map(|fate| {
        let mut woken: Vec<_> = fate.woken_by.iter().map(of).collect();
        let mut looks = fate.looks.clone();
        woken.sort();
        looks.sort();
        let answer = |answer: &Answer| match answer {
            Answer::Error(error) => format!("{:?}", error.as_ref().map(|e| canonical(e, causes))),
            plain => format!("{plain:?}"),
        };
        let answers: Vec<_> = fate.answers.iter().map(answer).collect();
        (fate.started, woken, looks, answers)
    });
    let fates: Vec<_> = fates.collect();
    format!(
        "{error:?} {outside:?} {fates:?} {:?} {} {:?}",
        outcome.failures, outcome.racy, outcome.end
    )
}

/// All that may happen.
fn canonical_outcomes(case: &Case, winner: usize, order: Option<&mut Rng>) -> BTreeSet<String> {
    let possible = possible_up_to(1_000, case, winner, Broken::Nothing, order);
    assert!(!possible.too_many, "{case}");
    possible.outcomes.iter().map(canonical_outcome).collect()
}

#[test]
fn the_model_does_not_depend_on_the_order() {
    with_room(walk_in_random_orders);
}

fn walk_in_random_orders() {
    let mut rng = Rng::new(1);
    for seed in 0..1_500 {
        let case = generate(seed);
        for winner in 0..case.racers.max(1) {
            let straight = canonical_outcomes(&case, winner, None);
            for _ in 0..4 {
                let shuffled = canonical_outcomes(&case, winner, Some(&mut rng));
                assert_eq!(straight, shuffled, "{case}");
            }
        }
    }
}

const BROKEN: [Broken; 36] = [
    Broken::EchoesStay,
    Broken::EchoInTaskStays,
    Broken::EchoesAllVanish,
    Broken::SeveralLost,
    Broken::FirstNotFirst,
    Broken::EchoesFirst,
    Broken::ListedTwice,
    Broken::TaskNotNamed,
    Broken::RegionNamed,
    Broken::GroupDoesNotCancel,
    Broken::GroupCancelsItsParent,
    Broken::ConcurrentCancels,
    Broken::SequenceGoesOn,
    Broken::CancelSkipsSteps,
    Broken::LastCauseWins,
    Broken::RefusedStarts,
    Broken::CutGoesOn,
    Broken::CutIsSuccess,
    Broken::IndexNotNamed,
    Broken::LastDecides,
    Broken::FailureDecidesAny,
    Broken::LosersNotCancelled,
    Broken::CleanupSkipped,
    Broken::CleanupCancelled,
    Broken::ShieldLeaks,
    Broken::NeverDraining,
    Broken::ValueLost,
    Broken::PromiseKeptAnyhow,
    Broken::AcceptedAfterCancel,
    Broken::AcceptedAfterEnd,
    Broken::NeverFull,
    Broken::OnFailureIgnored,
    Broken::OnFailureHearsEchoes,
    Broken::BackgroundIsAnother,
    Broken::AloneIsFailure,
    Broken::AloneAtOnce,
];

/// Within how many trees each wrong rule must be noticed.
const WITHIN: u64 = 1_600;

#[test]
fn every_wrong_rule_is_noticed() {
    with_room(notice_wrong_rules);
}

fn notice_wrong_rules() {
    let watchdog = Watchdog::new();
    let played = |seed| {
        let case = generate(seed);
        watchdog.begin(format!("{case}"));
        let played = play(&case);
        (case, played)
    };
    let agrees = |(case, played): &_| disagreement(case, played, Broken::Nothing).is_none();
    let played: Vec<_> = (0..WITHIN).map(played).filter(agrees).collect();
    for broken in BROKEN {
        let differs = |(case, played): &_| disagreement(case, played, broken).is_some();
        let noticed = played.iter().position(differs);
        println!("{broken:?}: noticed at tree {noticed:?}");
        let text = format!("{broken:?} agrees with the library on {WITHIN} trees");
        assert!(noticed.is_some(), "{text}");
    }
}

/// A shape that must not be missing from the trees, and how many of 2,000 must have it.
type Shape = (&'static str, usize, fn(&Case, &Outcome) -> bool);

const SHAPES: [Shape; 35] = [
    ("fails", 800, |_, outcome| outcome.error.is_some()),
    ("succeeds", 100, |_, outcome| outcome.error.is_none()),
    ("several errors", 100, |_, outcome| {
        outcome.error.as_ref().is_some_and(Expect::is_several)
    }),
    ("bad input", 20, |case, _| refusal(case).is_some()),
    ("a leaf not started", 50, |_, outcome| {
        outcome.fates.iter().any(|fate| fate.started == 0)
    }),
    ("a leaf run several times", 50, |_, outcome| {
        outcome.fates.iter().any(|fate| fate.started > 1)
    }),
    ("woken by cancellation", 500, |_, outcome| {
        outcome.fates.iter().any(|fate| !fate.woken_by.is_empty())
    }),
    ("a certain look", 50, |_, outcome| {
        outcome
            .fates
            .iter()
            .any(|fate| fate.looks.contains(&Some(false)))
    }),
    ("a wide node", 20, |case, _| widest(&case.root) >= 24),
    ("a deep tree", 1, |case, _| depth(case, &case.root) >= 1000),
    ("a race", 20, |case, _| case.racers > 1),
    ("a gate", 300, |case, _| {
        has(case, |op| matches!(op, Op::Await(_)))
    }),
    ("leaves that wait for each other", 100, |case, _| {
        waits_in_a_circle(case)
    }),
    ("cancellations for different causes", 30, |_, outcome| {
        let causes = outcome.fates.iter().flat_map(|fate| &fate.woken_by);
        causes.collect::<HashSet<_>>().len() > 1
    }),
    ("a cause of several errors", 20, |_, outcome| {
        outcome.causes.iter().any(Expect::is_several)
    }),
    ("several echoes of a cause from above", 50, |_, outcome| {
        outcome.error.as_ref().is_some_and(absorbs_from_above)
    }),
    ("echoes beside failures", 50, |_, outcome| {
        outcome.error.as_ref().is_some_and(sorts)
    }),
    ("dozens that wait for each other", 1, |case, _| {
        case.leaves
            .iter()
            .filter(|leaf| matches!(leaf.ops[..], [Op::Open(_), Op::Await(_), ..]))
            .count()
            >= 24
    }),
    ("a race of processes", 30, |case, _| {
        kinds(case, |kind| kind == Kind::Race)
    }),
    ("a limit", 50, |case, _| {
        kinds(case, |kind| {
            matches!(kind, Kind::ConcurrentLimit(_) | Kind::GroupLimit(_))
        })
    }),
    ("indices", 30, |case, _| {
        kinds(case, |kind| matches!(kind, Kind::Each(_)))
    }),
    ("a cleanup", 50, |case, _| {
        kinds(case, |kind| kind == Kind::Finally)
    }),
    ("a child of the background", 30, |case, _| {
        kinds(case, |kind| kind == Kind::Background)
    }),
    ("a background left alone", 10, |_, outcome| {
        outcome.causes.iter().any(
            |cause| matches!(cause, Expect::OwnWords { names, .. } if names == &["all others have ended"]),
        )
    }),
    ("a shield", 50, |case, _| {
        kinds(case, |kind| matches!(kind, Kind::Shield(_)))
    }),
    ("a child accepted", 50, |_, outcome| {
        answers(outcome, |answer| *answer == Answer::Error(None))
    }),
    (
        "a child refused by a cancelled nursery",
        10,
        |_, outcome| {
            answers(outcome, |answer| {
                matches!(answer, Answer::Error(Some(Expect::Echo(_))))
            })
        },
    ),
    ("a child refused after the end", 10, |_, outcome| {
        refuses(outcome, libc::EPIPE)
    }),
    ("a child for which there is no place", 5, |_, outcome| {
        refuses(outcome, libc::EAGAIN)
    }),
    ("a child that would wait for itself", 5, |_, outcome| {
        refuses(outcome, libc::EDEADLK)
    }),
    (
        "a failure that passes through the nursery",
        20,
        |_, outcome| outcome.failures.iter().any(|count| *count > 0),
    ),
    ("a promise that a leaf completes", 10, |case, _| {
        has(case, |op| matches!(op, Op::Complete(..)))
    }),
    ("surely draining", 2, |_, outcome| {
        answers(outcome, |answer| *answer == Answer::Bool(Some(true)))
    }),
    ("a value", 20, |case, _| case.values > 0),
    ("a trigger", 200, |case, _| {
        has(case, |op| matches!(op, Op::Trigger(..)))
    }),
];

fn has(case: &Case, wanted: impl Fn(&Op) -> bool) -> bool {
    case.leaves.iter().any(|leaf| leaf.ops.iter().any(&wanted))
}

fn kinds(case: &Case, wanted: impl Fn(Kind) -> bool + Copy) -> bool {
    fn within(tree: &Tree, wanted: impl Fn(Kind) -> bool + Copy) -> bool {
        let Tree::Node(kind, kids) = tree else {
            return false;
        };
        wanted(*kind) || kids.iter().any(|kid| within(kid, wanted))
    }
    within(&case.root, wanted)
}

fn answers(outcome: &Outcome, wanted: impl Fn(&Answer) -> bool) -> bool {
    let mut fates = outcome.fates.iter();
    fates.any(|fate| fate.answers.iter().any(&wanted))
}

fn refuses(outcome: &Outcome, wanted: i32) -> bool {
    answers(
        outcome,
        |answer| matches!(answer, Answer::Error(Some(Expect::OwnWords { code, .. })) if *code == wanted),
    )
}

fn absorbs_from_above(expect: &Expect) -> bool {
    match expect {
        Expect::Absorbing {
            listed: false,
            inner,
            ..
        } => inner.is_several() || absorbs_from_above(inner),
        Expect::Absorbing { inner, .. }
        | Expect::Wrapped { inner, .. }
        | Expect::FailuresFirst { inner, .. } => absorbs_from_above(inner),
        Expect::AnyOrder(parts) | Expect::InOrder(parts) => parts.iter().any(absorbs_from_above),
        _ => false,
    }
}

fn sorts(expect: &Expect) -> bool {
    match expect {
        Expect::FailuresFirst { .. } => true,
        Expect::Absorbing { inner, .. } | Expect::Wrapped { inner, .. } => sorts(inner),
        Expect::AnyOrder(parts) | Expect::InOrder(parts) => parts.iter().any(sorts),
        _ => false,
    }
}

fn widest(tree: &Tree) -> usize {
    let Tree::Node(_, kids) = tree else { return 0 };
    kids.iter().map(widest).max().unwrap_or(0).max(kids.len())
}

/// Whether some leaf opens a gate and then waits at one: its opener waits for this leaf or yet
/// another one.
fn waits_in_a_circle(case: &Case) -> bool {
    let waits = |leaf: &&Script| {
        leaf.ops
            .windows(2)
            .any(|ops| matches!(ops, [Op::Open(_), Op::Await(_)]))
    };
    case.leaves.iter().filter(waits).count() > 1
}

#[test]
fn the_trees_have_the_shapes_that_are_worth_running() {
    with_room(count_shapes);
}

fn count_shapes() {
    let trees: Vec<_> = (0..2_000).map(generate).collect();
    let all = trees
        .iter()
        .map(|case| possible(case, 0, Broken::Nothing).outcomes);
    let all: Vec<_> = all.collect();
    let several = all.iter().filter(|outcomes| outcomes.len() > 1).count();
    assert!(
        several >= 50,
        "only of {several} trees several things may come"
    );
    println!("several possibilities: {several} trees");
    let outcomes: Vec<_> = all.iter().map(|outcomes| &outcomes[0]).collect();
    for (name, least, fits) in SHAPES {
        let count = trees
            .iter()
            .zip(&outcomes)
            .filter(|(case, outcome)| fits(case, outcome))
            .count();
        println!("{name}: {count} trees");
        assert!(
            count >= least,
            "only {count} of {} trees have this: {name}",
            trees.len()
        );
    }
}
