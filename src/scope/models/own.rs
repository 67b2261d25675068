//! Models of C17, with mutants that they must catch.

use loom::thread;

use super::*;

/// A handle that another thread holds as well, or only knows, is let go of while that one does so, or before.
fn another_has_it(let_go: fn(Own<'_>), comes_first: bool) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let known = parent.downgrade();
        let own = Own::below(&parent, None, false, None);
        let (held, also_known) = ((*own).clone(), own.downgrade());
        let parent_of_it = known.clone();
        let other = thread::spawn(move || {
            assert!(parent_of_it.upgrade().is_some(), "C17");
            drop(held);
            drop(also_known.upgrade());
        });
        if comes_first {
            other.join().unwrap();
            let_go(own);
        } else {
            let_go(own);
            drop(parent);
            other.join().unwrap();
        }
        assert!(comes_first || known.upgrade().is_none());
    });
}

#[test]
fn c17_what_is_above_stays_for_as_long_as_anybody_has_it() {
    another_has_it(|own| drop(own), false);
    another_has_it(|own| drop(own), true);
}

/// Something that hangs below it is let go of at the same time.
#[test]
fn c17_what_is_below_may_go_last() {
    loom::model(|| {
        let parent = Cancel::root(None);
        let known = parent.downgrade();
        let own = Own::below(&parent, None, false, None);
        let below = own.child();
        let other = thread::spawn(move || drop(below));
        drop(own);
        assert!(known.upgrade().is_some());
        other.join().unwrap();
        assert!(parent.links.lock().children.take().is_empty());
        drop(parent);
        assert!(known.upgrade().is_none());
    });
}

#[test]
#[ignore = "a mutant"]
fn c17_mutant_counts_nothing() {
    another_has_it(
        |own| {
            // SAFETY: the other one is not dropped.
            let cancel: Cancel = unsafe { std::ptr::read(&raw const *own.cancel) };
            drop(cancel);
            std::mem::forget(own);
        },
        false,
    );
}

#[test]
#[ignore = "a mutant"]
fn c17_mutant_counts_what_is_given_back() {
    another_has_it(
        |own| {
            own.cancel.node().keep_lent();
            drop(own);
        },
        false,
    );
}
