//! The choices of one run, where another process reads them: for who tries all orders of a program, each in a process of its own.

use crate::base::sync::OnceLock;
use crate::base::sync::notes::{AtomicU32, Ordering};

const MOST: usize = 8192;

/// Memory that both have in common. `sim/table.h` has the same.
#[repr(C)]
pub(crate) struct Journal {
    /// For how many choices it is said which one is to be taken.
    planned: AtomicU32,
    /// How many there were; more than there are places for: the rest is the usual one, and not noted.
    made: AtomicU32,
    /// Of each, how many there were to choose from, and which was taken, the usual one being 0.
    choices: [Choice; MOST],
}

#[repr(C)]
struct Choice {
    count: AtomicU32,
    taken: AtomicU32,
}

static JOURNAL: OnceLock<&'static Journal> = OnceLock::new();

/// The next run is the one that is said there.
pub(crate) fn follow(journal: &'static Journal) {
    let _ = JOURNAL.set(journal);
}

/// What is to be chosen, if it is said.
pub(super) fn path() -> Option<Vec<usize>> {
    let journal = JOURNAL.get()?;
    let planned = journal.planned.load(Ordering::Relaxed) as usize;
    let choices = journal.choices.iter().take(planned);
    let taken = choices.map(|choice| choice.taken.load(Ordering::Relaxed) as usize);
    Some(taken.collect())
}

/// One choice more.
pub(super) fn note(count: usize, taken: usize) {
    let Some(journal) = JOURNAL.get() else {
        return;
    };
    let number = journal.made.fetch_add(1, Ordering::Relaxed) as usize;
    if let Some(choice) = journal.choices.get(number) {
        choice.count.store(count as u32, Ordering::Relaxed);
        choice.taken.store(taken as u32, Ordering::Relaxed);
    }
}
