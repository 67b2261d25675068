//! Handles below several others.
//!
//! Invariant:
//! - **C10 several above.** A handle below several is a child of each: cancelled with the first of them, it holds all, a cancellation of
//!   any is not over before it has come down to it (C8), and when nobody holds it any more it is unlinked from all (C5).
//!
//! A node is in one list of children at most, and knows its place there. So below each of those above it has a node of its own, a *strand*,
//! whose only child it is: that is where cancellations come down.

use std::collections::HashSet;

use super::deadline::Nearest;
use super::inherited::Inherited;
use super::{Cancel, Deadline, Entry, Linked, Node, View};
use crate::base::common::Common;
use crate::base::error::Error;
use crate::base::sync::notes::Ordering;

impl Cancel {
    /// A handle below all of these. It is in the task of the first, and has the values of that; and it drains with any.
    pub(crate) fn below_all(above: &[Cancel]) -> Cancel {
        let first = match above {
            [] => return Cancel::root(None),
            [only] => return only.child(),
            [first, ..] => first,
        };
        // Of two runs of `proc_main` the earlier one is over.
        let main = above.iter().map(|one| one.main).max().unwrap_or(0);
        let around = around_shields(above);
        let inherited = first.inherited.clone();
        let inherited = if around.is_empty() {
            inherited
        } else {
            let nearest = Node::nearest(&around);
            let any = Node::new(None, None, 0, None, View::NONE, nearest);
            let shield = Entry::Shield(Cancel::several(&around, any));
            Some(Inherited::new(shield, inherited))
        };
        let (task, nearest) = (first.task.clone(), Node::nearest(above));
        let node = Node::new(None, task, main, inherited, View::NONE, nearest);
        Cancel::several(above, node)
    }

    fn several(above: &[Cancel], node: Node) -> Cancel {
        let node = Common::new(|| node);
        Node::hang_below(&node, above, above);
        Cancel::of(node)
    }
}

/// What is around the shields that any of these is inside of, each once.
fn around_shields(inside: &[Cancel]) -> Vec<Cancel> {
    let mut around: Vec<Cancel> = inside.iter().flat_map(|one| one.around_shields()).collect();
    around.sort_by_key(|one| Common::as_ptr(one.node()));
    around.dedup_by_key(|one| Common::as_ptr(one.node()));
    around
}

impl Node {
    /// The nearest deadline of all these (X3).
    pub(super) fn nearest(above: &[Cancel]) -> Nearest {
        let owners = above.iter().filter_map(|one| one.owner_of_deadline());
        let moment = |owner: &&Common<Node>| owner.own_deadline().map(Deadline::moment);
        Nearest::of(None, owners.min_by_key(moment))
    }

    /// What is around each shield that it is inside of, the innermost first.
    pub(super) fn around_shields(&self) -> impl Iterator<Item = Cancel> {
        let around = |node: &Node| node.inherited.as_ref()?.around_shield().cloned();
        std::iter::successors(around(self), move |outer| around(outer))
    }

    /// Links a node that nobody knows to some of those that it is below. If any of these are cancelled, it is, with the first.
    pub(super) fn hang_below(this: &Common<Node>, above: &[Cancel], linked_to: &[Cancel]) {
        let cancelled = above.iter().filter(|one| one.cancelled());
        let first = cancelled.min_by_key(|one| one.struck_at());
        // Of one that is cancelled by the clock alone it has the deadline.
        if let Some(first) = first.filter(|first| first.is_struck()) {
            this.be_struck_as(first);
        }
        let strands = linked_to
            .iter()
            .map(|one| Node::strand_to(one.node(), this));
        let (strands, late): (Vec<_>, Vec<_>) = strands.unzip();
        this.links.lock().rare().further = strands;
        this.is_linked_further.store(true, Ordering::Relaxed);
        if let Some(cause) = late.into_iter().flatten().next() {
            this.strike_alone(&cause); // C2
        }
    }

    /// A node between this one and one below it, which holds this one. If this one is struck, its cause.
    fn strand_to(this: &Common<Node>, below: &Common<Node>) -> (Common<Node>, Option<Error>) {
        let parent = Some(this.clone());
        let strand = Common::new(|| Node::new(parent, None, 0, None, View::NONE, Nearest::NONE));
        strand.links.lock().children.push(Linked::of(below));
        let mut links = this.links.lock();
        this.hold_from_below(&mut links);
        if !this.is_struck() {
            links.children.push(Linked::of(&strand));
            return (strand, None);
        }
        drop(links);
        strand.be_struck_as(this);
        strand.lose(below);
        (strand, this.cause().cloned())
    }

    /// All that it is a child of: one is returned, the others are added to the `further` ones.
    fn parents(&self, further: &mut Vec<Common<Node>>) -> Option<Common<Node>> {
        if let Some(rare) = &self.links.lock().rare {
            further.extend(rare.further.iter().cloned());
        }
        self.only_above().cloned()
    }

    /// The handle above it, if it still has one; of several, the first.
    pub(crate) fn above(&self) -> Option<Common<Node>> {
        let first = || self.links.lock().rare.as_ref()?.further.first().cloned();
        self.only_above().cloned().or_else(first)
    }

    /// The same, unless it is below several alone.
    fn only_above(&self) -> Option<&Common<Node>> {
        self.drains_for.0.as_ref().or(self.parent.0.as_ref())
    }

    /// Why it and the handles above it were cancelled: the outermost's cause first.
    pub(crate) fn causes(&self) -> Vec<Error> {
        let mut causes: Vec<Error> = self.cause().cloned().into_iter().collect();
        let mut further = Vec::new();
        let mut above = self.parents(&mut further);
        // From where there are several above, there may be several ways to one.
        let mut met = HashSet::new();
        let mut is_several = false;
        while let Some(node) = above.take().or_else(|| further.pop()) {
            is_several |= !further.is_empty();
            if is_several && !met.insert(Common::as_ptr(&node)) {
                continue;
            }
            let cause = node.cause();
            // Most have it from the one above.
            let new = cause.filter(|cause| causes.last().is_none_or(|last| !last.is(cause)));
            causes.extend(new.cloned());
            above = node.parents(&mut further);
        }
        causes.reverse();
        causes
    }

    /// Takes one that nobody holds out of the lists of several, and its drain handle, which goes with it (C5, C11). What they have held is to be let
    /// go of, and is added to the `further` ones.
    #[cold]
    pub(super) fn leave_several(&self, further: &mut Vec<Common<Node>>) {
        let mut drain_handle = self.leave_these_several(further);
        while let Some(handle) = drain_handle {
            drain_handle = handle.leave_these_several(further);
        }
    }

    /// The same, of itself alone; its drain handle is returned, which is to do the same.
    fn leave_these_several(&self, further: &mut Vec<Common<Node>>) -> Option<Common<Node>> {
        let mut links = self.links.lock();
        let rare = links.rare.as_mut()?;
        let (several, drain_handle) = (std::mem::take(&mut rare.further), rare.drain_handle.take());
        drop(links);
        further.extend(several.into_iter().inspect(|strand| strand.lose(self)));
        drain_handle
    }

    /// Takes that one out of its list of children, if it is in.
    pub(super) fn lose(&self, child: &Node) {
        self.links.lock().children.remove(child);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/several.rs"]
mod models;
