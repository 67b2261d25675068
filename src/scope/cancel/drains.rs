//! The handle of a handle that says that it drains.
//!
//! Invariant:
//! - **C11 drain handles.** A handle keeps its drain handle, once somebody has asked for that, and who holds that one holds this one. So the one is
//!   there for as long as the other, and neither holds the other itself. It is a child, and is also linked to what else says that it drains (C10);
//!   it is unlinked with the handle.

use super::{Above, Cancel, Node, View};
use crate::base::common::Common;
use crate::base::sync::notes::Ordering;

impl Cancel {
    /// Its drain handle, the same each time. If there is none yet it is made, below that event, too, if there is one.
    pub(in crate::scope) fn drain_handle(
        &self,
        event: impl FnOnce() -> Option<Cancel>,
    ) -> Common<Node> {
        if let Some(kept) = self.kept_drain_handle() {
            return kept;
        }
        let made = self.make_drain_handle(event());
        let mut links = self.links.lock();
        let kept = links.rare().drain_handle.get_or_insert_with(|| {
            if self.is_struck() {
                made.be_struck_as(self); // C2
            }
            made.clone()
        });
        let kept = kept.clone();
        drop(links);
        if Common::ptr_eq(&kept, &made) {
            self.held().is_linked_further.store(true, Ordering::Relaxed);
        } else {
            made.discard();
        }
        kept
    }

    fn kept_drain_handle(&self) -> Option<Common<Node>> {
        self.links.lock().rare.as_ref()?.drain_handle.clone()
    }

    fn make_drain_handle(&self, event: Option<Cancel>) -> Common<Node> {
        let mut above: Vec<Cancel> = self.around_shields().chain(event).collect();
        above.push(self.clone());
        let node = Node::new(
            None,
            self.task.clone(),
            self.main,
            self.inherited.clone(),
            View::NONE,
            Node::nearest(&above),
        );
        let node = Common::new(|| Node {
            drains_for: Above(Some(self.node().clone())),
            ..node
        });
        Node::hang_below(&node, &above, &above[..above.len() - 1]);
        node
    }
}

impl Node {
    /// One that nobody knows is not needed.
    fn discard(&self) {
        let mut further = Vec::new();
        self.leave_several(&mut further);
        Node::let_go_each(further);
    }
}
