//! What the sentinel makes of a backlog, tried with every history of some looks. Laws:
//!
//! - What was not claimed from since the last look wants helpers, unless all is claimed (F1).
//! - Children that all wait for each other are covered within logarithmically many looks, whatever
//!   was before. A rule that takes each claim for progress would not keep that.
//! - Helpers for what gets on are fewer than there are cores.
//! - A backlog has been denied threads since the first look after which it neither moved nor got all
//!   that it wanted (F3).

use super::*;

const CORES: [usize; 4] = [1, 2, 4, 64];
const CHILDREN: usize = 100;
const TICK: Duration = Duration::from_micros(30);

/// Every sequence of so many of these.
fn each_sequence<T: Copy>(of: &[T], length: u32, mut visit: impl FnMut(&[T])) {
    for mut code in 0..of.len().pow(length) {
        let mut next = || {
            let item = of[code % of.len()];
            code /= of.len();
            item
        };
        let sequence: Vec<T> = (0..length).map(|_| next()).collect();
        visit(&sequence);
    }
}

/// What is claimed from one look to the next, at some looks one after the other.
fn each_history(mut visit: impl FnMut(&[usize], usize)) {
    for cores in CORES {
        each_sequence(&[0, 1, 2, 3, 50], 6, |claims| visit(claims, cores));
    }
}

/// Looks again after these claims; the rest of the children, and how many helpers they want.
fn look(notes: &mut Notes, unclaimed: usize, claims: usize, cores: usize) -> (usize, usize) {
    let rest = unclaimed.saturating_sub(claims);
    (rest, notes.wanted(rest, cores))
}

#[test]
fn f1_what_does_not_move_wants_helpers() {
    each_history(|history, cores| {
        let mut notes = Notes::default();
        let (mut unclaimed, mut wanted) = look(&mut notes, CHILDREN, 0, cores);
        assert_eq!(wanted, 0, "nothing is known yet");
        for &claims in history {
            (unclaimed, wanted) = look(&mut notes, unclaimed, claims, cores);
            assert!(wanted <= unclaimed, "{history:?}");
            assert!(claims > 0 || wanted > 0 || unclaimed == 0, "{history:?}");
        }
    });
}

type Rule = fn(&mut Notes, usize, usize) -> usize;

/// How many looks it takes until all children are claimed if each helper that is sent claims one, which
/// waits for the last.
fn looks_at_a_meeting(rule: Rule, notes: &mut Notes, mut unclaimed: usize, cores: usize) -> u32 {
    let mut looks = 0;
    while unclaimed > 0 {
        unclaimed -= rule(notes, unclaimed, cores);
        looks += 1;
    }
    looks
}

/// One look to see what there is, and then bursts of 1, 2, 4, 8 …
fn few_looks(children: usize) -> u32 {
    let doubled = children.min(2 * LARGEST_BURST - 1);
    let bursts = (doubled + 1).next_power_of_two().ilog2() as usize;
    let largest = (children - doubled).div_ceil(LARGEST_BURST);
    u32::try_from(1 + bursts + largest).unwrap()
}

#[test]
fn f1_a_meeting_is_covered_in_few_looks() {
    for (children, cores) in (1..10_000).flat_map(|children| CORES.map(|cores| (children, cores))) {
        let looks = looks_at_a_meeting(Notes::wanted, &mut Notes::default(), children, cores);
        assert_eq!(looks, few_looks(children), "{children} children");
    }
}

#[test]
fn f1_a_meeting_is_covered_in_few_looks_whatever_was_before() {
    each_history(|history, cores| {
        let mut notes = Notes::default();
        let (mut unclaimed, mut wanted) = look(&mut notes, 2 * CHILDREN, 0, cores);
        for &claims in history {
            (unclaimed, wanted) = look(&mut notes, unclaimed, claims, cores);
        }
        // Those that were sent at the last look claim a child each.
        let unclaimed = unclaimed.saturating_sub(wanted);
        let looks = looks_at_a_meeting(Notes::wanted, &mut notes, unclaimed, cores);
        assert!(
            looks <= few_looks(unclaimed),
            "{history:?}, {cores} cores: {looks} looks"
        );
    });
}

#[test]
fn f1_claims_of_the_helpers_just_sent_are_no_progress() {
    let takes_each_claim_for_progress: Rule = |notes, unclaimed, cores| {
        if notes.unclaimed > unclaimed {
            notes.burst = 0;
        }
        notes.wanted(unclaimed, cores)
    };
    let mut notes = Notes::default();
    let looks = looks_at_a_meeting(takes_each_claim_for_progress, &mut notes, CHILDREN, 1);
    assert!(looks > few_looks(CHILDREN), "the law does not catch it");
}

#[test]
fn what_gets_on_wants_fewer_helpers_than_cores() {
    each_history(|history, cores| {
        let mut notes = Notes::default();
        let mut unclaimed = CHILDREN;
        let mut helpers = notes.wanted(unclaimed, cores);
        for &claims in history {
            // More than the helpers sent at the last look can have claimed.
            let progress = notes.burst + 1 + claims;
            let (rest, wanted) = look(&mut notes, unclaimed, progress, cores);
            unclaimed = rest;
            helpers += wanted;
        }
        assert!(helpers < cores);
    });
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Event {
    Lent,
    Denied,
    Moved,
    MovedAndDenied,
}
use Event::{Denied, Lent, Moved, MovedAndDenied};

/// For how long a backlog has been denied threads after these events, one at each tick.
fn denied_after(events: &[Event]) -> Duration {
    let start = Instant::now();
    let mut notes = Notes::default();
    let mut unclaimed = 1_000_000;
    notes.wanted(unclaimed, usize::MAX);
    let mut denied = Duration::ZERO;
    for (number, event) in (0..).zip(events) {
        if matches!(event, Moved | MovedAndDenied) {
            unclaimed -= notes.burst + 1;
        }
        assert!(notes.wanted(unclaimed, usize::MAX) > 0);
        denied = notes.note(matches!(event, Lent | Moved), || start + TICK * number);
    }
    denied
}

#[test]
fn f3_denied_since_it_last_moved_or_got_all_it_wanted() {
    for length in 1..=6 {
        each_sequence(&[Lent, Denied, Moved, MovedAndDenied], length, |events| {
            let moved_or_got = |event: &Event| *event != Denied;
            let first = match events.iter().rposition(moved_or_got) {
                Some(last) if events[last] == MovedAndDenied => last,
                Some(last) => last + 1,
                None => 0,
            };
            let ticks = (events.len() - first).saturating_sub(1);
            let expected = TICK * u32::try_from(ticks).unwrap();
            assert_eq!(denied_after(events), expected, "{events:?}");
        });
    }
}
