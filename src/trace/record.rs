//! How an event lies in memory: a few words, written by the thread on which it happens.
//!
//! A record is its time, its head, the words of its kind, and its texts, each filled up to whole words.
//! The texts are in it, not referred to: so it needs nothing that the program may release before it is
//! read, and nothing that was recorded earlier.

use std::borrow::Cow;

use crate::base::sync::atomic::{AtomicU64, Ordering};

macro_rules! kinds {
    ($($(#[$documentation:meta])* $name:ident,)*) => {
        /// What happened, with the words and the texts of its record. Task 0 is none.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(super) enum Kind {
            $($(#[$documentation])* $name,)*
        }

        /// In the order of their numbers.
        const KINDS: &[Kind] = &[$(Kind::$name),*];
    };
}

kinds! {
    /// The records that follow are of this thread: id, number; name.
    Thread,
    /// Task, parent; name.
    TaskBegin,
    /// A task that began before the trace: task, parent; name, label.
    TaskBefore,
    /// A task whose beginning was lost: task, parent; name, label.
    TaskMissed,
    /// A task that is in the trace already, but perhaps so far back that a snapshot does not reach
    /// there: task, parent; name, label.
    TaskAgain,
    /// A task that has ended before the trace, for those below it: task, parent; name.
    TaskEnded,
    /// It went well: task; label.
    TaskEnd,
    /// Task, code; text, label.
    TaskFailed,
    /// Task; cause, label.
    TaskCancelled,
    /// It was said which one of its kind it is: task; label.
    TaskLabel,
    /// Task; name.
    RegionBegin,
    /// A region, or a wait: when it began.
    RegionEnd,
    /// Task; the call in which it waits.
    WaitBegin,
    /// A region around what waits without a thread: its number, task; name.
    ApartBegin,
    /// Its number, when it began.
    ApartEnd,
    /// Task; category, message.
    Log,
    /// Here goes on what a thread has started: task, when it did, its id, in which task it was.
    Arrival,
}

impl Kind {
    /// Whether nothing happens then, and only something is said of what there is already.
    pub(super) fn introduces(self) -> bool {
        use Kind::{TaskAgain, TaskBefore, TaskEnded, TaskMissed, Thread};
        matches!(
            self,
            Thread | TaskBefore | TaskMissed | TaskAgain | TaskEnded
        )
    }
}

/// How many words and texts a kind has at most.
const MOST_WORDS: usize = 4;
const MOST_TEXTS: usize = 2;
/// The time and the head.
const BEGINNING: usize = 2;
const WORD: usize = size_of::<u64>();

/// A longer text is cut.
pub(super) const LONGEST_TEXT: usize = 64 << 10;
/// What stands at the end of a text that was cut.
const CUT: &str = "…";
/// No record has more words.
pub(super) const LONGEST: usize =
    BEGINNING + MOST_WORDS + MOST_TEXTS * (LONGEST_TEXT + CUT.len()).div_ceil(WORD);

/// An event to be recorded.
pub(super) struct Event<'a, const WORDS: usize, const TEXTS: usize> {
    pub(super) kind: Kind,
    pub(super) words: [u64; WORDS],
    /// None of them is longer than what `cut` leaves.
    pub(super) texts: [&'a [u8]; TEXTS],
}

impl<const WORDS: usize, const TEXTS: usize> Event<'_, WORDS, TEXTS> {
    /// How many words its record has.
    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        let texts = self.texts.iter().map(|text| text.len().div_ceil(WORD));
        BEGINNING + WORDS + texts.sum::<usize>()
    }

    /// Writes the record, into as many words as it has.
    #[inline(always)]
    pub(super) fn write(&self, time: u64, record: &[AtomicU64]) {
        let words = [time, self.head(record.len())]
            .into_iter()
            .chain(self.words);
        let (beginning, mut rest) = record.split_at(BEGINNING + WORDS);
        for (place, word) in beginning.iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        for text in self.texts {
            let (place, after) = rest.split_at(text.len().div_ceil(WORD));
            write_text(place, text);
            rest = after;
        }
    }

    /// From the lowest bit on: 8 for the kind, 16 for the size, 20 for the length of each text.
    #[inline(always)]
    fn head(&self, size: usize) -> u64 {
        let append = |lengths, text: &&[u8]| lengths << 20 | text.len() as u64;
        let lengths = self.texts.iter().rev().fold(0, append);
        lengths << 24 | (size as u64) << 8 | self.kind as u64
    }
}

#[inline(always)]
fn write_text(place: &[AtomicU64], text: &[u8]) {
    let whole = text.chunks_exact(WORD);
    let (count, rest) = (whole.len(), whole.remainder());
    for (place, word) in place.iter().zip(whole) {
        let word = word.try_into().expect("a chunk is as long as a word");
        place.store(u64::from_le_bytes(word), Ordering::Relaxed);
    }
    if let Some(last) = place.get(count) {
        last.store(last_word(text, rest), Ordering::Relaxed);
    }
}

/// The rest of a text, filled up to a word. (Copying so few bytes one by one costs as much as all else.)
#[inline(always)]
fn last_word(text: &[u8], rest: &[u8]) -> u64 {
    match text.last_chunk() {
        // What is before the rest is shifted out.
        Some(end) => u64::from_le_bytes(*end) >> (8 * (WORD - rest.len())),
        None => short_word(rest),
    }
}

/// Less than a word. What is read first and last is the same bytes in part, which are put where they belong.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    let at = |end: usize| 8 * (text.len() - end);
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        return first | last << at(4);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|part| u64::from(u16::from_le_bytes(*part)));
        return first | last << at(2);
    }
    text.first().copied().map_or(0, u64::from)
}

/// A text that is not too long for a record: as it is, or its beginning, with a mark that says so.
#[inline]
pub(super) fn cut(text: &[u8]) -> Cow<'_, [u8]> {
    if text.len() <= LONGEST_TEXT {
        return Cow::Borrowed(text);
    }
    // Not in the middle of a UTF-8 character.
    let is_inside = |end: &usize| text[*end] & 0xC0 == 0x80;
    let back = (LONGEST_TEXT - 3..=LONGEST_TEXT)
        .rev()
        .take_while(is_inside);
    let end = LONGEST_TEXT - back.count();
    Cow::Owned([&text[..end], CUT.as_bytes()].concat())
}

/// A record that was read.
pub(super) struct Record<'a> {
    pub(super) kind: Kind,
    pub(super) time: u64,
    pub(super) words: [u64; MOST_WORDS],
    pub(super) texts: [&'a [u8]; MOST_TEXTS],
}

/// How many words the record has that begins here.
pub(super) fn size(record: &[AtomicU64]) -> usize {
    (record[1].load(Ordering::Relaxed) >> 8 & 0xFFFF) as usize
}

/// Reads the record that begins here. Its texts are put into the buffers.
pub(super) fn read<'a>(record: &[AtomicU64], buffers: &'a mut [Vec<u8>; 2]) -> Record<'a> {
    let load = |place: &AtomicU64| place.load(Ordering::Relaxed);
    let head = load(&record[1]);
    let lengths = [head >> 24 & 0xF_FFFF, head >> 44].map(|length| length as usize);
    let text_words: usize = lengths.iter().map(|length| length.div_ceil(WORD)).sum();
    let (beginning, mut rest) = record[..size(record)].split_at(size(record) - text_words);
    let mut words = [0; MOST_WORDS];
    for (word, place) in words.iter_mut().zip(&beginning[BEGINNING..]) {
        *word = load(place);
    }
    for (buffer, length) in buffers.iter_mut().zip(lengths) {
        let (place, after) = rest.split_at(length.div_ceil(WORD));
        buffer.clear();
        buffer.extend(place.iter().flat_map(|place| load(place).to_le_bytes()));
        buffer.truncate(length);
        rest = after;
    }
    Record {
        kind: KINDS[(head & 0xFF) as usize],
        time: load(&record[0]),
        words,
        texts: [&buffers[0], &buffers[1]],
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn written<const W: usize, const T: usize>(event: &Event<'_, W, T>) -> Vec<AtomicU64> {
        // What was there before must not show.
        let record: Vec<_> = (0..event.size())
            .map(|_| AtomicU64::new(u64::MAX))
            .collect();
        event.write(1_000, &record);
        record
    }

    fn comes_back(category: &[u8], message: &[u8]) {
        let event = Event {
            kind: Kind::Log,
            words: [7],
            texts: [category, message],
        };
        let record = written(&event);
        assert_eq!(size(&record), record.len());
        let mut buffers = Default::default();
        let read = read(&record, &mut buffers);
        assert_eq!((read.kind, read.time), (Kind::Log, 1_000));
        assert_eq!(read.words, [7, 0, 0, 0]);
        assert_eq!(read.texts, [category, message]);
    }

    #[test]
    fn what_is_written_is_read() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..text.len() {
            comes_back(&text[..length], b"");
            comes_back(b"", &text[..length]);
            comes_back(&text[..length / 2], &text[..length]);
        }
        let long = vec![0xFF; LONGEST_TEXT + CUT.len()];
        comes_back(&long, &long);
    }

    #[test]
    fn the_longest_record_is_no_longer() {
        let long = vec![b'x'; LONGEST_TEXT + CUT.len()];
        let event = Event {
            kind: Kind::Log,
            words: [0; MOST_WORDS],
            texts: [&*long, &*long],
        };
        assert_eq!(event.size(), LONGEST);
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let fits = vec![b'x'; LONGEST_TEXT];
        assert_eq!(cut(&fits), fits);
        for before in 0..4 {
            let text = "x".repeat(before) + &"\u{1F980}".repeat(LONGEST_TEXT / 4 + 1);
            let cut = String::from_utf8(cut(text.as_bytes()).into_owned());
            let cut = cut.expect("no character was cut");
            let kept = cut.strip_suffix(CUT).expect("it says so");
            assert!(text.starts_with(kept) && kept.len() > LONGEST_TEXT - 4);
        }
        assert_eq!(
            cut(&[0x80; LONGEST_TEXT + 1]).len(),
            LONGEST_TEXT - 4 + CUT.len()
        );
    }
}
