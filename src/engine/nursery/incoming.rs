//! Where a nursery without a limit accepts its children: so who spawns does not wait for those who begin and end others, and
//! they take what is there all at once.
//!
//! Its lock is taken under that of the nursery, and nothing is locked under it. It is given back by no locked instruction, for it is taken for each
//! child.

use std::collections::VecDeque;

use super::Child;
use super::spawn::Refused;
use crate::base::race_detector::Unseen;
use crate::scope::cancel::Cancel;

pub(super) struct Incoming<C> {
    /// What they will run under, from when the nursery begins until it is over.
    under: Option<Cancel>,
    queue: VecDeque<C>,
    /// Whether the thread that runs the nursery waits for one.
    is_awaited: bool,
}

/// For how many there is room as soon as there is one: so a few need memory once.
const FIRST_ROOM: usize = 16;

impl<C> Incoming<C> {
    pub(super) fn new() -> Incoming<C> {
        Incoming {
            under: None,
            queue: VecDeque::new(),
            is_awaited: false,
        }
    }

    pub(super) fn begin(&mut self, under: Cancel) {
        self.under = Some(under);
        self.is_awaited = false;
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn queue(&mut self) -> &mut VecDeque<C> {
        &mut self.queue
    }

    /// Gives all of them away, for a queue that is empty.
    pub(super) fn swap(&mut self, empty: &mut VecDeque<C>) {
        std::mem::swap(&mut self.queue, empty);
    }

    #[cold]
    fn make_room(&mut self) {
        self.queue.reserve_exact(FIRST_ROOM);
    }

    /// Accepts no more, if there is none. Tells what they would have run under.
    pub(super) fn close(&mut self) -> Option<Cancel> {
        self.queue.is_empty().then(|| self.under.take()).flatten()
    }

    /// Who runs the nursery waits for one, unless there is one (false).
    pub(super) fn is_awaited(&mut self) -> bool {
        self.is_awaited = self.queue.is_empty();
        self.is_awaited
    }
}

impl<C: Child> Incoming<C> {
    /// Accepts a child, or gives it back and says why not. Tells whether it is waited for, once.
    pub(super) fn offer(&mut self, mut child: C) -> Result<bool, (C, Refused)> {
        let _unseen = Unseen::default(); // Calls of the C library move those that are there.
        let Some(under) = &self.under else {
            return Err((child, Refused::Over));
        };
        if let Some(cause) = under.cause() {
            return Err((child, Refused::Cancelled(cause.clone())));
        }
        child.accepted(under);
        if self.queue.capacity() == 0 {
            self.make_room();
        }
        self.queue.push_back(child);
        Ok(std::mem::take(&mut self.is_awaited))
    }
}
