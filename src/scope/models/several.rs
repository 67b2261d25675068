//! Models of C10 and C11, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::scope::drain_handle;

fn because() -> Error {
    Error::new(libc::ECANCELED, "because")
}

/// Runs code on another thread of the model, with a hold of its own.
fn with(cancel: &Cancel, code: impl FnOnce(Cancel) + 'static) -> thread::JoinHandle<()> {
    let cancel = cancel.clone();
    thread::spawn(move || code(cancel))
}

/// Whether nothing is left at a handle of one that was below it.
fn is_bare(cancel: &Cancel) -> bool {
    cancel.0.links.lock().children.take().is_empty() && !cancel.is_shared()
}

fn born_during_a_cancellation(below_both: fn(&[Cancel; 2]) -> Cancel) {
    loom::model(move || {
        let above = [Cancel::root(None), Cancel::root(None)];
        let other = with(&above[1], |above| above.trigger(because()));
        let born = below_both(&above);
        other.join().unwrap();
        assert!(born.cancelled() && born.cause().is_some());
        drop(born);
        assert!(above.iter().all(is_bare));
    });
}

#[test]
fn c10_one_that_is_made_during_a_cancellation_is_cancelled() {
    born_during_a_cancellation(|above| Cancel::below_all(above));
}

#[test]
#[ignore = "a mutant"]
fn c10_mutant_looks_only_before_it_is_linked() {
    born_during_a_cancellation(|above| {
        let born = Cancel::root(None);
        if let Some(first) = above.iter().find(|one| one.cancelled()) {
            born.0.be_struck_as(first);
        }
        let strands = above
            .iter()
            .map(|one| Node::strand_to(one.node(), born.node()).0);
        let strands: Vec<_> = strands.collect();
        born.0.links.lock().rare().further = strands;
        born.0.is_linked_further.store(true, Ordering::Relaxed);
        born
    });
}

fn let_go_during_a_cancellation(let_go: fn(Cancel)) {
    loom::model(move || {
        let above = [Cancel::root(None), Cancel::root(None)];
        let born = Cancel::below_all(&above);
        let other = with(&above[0], |above| above.trigger(because()));
        let_go(born);
        other.join().unwrap();
        assert!(above.iter().all(is_bare));
    });
}

#[test]
fn c5_nothing_is_left_of_one_below_several() {
    let_go_during_a_cancellation(drop);
}

#[test]
#[ignore = "a mutant"]
fn c5_mutant_leaves_the_first_of_several_alone() {
    let_go_during_a_cancellation(|born| {
        born.0.links.lock().rare().further.clear();
        drop(born);
    });
}

/// The handles of a drain: asked for by two at once, while the handle is cancelled; and one of them is kept for longer.
fn drain_handle_is_asked_for(of: fn(&Cancel) -> Common<Node>) {
    loom::model(move || {
        let begun = drain_handle::main_begins(1);
        let cancel = Cancel::alone(None, 1, None);
        let other = with(&cancel, move |cancel| {
            let handle = Cancel::of(of(&cancel)).into_held();
            drop(cancel);
            assert!(handle.wait(None));
        });
        let handle = Common::downgrade(&of(&cancel));
        cancel.trigger(because());
        let is_same = handle.upgrade().is_some_and(|handle| handle.cancelled());
        assert!(is_same && Common::ptr_eq(&of(&cancel), &handle.upgrade().expect("it is kept")));
        other.join().unwrap();
        drop(cancel);
        assert!(handle.upgrade().is_none());
        drop(begun);
    });
}

#[test]
fn c11_a_drain_handle_is_the_same_and_is_cancelled_with_the_handle() {
    drain_handle_is_asked_for(drain_handle::of);
}

#[test]
#[ignore = "a mutant"]
fn c11_mutant_makes_one_each_time() {
    drain_handle_is_asked_for(|cancel| {
        cancel.0.links.lock().rare().drain_handle = None;
        drain_handle::of(cancel)
    });
}

/// It begins to drain while somebody asks for the drain handle of one, which is let go of.
#[test]
fn c11_who_comes_as_it_begins_to_drain_is_told() {
    loom::model(|| {
        let begun = drain_handle::main_begins(1);
        let cancel = Cancel::alone(None, 1, None);
        let other = with(&cancel, |cancel| {
            assert!(Cancel::of(drain_handle::of(&cancel)).into_held().wait(None));
        });
        let struck = drain_handle::begin(1, &because());
        struck.into_iter().for_each(|struck| struck.finish());
        assert!(drain_handle::of(&cancel).cancelled());
        other.join().unwrap();
        let node = Common::downgrade(&cancel.0);
        drop(cancel);
        assert!(node.upgrade().is_none());
        drop(begun);
    });
}

impl Cancel {
    /// A further hold stands for this pointer, which stood for none.
    fn into_held(self) -> Cancel {
        self.hold();
        self
    }
}
