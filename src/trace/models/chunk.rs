//! Models of H3 and H4, each with mutants that it must catch.

use loom::thread;

use super::*;

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

type Append = fn(&Chunk, Claim, u64) -> Result<Claim, Refused>;

/// The holder of a claim appends, while another thread takes the claim away and appends too. What each was
/// told to be written is there, once.
fn hand_over_races_with_append(append_as: Append, hand_over: fn(&Chunk) -> Option<Claim>) {
    loom::model(move || {
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
        if !chunk.is_held(claim) {
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
        let claim = Claim::new(2, Claim(state).length());
        let swap =
            chunk
                .state
                .compare_exchange(state, claim.0, Ordering::AcqRel, Ordering::Relaxed);
        swap.is_ok().then_some(claim)
    });
}

/// Somebody reads while two holders append, one after the other.
fn reading_races_with(append_as: Append) {
    loom::model(move || {
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
        let claim = Claim::new(2, Claim(state).length());
        chunk.state.store(claim.0, Ordering::Relaxed);
        Some(claim)
    });
}
