//! Models of H3 and H4, each with mutants that it must catch.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::looking;

/// Appends a record of two equal words.
fn append(chunk: &Chunk, claim: Claim, word: u64) -> Result<Claim, Refused> {
    chunk.append(claim, 2, |place| write(place, word))
}

fn write(place: &[AtomicU64], word: u64) {
    place[0].store(word, Ordering::Relaxed);
    place[1].store(word, Ordering::Relaxed);
}

/// The records as they can be read now, which must all be whole.
fn records(chunk: &Chunk) -> Vec<u64> {
    let words = chunk.written().iter();
    let words: Vec<_> = words.map(|word| word.load(Ordering::Relaxed)).collect();
    let record = |pair: &[u64]| {
        assert!(
            pair[0] == pair[1] && pair[0] > 0,
            "a record is whole: {pair:?}"
        );
        pair[0]
    };
    words.chunks(2).map(record).collect()
}

/// With a locked instruction, as where the kernel has no barrier, and without one.
fn in_both_ways(model: impl Fn() + Copy + Sync + Send + 'static) {
    loom::model(model);
    loom::model(move || {
        looking::prepare();
        model();
    });
}

type Append = fn(&Chunk, Claim, u64) -> Result<Claim, Refused>;

/// The holder of a claim appends, while another thread takes the claim away and appends too. What each was
/// told to be written is there, once.
fn hand_over_races_with_append(append_as: Append, hand_over: fn(&Chunk) -> Option<Claim>) {
    in_both_ways(move || {
        let chunk = Chunk::make().expect("memory");
        let claim = chunk.claim(1);
        let holder = thread::spawn(move || {
            let appended = append_as(chunk, claim, 1);
            let appended = appended.and_then(|claim| append_as(chunk, claim, 2));
            appended.is_ok()
        });
        let mut expected = Vec::new();
        if let Some(claim) = hand_over(chunk) {
            append(chunk, claim, 3).expect("nobody else has the claim");
            expected.push(3);
        }
        let all_appended = holder.join().unwrap();
        let mut found = records(chunk);
        assert!(all_appended || !expected.is_empty());
        if all_appended {
            expected.extend([1, 2]);
        } else {
            found.retain(|word| *word == 3);
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn k1_a_claim_changes_hands_between_two_records() {
    hand_over_races_with_append(append, |chunk| chunk.hand_over(2));
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_looks_before_it_writes() {
    let append = |chunk: &Chunk, claim: Claim, word| {
        if chunk.state.load(Ordering::Relaxed) != claim.0 {
            return Err(Refused::Lost);
        }
        let length = claim.length();
        write(&chunk.words[length..length + 2], word);
        let after = Claim(claim.0 + (2 << LENGTH));
        chunk.state.store(after.0, Ordering::Release);
        Ok(after)
    };
    hand_over_races_with_append(append, |chunk| chunk.hand_over(2));
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_takes_the_claim_of_one_who_writes() {
    hand_over_races_with_append(append, |chunk| {
        let state = chunk.state.load(Ordering::Relaxed);
        let claim = Claim::new(2, 1, Claim(state).length());
        let swap =
            chunk
                .state
                .compare_exchange(state, claim.0, Ordering::AcqRel, Ordering::Relaxed);
        swap.is_ok().then_some(claim)
    });
}

/// Somebody reads while two holders append, one after the other.
fn reading_races_with(append_as: Append) {
    in_both_ways(move || {
        let chunk = Chunk::make().expect("memory");
        let claim = chunk.claim(1);
        let holder = thread::spawn(move || append_as(chunk, claim, 1).is_ok());
        let reader = thread::spawn(move || records(chunk));
        if let Some(claim) = chunk.hand_over(2) {
            append_as(chunk, claim, 2).expect("nobody else has the claim");
        }
        let (appended, early) = (holder.join().unwrap(), reader.join().unwrap());
        let late = records(chunk);
        assert!(late.starts_with(&early));
        assert_eq!(late.contains(&1), appended);
    });
}

#[test]
fn k2_what_can_be_read_is_whole_and_stays() {
    reading_races_with(append);
}

#[test]
#[ignore = "a mutant"]
fn k2_mutant_tells_the_length_first() {
    let append = |chunk: &Chunk, claim: Claim, word| {
        let length = claim.length();
        let after = Claim(claim.0 + (2 << LENGTH));
        let swap =
            chunk
                .state
                .compare_exchange(claim.0, after.0, Ordering::AcqRel, Ordering::Relaxed);
        swap.map_err(|_| Refused::Lost)?;
        write(&chunk.words[length..length + 2], word);
        Ok(after)
    };
    reading_races_with(append);
}

#[test]
#[ignore = "a mutant"]
fn k2_mutant_does_not_release_the_words() {
    let append = |chunk: &Chunk, claim: Claim, word| {
        let (length, busy) = (claim.length(), claim.0 | BUSY);
        let swap =
            chunk
                .state
                .compare_exchange(claim.0, busy, Ordering::Acquire, Ordering::Relaxed);
        swap.map_err(|_| Refused::Lost)?;
        write(&chunk.words[length..length + 2], word);
        let after = Claim(claim.0 + (2 << LENGTH));
        chunk.state.store(after.0, Ordering::Relaxed);
        Ok(after)
    };
    reading_races_with(append);
}

#[test]
#[ignore = "a mutant"]
fn k2_mutant_does_not_acquire_what_was_written_before() {
    let append = |chunk: &Chunk, claim: Claim, word| {
        let (length, busy) = (claim.length(), claim.0 | BUSY);
        let swap =
            chunk
                .state
                .compare_exchange(claim.0, busy, Ordering::Relaxed, Ordering::Relaxed);
        swap.map_err(|_| Refused::Lost)?;
        write(&chunk.words[length..length + 2], word);
        let after = Claim(claim.0 + (2 << LENGTH));
        chunk.state.store(after.0, Ordering::Release);
        Ok(after)
    };
    reading_races_with(append);
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_takes_the_claim_in_two_steps() {
    hand_over_races_with_append(append, |chunk| {
        let state = chunk.state.load(Ordering::Relaxed);
        if state & BUSY != 0 {
            return None;
        }
        let claim = Claim::new(2, 1, Claim(state).length());
        chunk.state.store(claim.0, Ordering::Relaxed);
        Some(claim)
    });
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_does_not_see_who_is_inside() {
    hand_over_races_with_append(append, |chunk| {
        let former = Claim(chunk.state.load(Ordering::Relaxed));
        let _look = Look::begin();
        chunk.replace(former, Claim::new(2, 1, former.length()))
    });
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_does_not_say_that_it_looks() {
    hand_over_races_with_append(append, |chunk| {
        let former = Claim(chunk.state.load(Ordering::Relaxed));
        if former.0 & BUSY != 0 || chunk.places[0].is_there() {
            return None;
        }
        chunk.replace(former, Claim::new(2, 1, former.length()))
    });
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_is_inside_without_a_look_at_the_state() {
    let append = |chunk: &Chunk, claim: Claim, word| {
        let inside = chunk.inside(claim).filter(|inside| inside.come_in());
        let Some(inside) = inside else {
            return append(chunk, claim, word);
        };
        let length = claim.length();
        write(&chunk.words[length..length + 2], word);
        let after = claim.after(2);
        chunk.state.store(after.0, Ordering::Release);
        inside.go_out();
        Ok(after)
    };
    hand_over_races_with_append(append, |chunk| chunk.hand_over(2));
}

/// A claim is taken away, and taken away again, while those append who have had it. Who is told that his record is written has it below the length.
fn claim_is_taken_away_twice(hand_over: fn(&Chunk, u64) -> Option<Claim>) {
    explore(2, move || {
        looking::prepare();
        let chunk = Chunk::make().expect("memory");
        let first = chunk.claim(1);
        let second = hand_over(chunk, 2).expect("nobody is inside");
        let appends = |claim| thread::spawn(move || append(chunk, claim, 1).is_ok());
        let [first, second] = [first, second].map(appends);
        let third = hand_over(chunk, 3);
        assert!(!first.join().unwrap());
        let has_appended = second.join().unwrap();
        if let Some(third) = third {
            assert_eq!(chunk.state.load(Ordering::Relaxed), third.0);
            assert_eq!(third.length() > 0, has_appended);
        }
    });
}

#[test]
fn k1_who_has_lost_a_claim_disturbs_nobody() {
    claim_is_taken_away_twice(Chunk::hand_over);
}

#[test]
#[ignore = "a mutant"]
fn k1_mutant_hands_the_place_over_too() {
    claim_is_taken_away_twice(|chunk, number| {
        let former = Claim(chunk.state.load(Ordering::Relaxed));
        let _look = Look::begin();
        if former.0 & BUSY != 0 || chunk.places[0].is_there() {
            return None;
        }
        chunk.replace(former, Claim::new(number, 0, former.length()))
    });
}
