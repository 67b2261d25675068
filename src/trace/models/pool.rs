//! Models of H5, H7 and H8, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::looking;

/// How many words a record has here: two records fill a chunk. Only the first one is written.
const SIZE: usize = chunk::WORDS / 2;

/// Records words, one after the other, as a thread does.
fn record(words: &[u64]) {
    let mut mine: Option<Grant> = None;
    for &word in words {
        while !append(&mut mine, word) {
            mine = claim(|| mine.take(), SIZE);
            assert!(mine.is_some(), "there are enough chunks");
        }
    }
}

fn append(mine: &mut Option<Grant>, word: u64) -> bool {
    let Some((chunk, claim)) = mine else {
        return false;
    };
    let write = |place: &[AtomicU64]| place[0].store(word, Ordering::Relaxed);
    let appended = chunk.append(*claim, SIZE, write);
    appended.map(|after| *claim = after).is_ok()
}

/// What the reader has not read yet; he reads it.
fn read(parts: &[Part]) -> Vec<u64> {
    let mut found = Vec::new();
    for part in parts {
        let unread = part.unread().words.iter().step_by(SIZE);
        found.extend(unread.map(|word| word.load(Ordering::Relaxed)));
        part.was_read(0);
    }
    found
}

/// Two threads record while the reader reads, and he reads again when they are done. He finds everything,
/// once, and what one thread has recorded in its order.
fn recording_races_with_reading(read_some: fn() -> Vec<u64>) {
    loom::model(move || {
        begin_reading(1);
        let first = thread::spawn(|| record(&[1, 2, 3]));
        let second = thread::spawn(|| record(&[4]));
        let mut found = read_some();
        first.join().unwrap();
        second.join().unwrap();
        finish_reading(None);
        found.extend(read(&take_parts()));
        end_reading();
        assert_eq!(found.iter().filter(|word| **word == 4).count(), 1);
        found.retain(|word| *word != 4);
        assert_eq!(found, [1, 2, 3]);
    });
}

#[test]
fn k3_k5_the_reader_finds_everything_once() {
    recording_races_with_reading(|| read(&take_parts()));
}

#[test]
#[ignore = "a mutant"]
fn k5_mutant_releases_before_he_reads() {
    recording_races_with_reading(|| {
        let mut parts = take_parts();
        for part in parts.iter_mut().filter(|part| part.is_full) {
            LISTS.lock().take_back(part.chunk);
            part.is_full = false;
        }
        read(&parts)
    });
}

#[test]
#[ignore = "a mutant"]
fn k3_mutant_looks_at_open_and_full_chunks_one_after_the_other() {
    recording_races_with_reading(|| {
        let part_of = |is_full| move |chunk: &&'static Chunk| Part::of(*chunk, is_full);
        let mut parts: Vec<_> = LISTS.lock().open.iter().map(part_of(false)).collect();
        let full = std::mem::take(&mut LISTS.lock().full);
        parts.extend(full.iter().map(part_of(true)));
        read(&parts)
    });
}

/// The holder of a chunk finds it full, while it is handed over to another thread.
fn closing_races_with_handing_over(close: fn(&mut Lists, Grant)) {
    loom::model(move || {
        begin_reading(1);
        let mine = claim(|| None, SIZE).expect("a chunk");
        let other = thread::spawn(|| {
            let mut theirs = LISTS.lock().hand_over(SIZE);
            theirs.is_some() && append(&mut theirs, 1) && append(&mut theirs, 2)
        });
        close(&mut LISTS.lock(), mine);
        let recorded = other.join().unwrap();
        assert_eq!(read(&take_parts()).len(), if recorded { 2 } else { 0 });
    });
}

#[test]
fn k3_only_its_holder_closes_a_chunk() {
    closing_races_with_handing_over(|lists, mine| lists.close(mine));
}

#[test]
#[ignore = "a mutant"]
fn k3_mutant_closes_what_is_not_his_any_more() {
    closing_races_with_handing_over(|lists, (chunk, _)| {
        if chunk.hand_over(0).is_some() {
            lists.open.retain(|open| !std::ptr::eq(*open, chunk));
            lists.shelve(chunk);
        }
    });
}

/// A thread has closed its chunk, and there was no other one. When that was read, another thread has it, from which it is taken while the first
/// one records again.
fn recording_races_with_who_found_none(claim_for: fn(&mut Option<Grant>, usize) -> Option<Grant>) {
    explore(3, move || {
        looking::prepare();
        begin_reading(1);
        let mut first = None;
        for word in 1..=FOR_TRACE as u64 {
            first = claim_for(&mut first, 2 * SIZE);
            assert!(append(&mut first, word));
        }
        assert!(claim_for(&mut first, 2 * SIZE).is_none());
        assert_eq!(read(&take_parts()), [1, 2, 3]);
        let mut second = claim(|| None, SIZE);
        let appends = move |mut mine: Option<Grant>, word| move || append(&mut mine, word);
        let first = thread::spawn(appends(first, 4));
        let second = thread::spawn(appends(second.take(), 5));
        let mut third = LISTS.lock().hand_over(SIZE);
        let mut expected = Vec::new();
        assert!(!first.join().unwrap());
        if append(&mut third, 6) {
            expected.push(6);
        }
        if second.join().unwrap() {
            expected.push(5);
        }
        let mut found = read(&take_parts());
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        end_reading();
    });
}

#[test]
fn h3_who_finds_no_chunk_remembers_none() {
    recording_races_with_who_found_none(|mine, room| claim(|| mine.take(), room));
}

#[test]
#[ignore = "a mutant"]
fn h3_mutant_remembers_what_it_has_closed() {
    recording_races_with_who_found_none(|mine, room| claim(|| *mine, room));
}

/// The reader comes to his end while the program does, which waits for that. If either slept over it, the model would
/// report that nothing goes on.
fn ending_races_with_reading(end: fn()) {
    loom::model(move || {
        begin_reading(1);
        let reader = thread::spawn(move || {
            let patient = clock::now() + clock::Duration::from_secs(1);
            while !wait(patient) {}
            end();
        });
        let patient = clock::now() + clock::Duration::from_secs(1);
        finish_if_read(patient);
        await_end_of_reading(patient);
        assert!(!LISTS.lock().is_read);
        reader.join().unwrap();
    });
}

#[test]
fn h8_the_end_is_waited_for() {
    ending_races_with_reading(end_reading);
}

#[test]
#[ignore = "a mutant"]
fn h8_mutant_ends_silently() {
    ending_races_with_reading(|| LISTS.lock().end_reading());
}
