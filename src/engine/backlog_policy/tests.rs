//! What the sentinel makes of a backlog, tried with every history of some looks. Laws:
//!
//! - What was not claimed from since the last look wants helpers, unless all is claimed (F1).
//! - Children that all wait for each other are covered within logarithmically many looks, whatever
//!   was before. A rule that takes each claim for progress would not keep that.
//! - Helpers for what gets on are fewer than there are cores.
//! - A backlog is given up when it has been denied threads for `PATIENCE`, since the first look after which it neither
//!   moved nor got all that it wanted (F3); not while its threads compute, or begin callbacks, but for very long.
//! - While its threads compute on all processors, it wants one helper in `SLOW` at most: those who spin until all have
//!   begun are covered, and those who get on want none (F8).

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

/// What there is to see of a backlog all of whose threads wait for something.
fn sight(unclaimed: usize, cores: usize) -> Sight {
    Sight {
        left: unclaimed,
        claimed: usize::MAX - unclaimed,
        unclaimed,
        computing: 0,
        blocked: 1,
        have_computed: false,
        busy: 0,
        cores,
        slow: SLOW,
        is_within: true,
        now: Instant::now(),
    }
}

fn nothing_begins() -> u64 {
    0
}

fn nobody_computes() -> Duration {
    Duration::ZERO
}

fn wanted(policy: &mut Policy, unclaimed: usize, cores: usize) -> usize {
    policy.wanted(&sight(unclaimed, cores), nothing_begins)
}

/// Looks again after these claims; the rest of the children, and how many helpers they want.
fn look(policy: &mut Policy, unclaimed: usize, claims: usize, cores: usize) -> (usize, usize) {
    let rest = unclaimed.saturating_sub(claims);
    (rest, wanted(policy, rest, cores))
}

#[test]
fn what_has_ended_may_tell_of_fewer() {
    let mut policy = Policy::default();
    let seen = sight(CHILDREN, 4);
    policy.wanted(&seen, nothing_begins);
    let ended = Sight {
        claimed: seen.claimed - 1,
        ..sight(CHILDREN, 4)
    };
    assert!(policy.wanted(&ended, nothing_begins) > 0);
}

#[test]
fn f1_what_does_not_move_wants_helpers() {
    each_history(|history, cores| {
        let mut policy = Policy::default();
        let (mut unclaimed, mut wanted) = look(&mut policy, CHILDREN, 0, cores);
        assert_eq!(wanted, 0, "nothing is known yet");
        for &claims in history {
            (unclaimed, wanted) = look(&mut policy, unclaimed, claims, cores);
            assert!(wanted <= unclaimed, "{history:?}");
            assert!(claims > 0 || wanted > 0 || unclaimed == 0, "{history:?}");
        }
    });
}

type Rule = fn(&mut Policy, usize, usize) -> usize;

/// How many looks it takes until all children are claimed if each helper that is sent claims one, which
/// waits for the last.
fn looks_at_a_meeting(rule: Rule, policy: &mut Policy, mut unclaimed: usize, cores: usize) -> u32 {
    let mut looks = 0;
    while unclaimed > 0 {
        unclaimed -= rule(policy, unclaimed, cores);
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
        let looks = looks_at_a_meeting(wanted, &mut Policy::default(), children, cores);
        assert_eq!(looks, few_looks(children), "{children} children");
    }
}

#[test]
fn f1_a_meeting_is_covered_in_few_looks_whatever_was_before() {
    each_history(|history, cores| {
        let mut policy = Policy::default();
        let (mut unclaimed, mut sent) = look(&mut policy, 2 * CHILDREN, 0, cores);
        for &claims in history {
            (unclaimed, sent) = look(&mut policy, unclaimed, claims, cores);
        }
        // Those that were sent at the last look claim a child each.
        let unclaimed = unclaimed.saturating_sub(sent);
        let looks = looks_at_a_meeting(wanted, &mut policy, unclaimed, cores);
        assert!(
            looks <= few_looks(unclaimed),
            "{history:?}, {cores} cores: {looks} looks"
        );
    });
}

#[test]
fn f1_claims_of_the_helpers_just_sent_are_no_progress() {
    let takes_each_claim_for_progress: Rule = |policy, unclaimed, cores| {
        if policy.left > unclaimed {
            (policy.sent, policy.burst) = (0, 0);
        }
        wanted(policy, unclaimed, cores)
    };
    let mut policy = Policy::default();
    let looks = looks_at_a_meeting(takes_each_claim_for_progress, &mut policy, CHILDREN, 1);
    assert!(looks > few_looks(CHILDREN), "the law does not catch it");
}

#[test]
fn what_gets_on_wants_fewer_helpers_than_cores() {
    each_history(|history, cores| {
        let mut policy = Policy::default();
        let mut unclaimed = CHILDREN;
        let mut helpers = wanted(&mut policy, unclaimed, cores);
        for &claims in history {
            // More than the helpers sent at the last look can have claimed.
            let progress = policy.sent + 1 + claims;
            let (rest, wanted) = look(&mut policy, unclaimed, progress, cores);
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

/// Whether a backlog is to be given up after these events, one in so long.
fn is_given_up_after(events: &[Event], step: Duration) -> bool {
    let start = Instant::now();
    let mut policy = Policy::default();
    let mut unclaimed = 1_000_000;
    wanted(&mut policy, unclaimed, usize::MAX);
    let mut is_given_up = false;
    for (number, event) in (0..).zip(events) {
        if matches!(event, Moved | MovedAndDenied) {
            unclaimed -= policy.sent + 1;
        }
        let seen = Sight {
            now: start + step * number,
            ..sight(unclaimed, usize::MAX)
        };
        let wanted = policy.wanted(&seen, nothing_begins);
        assert!(wanted > 0);
        let sent = matches!(event, Lent | Moved).then_some(wanted);
        is_given_up = policy.note(sent, &seen, nothing_begins, nobody_computes);
    }
    is_given_up
}

#[test]
fn f3_denied_since_it_last_moved_or_got_all_it_wanted() {
    // Two steps are as long as a backlog has patience.
    let step = PATIENCE / 2;
    for length in 1..=6 {
        each_sequence(&[Lent, Denied, Moved, MovedAndDenied], length, |events| {
            let moved_or_got = |event: &Event| *event != Denied;
            let first = match events.iter().rposition(moved_or_got) {
                Some(last) if events[last] == MovedAndDenied => last,
                Some(last) => last + 1,
                None => 0,
            };
            let steps = (events.len() - first).saturating_sub(1);
            assert_eq!(is_given_up_after(events, step), steps >= 2, "{events:?}");
        });
    }
}

/// After how many steps a backlog is given up that could have no thread, while this is seen of it.
fn given_up_after(
    steps: u32,
    seen: impl Fn(u32) -> Sight,
    begun: impl Fn(u32) -> u64,
) -> Option<u32> {
    given_up_while(steps, seen, begun, |_| Duration::ZERO)
}

/// The same, while its threads have used a processor, or waited for one, for so long.
fn given_up_while(
    steps: u32,
    seen: impl Fn(u32) -> Sight,
    begun: impl Fn(u32) -> u64,
    processor_time: impl Fn(u32) -> Duration,
) -> Option<u32> {
    let start = Instant::now();
    let mut policy = Policy::default();
    (0..steps).find(|step| {
        let seen = Sight {
            now: start + SLOW * *step,
            ..seen(*step)
        };
        let wanted = policy.wanted(&seen, || begun(*step));
        wanted > 0 && policy.note(None, &seen, || begun(*step), || processor_time(*step))
    })
}

/// The same of one whose two threads compute, on two processors.
fn busy(unclaimed: usize) -> Sight {
    Sight {
        computing: 2,
        blocked: 0,
        busy: 2,
        ..sight(unclaimed, 2)
    }
}

#[test]
fn f3_who_computes_has_more_time() {
    let patience = u32::try_from(PATIENCE.as_millis() / SLOW.as_millis()).unwrap();
    let blocked = given_up_after(1000, |_| sight(100, 2), |_| 0);
    assert_eq!(blocked, Some(patience + 1));
    let limit = PATIENCE_WITH_COMPUTING;
    let computing = given_up_after(limit * 2, |_| busy(100), |_| 0);
    assert!(computing.is_some_and(|step| step >= limit), "{computing:?}");
    let stops = |step| if step < 500 { busy(100) } else { sight(100, 2) };
    let stopped = given_up_after(1000, stops, |_| 0);
    assert!(
        stopped.is_some_and(|step| step >= 500 + patience - 1),
        "{stopped:?}"
    );
}

#[test]
fn f3_who_waits_for_a_processor_computes() {
    let until = |last: u32| move |step: u32| SLOW * step.min(last);
    let blocked = |_| sight(100, 2);
    let limit = PATIENCE_WITH_COMPUTING;
    let computing = given_up_while(limit * 2, blocked, |_| 0, until(u32::MAX));
    assert!(computing.is_some_and(|step| step >= limit), "{computing:?}");
    let stopped = given_up_while(1000, blocked, |_| 0, until(500));
    assert!(
        stopped.is_some_and(|step| (500..530).contains(&step)),
        "{stopped:?}"
    );
    let hardly = given_up_while(1000, blocked, |_| 0, |step| SLOW * step / 3);
    assert!(hardly.is_some_and(|step| step < 20), "{hardly:?}");
}

#[test]
fn f3_what_begins_within_it_is_progress() {
    let begins_until = |last: u32| move |step: u32| u64::from(step.min(last));
    assert_eq!(
        given_up_after(1000, |_| sight(100, 2), begins_until(1000)),
        None
    );
    let stopped = given_up_after(1000, |_| sight(100, 2), begins_until(500));
    assert!(stopped.is_some_and(|step| step > 500), "{stopped:?}");
}

#[test]
fn f10_with_a_limit_what_gets_on_wants_no_more_than_cores_and_what_waits_all_that_may() {
    let limited = |left, unclaimed| Sight {
        left,
        claimed: usize::MAX - left,
        ..sight(unclaimed, 2)
    };
    let mut policy = Policy::default();
    assert_eq!(policy.wanted(&limited(1000, 3), nothing_begins), 0);
    assert_eq!(policy.wanted(&limited(900, 3), nothing_begins), 1);
    assert_eq!(policy.wanted(&limited(800, 2), nothing_begins), 0);
    assert_eq!(policy.wanted(&limited(800, 2), nothing_begins), 1);
    assert_eq!(policy.wanted(&limited(799, 1), nothing_begins), 1);
    assert_eq!(policy.wanted(&limited(798, 0), nothing_begins), 0);
}

#[test]
fn f8_what_is_new_within_what_computes_is_looked_at_less_often() {
    let settles = |seen: Sight| {
        let mut policy = Policy::default();
        assert_eq!(policy.wanted(&seen, nothing_begins), 0);
        policy.settled()
    };
    assert!(settles(busy(100)));
    assert!(!settles(sight(100, 2)), "its thread may wait");
    assert!(
        !settles(Sight {
            busy: 1,
            ..busy(100)
        }),
        "a helper could compute"
    );
    assert!(
        !settles(Sight {
            is_within: false,
            ..busy(100)
        }),
        "those who were busy were so with something else"
    );
}

#[test]
fn f8_what_stalls_within_what_has_computed_is_not_settled() {
    let mut policy = Policy::default();
    policy.wanted(&busy(100), nothing_begins);
    assert_eq!(policy.wanted(&sight(100, 2), nothing_begins), 1);
    assert!(!policy.settled());
}

/// What is wanted at each tick by a backlog whose threads compute on both processors, when so many are unclaimed and so
/// many callbacks have begun after a number of ticks.
fn helpers_for_computing(
    ticks: u32,
    mut unclaimed: impl FnMut(u32, usize) -> usize,
    begun: impl Fn(u32) -> u64,
) -> Vec<u32> {
    let start = Instant::now();
    let mut policy = Policy::default();
    let (mut sent, mut at) = (0, Vec::new());
    for tick in 0..ticks {
        let seen = Sight {
            now: start + TICK * tick,
            ..busy(unclaimed(tick, sent))
        };
        let wanted = policy.wanted(&seen, || begun(tick));
        assert!(wanted <= 1);
        sent += wanted;
        at.extend((0..wanted).map(|_| tick));
    }
    at
}

fn ticks_in(time: Duration) -> u32 {
    u32::try_from(time.as_nanos() / TICK.as_nanos()).unwrap()
}

#[test]
fn f8_who_spins_for_a_sibling_is_covered_slowly() {
    let at = helpers_for_computing(ticks_in(SLOW * 50), |_, sent| 20 - sent.min(20), |_| 0);
    assert_eq!(at.len(), 20);
    let gaps = at.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.clone().all(|gap| gap >= ticks_in(SLOW)));
    assert!(gaps.clone().all(|gap| gap <= ticks_in(SLOW) + 2));
}

#[test]
fn f8_bursts_of_those_who_have_computed_grow_slowly() {
    let mut notes = Policy::default();
    let (mut unclaimed, mut bursts) = (100, Vec::new());
    for _ in 0..6 {
        let seen = Sight {
            have_computed: true,
            ..sight(unclaimed, 2)
        };
        let wanted = notes.wanted(&seen, nothing_begins);
        unclaimed -= wanted;
        bursts.push(wanted);
    }
    assert_eq!(bursts, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn f8_who_gets_on_wants_no_more() {
    let claims_in = |time: Duration| {
        move |tick: u32, sent: usize| 10_000 - sent - (tick / ticks_in(time)) as usize
    };
    let ticks = ticks_in(SLOW * 200);
    assert!(helpers_for_computing(ticks, claims_in(SLOW / 2), |_| 0).is_empty());
    // Until the first child has ended, nobody knows that they do.
    let at = helpers_for_computing(ticks, claims_in(SLOW * 5), |_| 0);
    assert!(at.iter().all(|tick| *tick <= ticks_in(SLOW * 5)), "{at:?}");
    assert!((1..=5).contains(&at.len()));
    // What begins within the children shows it, too.
    let begins = |tick: u32| u64::from(tick / ticks_in(SLOW / 4));
    assert!(helpers_for_computing(ticks, claims_in(SLOW * 50), begins).is_empty());
}
