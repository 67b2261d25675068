use super::*;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Delays of 10, 20 and then 40 ms; more than 3 failures in a second are too many.
const POLICY: Policy = Policy {
    first_delay: ms(10),
    longest_delay: ms(40),
    jitter_percent: 0,
    healthy_after: ms(500),
    most: 3,
    within: ms(1000),
};

const NO_END: Policy = Policy {
    most: usize::MAX,
    ..POLICY
};

/// What follows from failures at these moments, in runs that took so long.
fn verdicts(policy: Policy, failures: &[(u64, u64)]) -> Vec<Verdict> {
    let mut history = History::of(policy);
    let failed = |&(at, took)| history.failed(ms(at), ms(took));
    failures.iter().map(failed).collect()
}

fn delays(policy: Policy, failures: &[(u64, u64)]) -> Vec<u128> {
    let delay = |verdict| match verdict {
        Verdict::Again(delay) => delay.as_millis(),
        enough => panic!("{enough:?}"),
    };
    verdicts(policy, failures).into_iter().map(delay).collect()
}

#[test]
fn delays_are_doubled_up_to_the_longest() {
    assert_eq!(delays(NO_END, &[(0, 0); 6]), [10, 20, 40, 40, 40, 40]);
    let odd = Policy {
        longest_delay: ms(35),
        ..NO_END
    };
    assert_eq!(delays(odd, &[(0, 0); 4]), [10, 20, 35, 35]);
    let same = Policy {
        longest_delay: ms(10),
        ..NO_END
    };
    assert_eq!(delays(same, &[(0, 0); 3]), [10, 10, 10]);
}

#[test]
fn no_delay_stays_none() {
    let none = Policy {
        first_delay: Duration::ZERO,
        ..NO_END
    };
    assert_eq!(delays(none, &[(0, 0); 3]), [0, 0, 0]);
}

#[test]
fn without_a_longest_delay_they_grow_for_ever() {
    let policy = Policy {
        longest_delay: Duration::MAX,
        ..NO_END
    };
    let last = verdicts(policy, &[(0, 0); 200]).pop();
    assert_eq!(last, Some(Verdict::Again(Duration::MAX)));
}

#[test]
fn a_healthy_run_makes_the_delay_the_first() {
    let failures = [(0, 0), (0, 499), (0, 500), (0, 0), (0, 9000), (0, 0)];
    assert_eq!(delays(NO_END, &failures), [10, 20, 10, 20, 10, 20]);
    let never = Policy {
        healthy_after: Duration::MAX,
        ..NO_END
    };
    assert_eq!(delays(never, &failures), [10, 20, 40, 40, 40, 40]);
    let always = Policy {
        healthy_after: Duration::ZERO,
        ..NO_END
    };
    assert_eq!(delays(always, &failures), [10; 6]);
}

#[test]
fn a_success_makes_the_delay_the_first() {
    let mut history = History::of(NO_END);
    let _ = (history.failed(ms(0), ms(0)), history.failed(ms(0), ms(0)));
    assert_eq!(history.succeeded(), ms(10));
    assert_eq!(history.failed(ms(0), ms(0)), Verdict::Again(ms(10)));
    assert_eq!(history.failed(ms(0), ms(0)), Verdict::Again(ms(20)));
}

#[test]
fn more_than_the_most_within_the_time_are_too_many() {
    let verdicts = verdicts(POLICY, &[(100, 0), (200, 0), (300, 0), (1100, 0)]);
    assert_eq!(verdicts[2], Verdict::Again(ms(40)));
    assert_eq!(verdicts[3], Verdict::Enough(4, ms(1000)));
}

#[test]
fn those_of_before_do_not_count() {
    let failures: Vec<_> = (0..50).map(|number| (number * 334, 0)).collect();
    assert!(delays(POLICY, &failures).len() == 50);
    let failures: Vec<_> = (0..50).map(|number| (number * 333, 0)).collect();
    assert_eq!(verdicts(POLICY, &failures)[3], Verdict::Enough(4, ms(999)));
}

#[test]
fn a_healthy_run_does_not_empty_the_window() {
    let verdicts = verdicts(POLICY, &[(0, 0), (10, 0), (20, 0), (900, 800)]);
    assert_eq!(verdicts[3], Verdict::Enough(4, ms(900)));
}

#[test]
fn none_at_all_may_fail() {
    let policy = Policy { most: 0, ..POLICY };
    let enough = Verdict::Enough(1, Duration::ZERO);
    assert_eq!(verdicts(policy, &[(5, 5)]), [enough]);
}

#[test]
fn for_ever_counts_all() {
    let policy = Policy {
        within: Duration::MAX,
        ..POLICY
    };
    let far = 1_000_000_000;
    let verdicts = verdicts(policy, &[(0, 0), (far, 0), (2 * far, 0), (3 * far, 0)]);
    assert_eq!(verdicts[3], Verdict::Enough(4, ms(3 * far)));
}

#[test]
fn nothing_is_remembered_that_does_not_count() {
    let mut history = History::of(NO_END);
    let mut short = History::of(POLICY);
    for number in 0..1000 {
        let _ = history.failed(ms(number), ms(0));
        let _ = short.failed(ms(number * 500), ms(0));
    }
    assert_eq!(history.failures.len(), 0);
    assert_eq!(short.failures.len(), 3);
}

#[test]
fn a_delay_is_drawn_from_around_it() {
    let mut random = Random::seeded(3);
    let policy = Policy {
        jitter_percent: 20,
        ..POLICY
    };
    let draws = (0..1000).map(|_| policy.draw(ms(100), &mut random));
    let draws: Vec<_> = draws.map(|delay| delay.as_millis()).collect();
    assert!(draws.iter().all(|delay| (80..=120).contains(delay)));
    assert!(draws.iter().any(|delay| *delay < 85) && draws.iter().any(|delay| *delay > 115));
    assert_eq!(POLICY.draw(ms(100), &mut random), ms(100));
    let all = Policy {
        jitter_percent: 100,
        ..POLICY
    };
    assert!((0..1000).all(|_| all.draw(ms(100), &mut random) <= ms(200)));
    assert_eq!(all.draw(Duration::MAX, &mut random), Duration::MAX);
    assert_eq!(all.draw(Duration::ZERO, &mut random), Duration::ZERO);
}
