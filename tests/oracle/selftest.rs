//! Tests of the oracle itself: that its model is sound, its trees are worth running, and that it
//! can fail.

use crate::case::{Case, Op, Script, Tree};
use crate::decorate::depth;
use crate::evaluate::predict;
use crate::expect::Expect;
use crate::generate::generate;
use crate::model::{Broken, Outcome};
use crate::play::play;
use crate::refused::refusal;
use crate::rng::Rng;
use crate::verdict::disagreement;
use crate::watchdog::Watchdog;
use std::collections::HashSet;

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
        Expect::Task { name, inner, .. } => format!("{name}: ({})", canonical(inner, causes)),
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
        (fate.started, woken, looks)
    });
    let fates: Vec<_> = fates.collect();
    format!(
        "{error:?} {outside:?} {fates:?} {} {}",
        outcome.racy, outcome.stuck
    )
}

#[test]
fn the_model_does_not_depend_on_the_order() {
    let mut rng = Rng::new(1);
    for seed in 0..1_500 {
        let case = generate(seed);
        for winner in 0..case.racers.max(1) {
            let straight = canonical_outcome(&predict(&case, winner, Broken::Nothing, None));
            for _ in 0..4 {
                let shuffled = predict(&case, winner, Broken::Nothing, Some(&mut rng));
                assert_eq!(straight, canonical_outcome(&shuffled), "{case}");
            }
        }
    }
}

const BROKEN: [Broken; 14] = [
    Broken::EchoesStay,
    Broken::EchoInTaskStays,
    Broken::EchoesAllVanish,
    Broken::SeveralLost,
    Broken::FirstNotFirst,
    Broken::TaskNotNamed,
    Broken::RegionNamed,
    Broken::GroupDoesNotCancel,
    Broken::GroupCancelsItsParent,
    Broken::ConcurrentCancels,
    Broken::SequenceGoesOn,
    Broken::CancelSkipsSteps,
    Broken::LastCauseWins,
    Broken::RefusedStarts,
];

/// Within how many trees each wrong rule must be noticed.
const WITHIN: u64 = 300;

#[test]
fn every_wrong_rule_is_noticed() {
    let watchdog = Watchdog::new();
    let played = |seed| {
        let case = generate(seed);
        watchdog.begin(format!("{case}"));
        let played = play(&case);
        (case, played)
    };
    let played: Vec<_> = (0..WITHIN).map(played).collect();
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

const SHAPES: [Shape; 18] = [
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
    ("cancellations for different causes", 50, |_, outcome| {
        let causes = outcome.fates.iter().flat_map(|fate| &fate.woken_by);
        causes.collect::<HashSet<_>>().len() > 1
    }),
    ("a cause of several errors", 50, |_, outcome| {
        outcome.causes.iter().any(Expect::is_several)
    }),
    ("several echoes of a cause from above", 50, |_, outcome| {
        outcome.error.as_ref().is_some_and(absorbs_from_above)
    }),
    ("dozens that wait for each other", 5, |case, _| {
        case.leaves
            .iter()
            .filter(|leaf| matches!(leaf.ops[..], [Op::Open(_), Op::Await(_), ..]))
            .count()
            >= 24
    }),
    ("a trigger", 200, |case, _| {
        has(case, |op| matches!(op, Op::Trigger(..)))
    }),
];

fn has(case: &Case, wanted: impl Fn(&Op) -> bool) -> bool {
    case.leaves.iter().any(|leaf| leaf.ops.iter().any(&wanted))
}

fn absorbs_from_above(expect: &Expect) -> bool {
    match expect {
        Expect::Absorbing {
            listed: false,
            inner,
            ..
        } => inner.is_several() || absorbs_from_above(inner),
        Expect::Absorbing { inner, .. } | Expect::Task { inner, .. } => absorbs_from_above(inner),
        Expect::AnyOrder(parts) | Expect::InOrder(parts) => parts.iter().any(absorbs_from_above),
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
    let trees: Vec<_> = (0..2_000).map(generate).collect();
    let outcomes: Vec<_> = trees
        .iter()
        .map(|case| predict(case, 0, Broken::Nothing, None))
        .collect();
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
