//! Whether what happened is what the model says.

use crate::case::{Case, Outside};
use crate::handles::GIVEN;
use crate::matcher::Matcher;
use crate::model::{Answer, Broken, End, Fate, Outcome};
use crate::play::{Answered, Log, Played};
use crate::schedule::possible;

/// What is wrong with the outcome; of a race, whoever may have won it is considered.
pub fn disagreement(case: &Case, played: &Played, broken: Broken) -> Option<String> {
    if !played.faults.is_empty() {
        return Some(played.faults.join("\n"));
    }
    let winners = 0..case.racers.max(1);
    let outcomes = winners.flat_map(|winner| possible(case, winner, broken).outcomes);
    let mut all_wrong = Vec::new();
    for outcome in outcomes {
        all_wrong.push(differs(case, &outcome, played, broken)?);
    }
    match &all_wrong[..] {
        [] => Some("the model knows of nothing that may happen".into()),
        [wrong] => Some(wrong.clone()),
        [first, ..] => {
            let count = all_wrong.len();
            Some(format!(
                "none of {count} that may happen; the first: {first}"
            ))
        }
    }
}

fn differs(case: &Case, outcome: &Outcome, played: &Played, broken: Broken) -> Option<String> {
    let matcher = Matcher {
        causes: &outcome.causes,
        broken,
    };
    if outcome.end == End::Stuck {
        return Some("the model waits for ever, the library came back".into());
    }
    let agree = match (&outcome.error, &played.error) {
        (Some(expect), Some(seen)) => matcher.accepts(expect, seen),
        (expect, seen) => expect.is_none() && seen.is_none(),
    };
    if !agree {
        let seen = played.error.as_ref().map_or("success", |seen| &seen.text);
        let causes = &outcome.causes;
        return Some(format!(
            "expected {:#?}\nwith causes {causes:#?}\nbut the error is: {seen}",
            outcome.error
        ));
    }
    for (leaf, (fate, log)) in outcome.fates.iter().zip(&played.logs).enumerate() {
        let agrees = fate.started == log.started
            && looks_agree(fate, log)
            && was_woken(&matcher, fate, log)
            && answers_agree(&matcher, fate, log);
        if !agrees {
            return Some(format!(
                "leaf {leaf}: expected {fate:?} but there was {log:?}"
            ));
        }
    }
    if outcome.failures != played.failures {
        let (expect, seen) = (&outcome.failures, &played.failures);
        return Some(format!(
            "errors that passed through the nurseries: {seen:?}, not {expect:?}"
        ));
    }
    if let Some(wrong) = wrong_handle(case, outcome, played, &matcher) {
        return Some(wrong);
    }
    for (expect, seen) in outcome.outside.iter().zip(&played.outside) {
        let agree = match (expect, seen) {
            _ if case.outside == Outside::Null => true,
            (Some(cause), Some(seen)) => matcher.accepts(&outcome.causes[*cause], seen),
            (expect, seen) => expect.is_none() && seen.is_none(),
        };
        if !agree {
            return Some(format!(
                "a handle outside: expected cause {expect:?} but there was {seen:?}"
            ));
        }
    }
    None
}

/// Each group has one handle of its own, which its children are given, and which is cancelled when
/// all is over, by the first failure if there was any; a task has one for its child, which is another
/// side of the same; everything else passes its handle on. Leaves that ran several times are left out.
fn wrong_handle(
    case: &Case,
    outcome: &Outcome,
    played: &Played,
    matcher: &Matcher,
) -> Option<String> {
    let mut known = Vec::new();
    if case.outside != Outside::Null {
        known.push(((GIVEN, 0), played.given));
    }
    for (leaf, (fate, log)) in outcome.fates.iter().zip(&played.logs).enumerate() {
        let ([given @ (number, _)], [(handle, cause)]) = (&fate.handles[..], &log.handles[..])
        else {
            continue;
        };
        let expect = outcome.failed_with[*number].map(|cause| &outcome.causes[cause]);
        let is_left_open = *number == GIVEN || outcome.left_open[*number];
        let agree = match (expect, cause) {
            (Some(expect), Some(cause)) => matcher.accepts(expect, cause),
            (expect, cause) => expect.is_none() && (is_left_open || cause.is_some()),
        };
        if !agree {
            return Some(format!(
                "leaf {leaf}: its group ended with {cause:?}, not {expect:?}"
            ));
        }
        let mixed_up = |known: &&((usize, usize), _)| (known.0 == *given) != (known.1 == *handle);
        if let Some((other, _)) = known.iter().find(mixed_up) {
            return Some(format!(
                "leaf {leaf}: given handle {given:?}, mixed up with {other:?}"
            ));
        }
        known.push((*given, *handle));
    }
    None
}

/// Of a leaf that ran several times only the counts can be compared.
fn looks_agree(fate: &Fate, log: &Log) -> bool {
    let cancelled = |looks: &[bool]| looks.iter().filter(|look| **look).count();
    let certain: Option<Vec<bool>> = fate.looks.iter().copied().collect();
    fate.looks.len() == log.looks.len()
        && match certain {
            _ if fate.started == 1 => fate
                .looks
                .iter()
                .zip(&log.looks)
                .all(|(expect, seen)| expect.is_none_or(|expect| expect == *seen)),
            Some(certain) => cancelled(&certain) == cancelled(&log.looks),
            None => true,
        }
}

/// What a leaf that ran several times was answered is not compared.
fn answers_agree(matcher: &Matcher, fate: &Fate, log: &Log) -> bool {
    let agree = |(answer, answered): (&Answer, &Answered)| match (answer, answered) {
        (Answer::Bool(expect), Answered::Bool(seen)) => expect.is_none_or(|expect| expect == *seen),
        (Answer::Between(least, most), Answered::Number(seen)) => (*least..=*most).contains(seen),
        (Answer::Error(Some(expect)), Answered::Error(Some(seen))) => matcher.accepts(expect, seen),
        (Answer::Error(expect), Answered::Error(seen)) => expect.is_none() && seen.is_none(),
        _ => false,
    };
    fate.started > 1
        || fate.answers.len() == log.answers.len()
            && fate.answers.iter().zip(&log.answers).all(agree)
}

/// Whether the waits of the leaf ended with the causes that they should have, in whatever order.
fn was_woken(matcher: &Matcher, fate: &Fate, log: &Log) -> bool {
    let mut left: Vec<_> = log.woken_by.iter().flatten().collect();
    fate.woken_by.len() == log.woken_by.len()
        && fate.woken_by.iter().all(|cause| {
            let found = left
                .iter()
                .position(|seen| matcher.accepts(&matcher.causes[*cause], seen));
            found.map(|found| left.swap_remove(found)).is_some()
        })
}
