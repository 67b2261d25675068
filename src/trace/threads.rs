//! What a trace knows of the threads in it: who they are, and in which regions.

use std::collections::HashMap;

/// How many threads are remembered that are inside of no region.
const MOST_AT_REST: usize = 1 << 16;

#[derive(Default)]
pub(super) struct Threads(HashMap<i32, Thread>);

#[derive(Default)]
struct Thread {
    /// Tells it from others that had its id before it.
    number: u32,
    name: Vec<u8>,
    /// When the regions began that it is inside of, innermost last.
    open: Vec<u64>,
}

/// What a thread's telling who it is comes to.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Met {
    Known,
    /// It is new, or is called something else now.
    News,
    /// Another thread had its id, and has ended inside of so many regions.
    Successor {
        left_open: usize,
    },
}

impl Threads {
    pub(super) fn meet(&mut self, tid: i32, number: u32, name: &[u8]) -> Met {
        self.forget_some();
        let thread = self.0.entry(tid).or_default();
        let before = std::mem::replace(&mut thread.number, number);
        if before == number && thread.name == name {
            return Met::Known;
        }
        thread.name = name.to_vec();
        if before == number || before == 0 {
            return Met::News;
        }
        let left_open = std::mem::take(&mut thread.open).len();
        Met::Successor { left_open }
    }

    pub(super) fn is_known(&self, tid: i32) -> bool {
        self.0.contains_key(&tid)
    }

    pub(super) fn enter(&mut self, tid: i32, began: u64) {
        self.0.entry(tid).or_default().open.push(began);
    }

    /// Ends the region that began then; returns how many end with it. That is 1, but for mistakes: those
    /// inside of it whose end was lost end too, and one that is not open ends nothing.
    /// (In C a region is a pointer, which may have no room for all of the time.)
    pub(super) fn leave(&mut self, tid: i32, began: u64) -> usize {
        let Some(thread) = self.0.get_mut(&tid) else {
            return 0;
        };
        let open = thread.open.len();
        if let Some(place) = thread
            .open
            .iter()
            .rposition(|&other| other as usize == began as usize)
        {
            thread.open.truncate(place);
        }
        open - thread.open.len()
    }

    /// A program may make threads without end. What is forgotten is told again when it is met again.
    fn forget_some(&mut self) {
        if self.0.len() >= MOST_AT_REST {
            self.0.retain(|_, thread| !thread.open.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_news_once() {
        let mut threads = Threads::default();
        assert_eq!(threads.meet(7, 1, b"web"), Met::News);
        assert_eq!(threads.meet(7, 1, b"web"), Met::Known);
        assert_eq!(threads.meet(7, 1, b"db"), Met::News);
    }

    #[test]
    fn a_thread_with_the_id_of_one_that_ended_is_another() {
        let mut threads = Threads::default();
        threads.meet(7, 1, b"web");
        threads.enter(7, 10);
        threads.enter(7, 20);
        assert_eq!(threads.meet(7, 2, b"web"), Met::Successor { left_open: 2 });
        assert_eq!(threads.leave(7, 20), 0);
    }

    #[test]
    fn regions_end_innermost_first() {
        let mut threads = Threads::default();
        threads.enter(7, 10);
        threads.enter(7, 20);
        assert_eq!(threads.leave(7, 20), 1);
        assert_eq!(threads.leave(7, 10), 1);
    }

    #[test]
    fn a_region_whose_end_was_lost_ends_with_the_one_around_it() {
        let mut threads = Threads::default();
        threads.enter(7, 10);
        threads.enter(7, 20);
        assert_eq!(threads.leave(7, 10), 2);
        assert_eq!(threads.leave(7, 20), 0);
        assert_eq!(threads.leave(8, 20), 0);
    }

    #[test]
    fn threads_without_end_do_not_fill_the_memory() {
        let mut threads = Threads::default();
        threads.enter(1, 10);
        for tid in 2..3 * MOST_AT_REST as i32 {
            threads.meet(tid, 1, b"");
        }
        assert!(threads.0.len() <= MOST_AT_REST);
        assert_eq!(threads.leave(1, 10), 1);
    }
}
