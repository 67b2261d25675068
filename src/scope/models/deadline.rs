//! Models of X1 and X2, with mutants that they must catch. In a model, time passes only where a thread pauses. That is the one that looks: loom does
//! not know that anything depends on the clock, only what depends on what it finds then.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::atomic::Ordering;
use crate::scope::cancel::STRUCK;

const TOO_LONG: Duration = Duration::from_nanos(1);

fn soon() -> Deadline {
    Deadline::after(1).expect("it is not far away")
}

fn because() -> Error {
    Error::new(77, "because")
}

type Look = fn(&Cancel) -> Option<i32>;

fn look(handle: &Cancel) -> Option<i32> {
    handle.cause().map(|cause| cause.code())
}

/// One cancels a handle as the time is up of one above it or its own, and another one looks twice at what is below.
fn by_hand_as_time_is_up(look: Look, is_its_own: bool) {
    explore(3, move || {
        let owner = Cancel::root_until(None, soon());
        let between = owner.child();
        let low = between.child();
        let struck = if is_its_own {
            owner.clone()
        } else {
            between.clone()
        };
        let canceller = thread::spawn(move || struck.trigger(because()));
        let looked_at = low.clone();
        let other = thread::spawn(move || {
            clock::pause(TOO_LONG);
            let first = look(&looked_at);
            assert!(first.is_none() || look(&looked_at) == first);
            first
        });
        let first = other.join().unwrap();
        canceller.join().unwrap();
        let all = [&owner, &between, &low].map(look);
        assert!(first.is_none() || all[2] == first);
        assert!(all.iter().all(Option::is_some));
        if is_its_own {
            assert_eq!(all, [all[0]; 3]);
        }
    });
}

#[test]
fn x2_its_own_deadline_or_what_is_faster() {
    by_hand_as_time_is_up(look, true);
}

#[test]
fn x2_a_deadline_above_or_what_is_faster() {
    by_hand_as_time_is_up(look, false);
}

#[test]
#[ignore = "a mutant"]
fn x2_mutant_does_not_note_what_was_seen() {
    let look: Look = |handle| match handle.is_struck() {
        true => handle.cause.get().map(|cause| cause.code()),
        false => handle.is_over().then(|| handle.cause_by_deadline().code()),
    };
    by_hand_as_time_is_up(look, false);
}

/// What a strike does to a node, and decides later what the cause is for those below.
fn strike_that_settles_nothing(node: &Node) {
    let mut links = node.links.lock();
    let below = links.children.take();
    if node.cause.get().is_none() && !node.is_over() {
        node.settle_cause(&because());
    }
    node.settled_cause_of_mutant();
    node.state.store(STRUCK, Ordering::Release);
    drop(links);
    for node in below {
        strike_that_settles_nothing(&node);
    }
}

impl Node {
    fn settled_cause_of_mutant(&self) {
        self.settle_cause(self.cause_by_deadline());
    }
}

/// One cancels the handle by hand, and another one relies on that what is below has the same cause.
fn all_have_one_cause(trigger: fn(&Cancel)) {
    explore(3, move || {
        let owner = Cancel::root_until(None, soon());
        let low = owner.child();
        let (struck, looked_at) = (owner.clone(), low.clone());
        let canceller = thread::spawn(move || trigger(&struck));
        let other = thread::spawn(move || {
            clock::pause(TOO_LONG);
            drop(looked_at.links.lock()); // Loom does not know that a cause which is not there is looked for under it.
            look(&looked_at)
        });
        other.join().unwrap();
        canceller.join().unwrap();
        assert_eq!(look(&owner), look(&low));
    });
}

#[test]
fn x2_what_is_below_has_the_cause_of_the_handle() {
    all_have_one_cause(|owner| owner.trigger(because()));
}

#[test]
#[ignore = "a mutant"]
fn x2_mutant_does_not_settle_it_at_the_deadline() {
    all_have_one_cause(|owner| strike_that_settles_nothing(owner));
}

/// One who waits on what is below looks at the clock first, since in a model time does not end a wait that has begun.
#[test]
fn x1_what_is_below_is_over_at_once() {
    loom::model(|| {
        let owner = Cancel::root_until(None, soon());
        let waits = owner.child();
        clock::pause(TOO_LONG);
        let other = thread::spawn(move || assert!(waits.wait(None)));
        assert!(owner.child().cancelled());
        other.join().unwrap();
    });
}

/// The deadline strikes as the last reference goes.
#[test]
fn c5_a_handle_may_be_let_go_of_as_its_deadline_strikes() {
    loom::model(|| {
        let parent = Cancel::root(None);
        let cancel = parent.child_until(soon());
        clock::pause(TOO_LONG);
        let (_, node) = cancel.deadline_above().expect("it has one");
        let timer = thread::spawn(move || drop(node.upgrade().map(Node::strike_over)));
        drop(cancel);
        timer.join().unwrap();
        assert!(parent.0.links.lock().children.take().is_empty());
        assert!(!parent.is_shared());
    });
}
