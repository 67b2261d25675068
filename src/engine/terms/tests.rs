//! What a thread's terms are. Laws:
//!
//! - A thread that was not told otherwise has the process's own.
//! - One that may run on fewer processors, or is less urgent, has others; one that takes them has the same; and what it
//!   may take back, it does.
//! - One of the processors is found by its place, counted round.
//! - More processors than a `cpu_set_t` has room for are counted, too.

use super::*;
use crate::base::sys::thread::number;

/// On a thread that ends.
fn aside(code: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(code).join().unwrap());
}

#[test]
fn t5_a_thread_has_the_processs_own_terms() {
    note_own();
    aside(|| assert!(Terms::of_the_caller() == Terms::OWN));
}

#[test]
fn t5_terms_are_taken_and_given_back() {
    note_own();
    aside(|| {
        stay_on_processor(0);
        let pinned = Terms::of(number());
        assert_eq!(cores(number()), 1);
        assert_eq!(scheduling::policy(0), Some((libc::SCHED_BATCH, false)));
        aside(|| {
            let mut here = Terms::of_the_caller();
            here.change_to(pinned.clone());
            assert!(here == pinned && Terms::of_the_caller() == pinned);
            here.change_to(Terms::OWN);
            assert!(Terms::of_the_caller() == Terms::OWN);
        });
    });
}

#[test]
fn t5_a_thread_that_was_made_less_urgent_knows_it() {
    note_own();
    aside(|| {
        assert!(scheduling::set_nice(19));
        let nice = Terms::of_the_caller();
        assert!(!nice.is_as_urgent());
        aside(|| {
            let mut here = Terms::of_the_caller();
            assert!(here == nice);
            here.change_to(Terms::OWN); // Not every system allows it, but what came of it is known.
            assert!(here == Terms::of_the_caller());
        });
    });
}

#[test]
fn processors_beyond_1024_are_counted() {
    let many = Processors::Many(vec![u64::MAX; 2048 / 64]);
    assert_eq!(many.count(), 2048);
}

#[test]
fn one_of_the_processors_is_found_by_its_place() {
    let mut words = vec![0; 2048 / 64];
    (words[0], words[20]) = (1 << 5, 1 << 63);
    let two = Processors::Many(words);
    let found = |place| two.one(place).map(|one| one.words().to_vec());
    for (place, word) in [(0, 0), (1, 20), (2, 0)] {
        let mut one = vec![0; 2048 / 64];
        one[word] = two.words()[word];
        assert_eq!(found(place), Some(one));
    }
}
