//! The model's cancel handles, and its judgement of what happens at the same time.

use crate::case::{Outside, Target, cause_text};
use crate::expect::{Cause, Expect};
use crate::model::{Broken, Fate};
use crate::past::Past;

pub const OUTER: usize = 0;
pub const GIVEN: usize = 1;

/// The matcher keeps a set of causes in one word.
const MOST_CAUSES: usize = 64;

pub struct Handles {
    broken: Broken,
    /// A handle comes after its parent.
    handles: Vec<Handle>,
    pub causes: Vec<Expect>,
    looks: Vec<Look>,
    events: usize,
    racy: bool,
}

struct Handle {
    parent: Option<usize>,
    cancelled: Option<Cancelled>,
}

#[derive(Clone, Copy)]
struct Cancelled {
    cause: Cause,
    event: usize,
    past: Past,
    /// Cancelled because a child failed.
    from_below: bool,
    /// The return of the call that cancelled it, or a handle above it: by then, all below are
    /// cancelled.
    returned: Option<usize>,
}

impl Cancelled {
    /// The event is still to come.
    fn new(cause: Cause, past: &Past, from_below: bool) -> Cancelled {
        Cancelled {
            cause,
            event: 0,
            past: *past,
            from_below,
            returned: None,
        }
    }

    /// Whether it certainly happened before what has that past.
    fn is_known(&self, past: &Past) -> bool {
        past.knows(self.event) || self.returned.is_some_and(|returned| past.knows(returned))
    }
}

/// A look at a handle, judged at the end, when it is known whether the handle was ever cancelled.
struct Look {
    leaf: usize,
    handle: usize,
    event: usize,
    /// The cancellation was certainly before the look.
    known: bool,
    /// Errors depend on it, so it must not be left to chance.
    matters: bool,
}

impl Handles {
    /// The two handles outside, and what is known before the run begins.
    pub fn new(outside: Outside, broken: Broken) -> (Handles, Past) {
        let handles = [None, Some(OUTER)]
            .map(|parent| Handle {
                parent,
                cancelled: None,
            })
            .into();
        let mut new = Handles {
            broken,
            handles,
            causes: Vec::new(),
            looks: Vec::new(),
            events: 0,
            racy: false,
        };
        let mut past = Past::default();
        if let Outside::Cancelled(target, code) = outside {
            new.trigger(target, GIVEN, code, &mut past);
        }
        (new, past)
    }

    /// Makes a handle; below a cancelled one it is born cancelled.
    pub fn below(&mut self, parent: usize, past: &mut Past) -> usize {
        let cancelled = self.handles[parent].cancelled.map(|above| {
            let event = self.event();
            let known = above.is_known(past);
            let before = if known { *past } else { above.past };
            if known {
                past.learn(event);
            }
            Cancelled {
                event,
                past: before,
                from_below: false,
                ..above
            }
        });
        self.handles.push(Handle {
            parent: Some(parent),
            cancelled,
        });
        self.handles.len() - 1
    }

    pub fn is_cancelled(&self, handle: usize) -> bool {
        self.handles[handle].cancelled.is_some()
    }

    /// The cause, and whether it came from a child.
    pub fn cause(&self, handle: usize) -> Option<(Cause, bool)> {
        self.handles[handle]
            .cancelled
            .map(|cancelled| (cancelled.cause, cancelled.from_below))
    }

    /// The end of a wait for cancellation, if it ends.
    pub fn wait(&self, handle: usize, past: &mut Past) -> Option<Cause> {
        let cancelled = self.handles[handle].cancelled?;
        past.learn_all(&cancelled.past);
        past.learn(cancelled.event);
        Some(cancelled.cause)
    }

    /// A look at the handle: the cause if it is certainly cancelled by now.
    pub fn look(
        &mut self,
        handle: usize,
        leaf: usize,
        past: &mut Past,
        matters: bool,
    ) -> Option<Cause> {
        let cancelled = self.handles[handle]
            .cancelled
            .filter(|cancelled| cancelled.is_known(past));
        let event = self.event();
        self.looks.push(Look {
            leaf,
            handle,
            event,
            known: cancelled.is_some(),
            matters,
        });
        past.learn(event);
        cancelled.map(|cancelled| cancelled.cause)
    }

    pub fn trigger(&mut self, target: Target, own: usize, code: Option<i32>, past: &mut Past) {
        let handle = match target {
            Target::Own => own,
            Target::Given => GIVEN,
            Target::Outer => OUTER,
        };
        if let Some(cancelled) = self.handles[handle].cancelled {
            // Which of two causes comes first must be certain.
            self.racy |= !cancelled.is_known(past);
            if self.broken != Broken::LastCauseWins {
                return;
            }
        }
        let cause = self.add_cause(match code {
            Some(code) => Expect::error(code, Some(&cause_text(code))),
            None => Expect::OwnWords {
                code: libc::ECANCELED,
                names: Vec::new(),
            },
        });
        let returned = self.event();
        self.cancel(
            handle,
            Cancelled {
                returned: Some(returned),
                ..Cancelled::new(cause, past, false)
            },
        );
        past.learn(returned);
    }

    /// A child of a group has failed.
    pub fn failed(&mut self, handle: usize, error: &Expect, past: &Past, outrun: bool) {
        if let Some(cancelled) = self.handles[handle].cancelled {
            let lost_race = outrun && cancelled.from_below;
            self.racy |= !lost_race && !cancelled.is_known(past);
        } else if self.broken != Broken::GroupDoesNotCancel {
            let cause = error
                .bare_echo()
                .unwrap_or_else(|| self.add_cause(error.clone()));
            self.cancel(handle, Cancelled::new(cause, past, true));
            if let (Broken::GroupCancelsItsParent, Some(parent)) =
                (self.broken, self.handles[handle].parent)
            {
                self.cancel(parent, Cancelled::new(cause, past, false));
            }
        }
    }

    /// Cancels a handle and all below it, those that were let go, too: a cancellation that comes
    /// later here might come earlier there. Below one that was cancelled before there is nothing to
    /// do.
    fn cancel(&mut self, handle: usize, new: Cancelled) {
        let mut reached = vec![false; self.handles.len()];
        for h in handle..self.handles.len() {
            let below = self.handles[h].parent.is_some_and(|parent| reached[parent]);
            if h != handle && !below {
                continue;
            }
            match self.handles[h].cancelled {
                Some(earlier) if self.broken != Broken::LastCauseWins => {
                    self.racy |= !earlier.is_known(&new.past);
                }
                _ => {
                    let event = self.event();
                    let from_below = new.from_below && h == handle;
                    self.handles[h].cancelled = Some(Cancelled {
                        event,
                        from_below,
                        ..new
                    });
                    reached[h] = true;
                }
            }
        }
    }

    fn add_cause(&mut self, cause: Expect) -> Cause {
        if self.causes.len() == MOST_CAUSES {
            self.racy = true;
            return 0;
        }
        self.causes.push(cause);
        self.causes.len() - 1
    }

    fn event(&mut self) -> usize {
        self.events += 1;
        self.racy |= self.events > Past::CAPACITY;
        (self.events - 1) % Past::CAPACITY
    }

    /// At the end: what each look says, and whether anything was left to chance that matters.
    pub fn judge(&self, fates: &mut [Fate]) -> bool {
        let mut racy = self.racy;
        for look in &self.looks {
            let cancelled = self.handles[look.handle].cancelled;
            let surely_before = cancelled.is_none_or(|cancelled| cancelled.past.knows(look.event));
            let certain = if look.known {
                Some(true)
            } else {
                surely_before.then_some(false)
            };
            racy |= look.matters && certain.is_none();
            fates[look.leaf].looks.push(certain);
        }
        racy
    }

    pub fn causes_from_below(&self) -> Vec<Option<Cause>> {
        let cause = |handle| self.cause(handle).filter(|(_, from_below)| *from_below);
        (0..self.handles.len())
            .map(|handle| cause(handle).map(|(cause, _)| cause))
            .collect()
    }
}
