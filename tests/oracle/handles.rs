//! The model's cancel handles, and its judgement of what happens at the same time.

use crate::case::{Outside, Target, cause_text};
use crate::expect::{Cause, Causes, Expect};
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
    /// Cancellations that have come to a shield, and have not come through.
    late: Vec<(usize, Cancelled)>,
    looks: Vec<Look>,
    events: usize,
    racy: bool,
}

/// How a handle hangs together with the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Cancelled with it.
    Child,
    /// The same, and nobody cancels it at the end.
    Valued,
    /// Cancelled some time after it.
    Delayed,
    /// Not cancelled with it, but draining.
    Shielded,
    Apart,
}

struct Handle {
    around: Option<usize>,
    link: Link,
    cancelled: Option<Cancelled>,
}

#[derive(Clone, Copy)]
pub struct Cancelled {
    pub cause: Cause,
    pub event: usize,
    /// What is known to who cancels, and that he does: so who is woken by that knows it.
    pub past: Past,
    /// Cancelled because a child failed, or has decided.
    pub from_below: bool,
    pub from_above: bool,
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
            from_above: false,
            returned: None,
        }
    }

    /// Whether it certainly happened before what has that past.
    pub fn is_known(&self, past: &Past) -> bool {
        past.knows(self.event) || self.returned.is_some_and(|returned| past.knows(returned))
    }
}

impl Handle {
    /// What cancels it, too.
    fn parent(&self) -> Option<usize> {
        let is_cut_off = matches!(self.link, Link::Shielded | Link::Apart);
        self.around.filter(|_| !is_cut_off)
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
            .map(|around| Handle {
                around,
                link: Link::Child,
                cancelled: None,
            })
            .into();
        let mut new = Handles {
            broken,
            handles,
            causes: Vec::new(),
            late: Vec::new(),
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
    pub fn below(&mut self, around: usize, link: Link, past: &mut Past) -> usize {
        let handle = Handle {
            around: Some(around),
            link,
            cancelled: None,
        };
        let above = handle.parent().and_then(|parent| self.cancelled(parent));
        if let (Some(above), Link::Delayed) = (above, link) {
            self.late.push((self.handles.len(), above));
        }
        let above = above.filter(|_| link != Link::Delayed);
        let cancelled = above.map(|above| {
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
                from_above: true,
                ..above
            }
        });
        self.handles.push(Handle {
            cancelled,
            ..handle
        });
        self.handles.len() - 1
    }

    pub fn cancelled(&self, handle: usize) -> Option<Cancelled> {
        self.handles[handle].cancelled
    }

    pub fn is_cancelled(&self, handle: usize) -> bool {
        self.handles[handle].cancelled.is_some()
    }

    /// Whether the handle is cancelled, and who has that past knows it. If it is and he does not, the case is racy.
    pub fn is_surely_cancelled(&mut self, handle: usize, past: &Past) -> bool {
        let cancelled = self.cancelled(handle);
        self.racy |= cancelled.is_some_and(|cancelled| !cancelled.is_known(past));
        cancelled.is_some()
    }

    /// The cause, and whether it came from a child.
    pub fn cause(&self, handle: usize) -> Option<(Cause, bool)> {
        self.handles[handle]
            .cancelled
            .map(|cancelled| (cancelled.cause, cancelled.from_below))
    }

    /// What the handles above it were cancelled with, and itself, if it is to count.
    pub fn causes_of(&self, handle: usize, itself: bool) -> Causes {
        let above = |handle: &usize| self.handles[*handle].parent();
        std::iter::successors(Some(handle), above)
            .skip(usize::from(!itself))
            .filter_map(|handle| self.handles[handle].cancelled)
            .fold(0, |causes, cancelled| causes | 1 << cancelled.cause)
    }

    /// A handle and those around the shields that it is in, and whether that is all that may make it draining.
    pub fn makes_draining(&self, handle: usize) -> (Vec<usize>, bool) {
        let around = |handle: &usize| self.handles[*handle].around;
        let up: Vec<usize> = std::iter::successors(Some(handle), around).collect();
        let is_apart = |handle: &&usize| self.handles[**handle].link == Link::Apart;
        let is_shield =
            |handle: &&usize| matches!(self.handles[**handle].link, Link::Delayed | Link::Shielded);
        let end = up.iter().position(|handle| is_apart(&handle));
        let (near, far) = up.split_at(end.unwrap_or(up.len()));
        let shields = near.iter().filter(is_shield);
        let outer = shields.filter_map(around);
        (
            std::iter::once(handle).chain(outer).collect(),
            !far.iter().any(|handle| is_shield(&handle)),
        )
    }

    pub fn left_open(&self) -> Vec<bool> {
        let is_left_open = |handle: &Handle| handle.link == Link::Valued;
        self.handles.iter().map(is_left_open).collect()
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
        let act = self.cancel(
            handle,
            Cancelled {
                returned: Some(returned),
                ..Cancelled::new(cause, past, false)
            },
        );
        past.learn(act);
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
                (self.broken, self.handles[handle].parent())
            {
                self.cancel(parent, Cancelled::new(cause, past, false));
            }
        }
    }

    /// A child has decided a contest. Others are cancelled, if there are any; who is knows the event that this returns.
    pub fn decided(&mut self, handle: usize, past: &Past, others: bool) -> usize {
        if !others
            || self.is_surely_cancelled(handle, past)
            || self.broken == Broken::LosersNotCancelled
        {
            return self.event();
        }
        let cause = self.add_cause(Expect::own_words(
            libc::ECANCELED,
            &["another one was first"],
        ));
        self.cancel(handle, Cancelled::new(cause, past, true))
    }

    /// All have ended that do not run below this handle: the cause, if nothing has cancelled it before.
    pub fn left_alone(&mut self, handle: usize, past: &Past) -> Option<Cause> {
        if self.is_surely_cancelled(handle, past) {
            return None;
        }
        let cause = self.add_cause(Expect::own_words(
            libc::ECANCELED,
            &["all others have ended"],
        ));
        self.cancel(handle, Cancelled::new(cause, past, true));
        Some(cause)
    }

    /// Cancels a handle and all below it, those that were let go, too: a cancellation that comes
    /// later here might come earlier there. Below one that was cancelled before there is nothing to
    /// do.
    ///
    /// Returns the event that somebody does.
    fn cancel(&mut self, handle: usize, mut new: Cancelled) -> usize {
        let act = self.event();
        new.past.learn(act);
        let mut reached = vec![false; self.handles.len()];
        for h in handle..self.handles.len() {
            let below = self.handles[h]
                .parent()
                .is_some_and(|parent| reached[parent]);
            if h != handle && !below {
                continue;
            }
            if h != handle && self.handles[h].link == Link::Delayed {
                self.late.push((h, new));
                continue;
            }
            match self.handles[h].cancelled {
                Some(earlier) if self.broken != Broken::LastCauseWins => {
                    self.racy |= !earlier.is_known(&new.past);
                }
                _ => {
                    let event = self.event();
                    self.handles[h].cancelled = Some(Cancelled {
                        event,
                        from_below: new.from_below && h == handle,
                        from_above: new.from_above || h != handle,
                        ..new
                    });
                    reached[h] = true;
                }
            }
        }
        act
    }

    /// One of the cancellations that have come to a shield comes through; false if there is none. Nobody is told when.
    pub fn come_through(&mut self) -> bool {
        let late = self.late.pop();
        late.is_some_and(|(handle, above)| {
            let inside = Cancelled {
                from_below: false,
                from_above: true,
                returned: None,
                ..above
            };
            self.cancel(handle, inside);
            true
        })
    }

    pub fn add_cause(&mut self, cause: Expect) -> Cause {
        if self.causes.len() == MOST_CAUSES {
            self.racy = true;
            return 0;
        }
        self.causes.push(cause);
        self.causes.len() - 1
    }

    pub fn event(&mut self) -> usize {
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
