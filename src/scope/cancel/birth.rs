//! How handles come to be: with nothing above them, or below another one.

use super::above::{Above, LastHolder, View};
use super::bell::Bell;
use super::deadline::{Deadline, Nearest};
use super::holding::Linked;
use super::inherited::{Chain, Entry, Inherited};
use super::{Cancel, Links, Node, strike};
use crate::base::common::{Common, Room};
use crate::base::intrusive_list::IntrusiveList;
use crate::base::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use crate::base::sync::notes::{self, AtomicU64};
use crate::base::sync::spin_lock::BriefLock;
use crate::base::written::Written;
use crate::scope::drain::Main;
use crate::scope::task_run::{TaskRun, Tree};

impl Cancel {
    /// A handle with nothing above it.
    pub(crate) fn root(task: Option<Common<TaskRun>>) -> Cancel {
        Cancel::alone(task, 0, None)
    }

    /// The same, with a value.
    pub(crate) fn root_with(task: Option<Common<TaskRun>>, entry: Entry) -> Cancel {
        Cancel::alone(task, 0, Some(Inherited::new(entry, None)))
    }

    /// A handle with nothing above it, but with what one above it would give it.
    pub(crate) fn alone(task: Option<Common<TaskRun>>, main: Main, inherited: Chain) -> Cancel {
        let nearest = Nearest::NONE;
        Cancel::of(Common::new(|| {
            Node::new(None, task, main, inherited, View::NONE, nearest)
        }))
    }

    /// A handle below this one, in the same task.
    pub(crate) fn child(&self) -> Cancel {
        self.below(self.task.clone(), false)
    }

    /// The same, with one thing more that it hands down.
    pub(crate) fn child_with(&self, entry: Entry) -> Cancel {
        self.below_with(self.task.clone(), entry)
    }

    /// A handle below this one, in a task of its own.
    pub(crate) fn child_in(&self, task: Common<TaskRun>) -> Cancel {
        self.below(Some(task), false)
    }

    /// This one, as that task inside of it sees it (C7).
    pub(crate) fn view_in(&self, task: Common<TaskRun>) -> Cancel {
        self.below(Some(task), true)
    }

    /// A handle below this one, in a task.
    pub(super) fn below(&self, task: Option<Common<TaskRun>>, is_view: bool) -> Cancel {
        self.born(task, is_view, self.inherited.clone(), None)
    }

    pub(super) fn below_with(&self, task: Option<Common<TaskRun>>, entry: Entry) -> Cancel {
        let inherited = Inherited::new(entry, self.inherited.clone());
        self.born(task, false, Some(inherited), None)
    }

    pub(super) fn born(
        &self,
        task: Option<Common<TaskRun>>,
        is_view: bool,
        inherited: Chain,
        own: Option<Deadline>,
    ) -> Cancel {
        let parent = self.node().clone();
        self.born_in(Room::new(), parent, task, is_view, inherited, own)
    }

    /// The same, whose parent is this one.
    #[inline(always)]
    pub(super) fn born_in(
        &self,
        room: Room<Node>,
        parent: Common<Node>,
        task: Option<Common<TaskRun>>,
        is_view: bool,
        inherited: Chain,
        own: Option<Deadline>,
    ) -> Cancel {
        let mut links = self.0.links.lock();
        // The lock orders this against `strike`, so no child can slip in behind a cancellation (C2).
        self.0.hold_from_below(&mut links);
        let own = own.filter(|own| own.is_nearer_than(self.deadline()));
        let is_struck = self.is_struck();
        let view_of = if is_view && !is_struck {
            View::of(&self.0)
        } else {
            View::NONE
        };
        let nearest = Nearest::of(own, self.owner_of_deadline());
        let (parent, main) = (Some(parent), self.main);
        let born = Common::new_in(room, || {
            Node::new(parent, task, main, inherited, view_of, nearest)
        });
        if is_struck {
            // It is in no list, but knows what is above: that may be cancelled for another cause.
            born.be_struck_as(self);
        } else {
            links.children.push(Linked::of(&born));
        }
        Cancel::of(born)
    }

    /// A handle for that layer of a stack, which this is the handle of: apart (C9), and shielded from it.
    pub(crate) fn layer_handle(&self, layer: Tree) -> Cancel {
        let shield = Inherited::new(Entry::Shield(self.clone()), self.inherited.clone());
        let inherited = Inherited::new(Entry::Layer(layer), Some(shield));
        Cancel::alone(self.task.clone(), self.main, Some(inherited))
    }
}

impl Node {
    #[inline(always)] // So that it is made in place.
    pub(super) fn new(
        parent: Option<Common<Node>>,
        task: Option<Common<TaskRun>>,
        main: Main,
        inherited: Chain,
        view_of: View,
        nearest: Nearest,
    ) -> Node {
        Node {
            last: LastHolder,
            state: AtomicU8::new(nearest.state),
            cause: Written::new(),
            struck_at: AtomicU64::new(0),
            holders: AtomicUsize::new(1),
            holds_parent: parent.is_some(),
            parent: Above(parent),
            is_linked_further: notes::AtomicBool::new(false),
            was_held_from_below: notes::AtomicBool::new(false),
            view_of,
            drains_for: Above(None),
            task,
            main,
            inherited,
            own_deadline: nearest.own,
            deadline_of: Above(nearest.above),
            place: AtomicUsize::new(0),
            links: BriefLock::new(Links {
                children: IntrusiveList::new(),
                struck_by: strike::NONE,
                held_from_below: 0,
                is_left: false,
                hook: None,
                rare: None,
                waiting: 0,
            }),
            bell: Bell::new(),
        }
    }

    /// It is born cancelled, below that one, which is no new cancellation.
    pub(super) fn be_struck_as(&self, above: &Node) {
        let above = above.viewed();
        if let Some(cause) = above.cause.get() {
            self.settle_cause(cause);
        }
        let since = above.struck_at.load(Ordering::Relaxed);
        self.struck_at.store(since, Ordering::Relaxed);
        self.store_struck();
    }
}
