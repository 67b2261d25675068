//! Models of C1, C2 and C5, and for each a copy of the protocol with a mistake in it, which the
//! model must catch: else it would prove nothing.

use loom::thread;

use super::deadline::Nearest;
use super::*;

fn because(code: i32) -> Error {
    Error::new(code, "because")
}

/// Runs code on another thread of the model, with a hold of its own.
fn with(cancel: &Cancel, code: impl FnOnce(Cancel) + 'static) -> thread::JoinHandle<()> {
    let cancel = cancel.clone();
    thread::spawn(move || code(cancel))
}

fn causes_race(trigger: fn(&Cancel, Error)) {
    loom::model(move || {
        let root = Cancel::root(None);
        let other = with(&root, move |root| trigger(&root, because(1)));
        if root.cancelled() {
            assert_eq!(root.cause.get().map(|cause| cause.code()), Some(1));
        }
        trigger(&root, because(2));
        let cause = root.cause().expect("it was cancelled").code();
        other.join().unwrap();
        assert_eq!(root.cause().map(|cause| cause.code()), Some(cause));
    });
}

#[test]
fn c1_the_cause_is_there_before_the_flag_and_stays() {
    causes_race(|root, cause| root.trigger(cause));
}

#[test]
#[ignore = "a mutant"]
fn c1_mutant_sets_the_flag_first() {
    causes_race(|root, cause| {
        root.state.store(STRUCK, Ordering::Release);
        // The cause is no type of loom's: only between operations of loom's can others see it unset.
        drop(root.links.lock());
        root.settle_cause(&cause);
    });
}

fn birth_races_with_cancellation(child: fn(&Cancel) -> Cancel) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let other = with(&parent, |parent| parent.trigger(because(1)));
        let child = child(&parent);
        other.join().unwrap();
        assert!(child.cancelled());
    });
}

#[test]
fn c2_a_child_made_during_a_cancellation_is_cancelled() {
    birth_races_with_cancellation(Cancel::child);
}

#[test]
#[ignore = "a mutant"]
fn c2_mutant_looks_before_it_locks() {
    birth_races_with_cancellation(|parent| {
        if parent.cancelled() {
            return parent.child();
        }
        let mut links = parent.0.links.lock();
        parent.0.hold_from_below(&mut links);
        let above = Some(parent.node().clone());
        let child = Common::new(|| Node::new(above, None, 0, None, View::NONE, Nearest::NONE));
        links.children.push(Linked::of(&child));
        Cancel::of(child)
    });
}

fn waiter_races_with_cancellation(wait: fn(&Cancel)) {
    loom::model(move || {
        let root = Cancel::root(None);
        let other = with(&root, |root| root.trigger(because(1)));
        wait(&root);
        other.join().unwrap();
    });
}

#[test]
fn a_waiter_is_woken() {
    waiter_races_with_cancellation(|root| assert!(root.wait(None)));
}

#[test]
#[ignore = "a mutant"]
fn mutant_of_a_waiter_looks_before_it_locks() {
    waiter_races_with_cancellation(|root| {
        if !root.cancelled() {
            root.links.lock().waiting += 1;
            let mut is_first = true;
            root.bell.wait(None, || std::mem::take(&mut is_first));
        }
    });
}

fn siblings_leave_at_once(leave: fn(Cancel)) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let [first, second] = [parent.child(), parent.child()];
        let other = thread::spawn(move || leave(first));
        leave(second);
        other.join().unwrap();
        assert!(parent.0.links.lock().children.take().is_empty());
        assert!(!parent.is_shared());
    });
}

#[test]
fn c5_nothing_is_left_of_handles_that_nobody_holds() {
    siblings_leave_at_once(drop);
}

#[test]
#[ignore = "a mutant"]
fn c5_mutant_reads_its_place_before_it_locks() {
    siblings_leave_at_once(|child| {
        let parent = child.parent.0.clone().expect("it has a parent");
        let place = child.place.load(Ordering::Relaxed);
        let mut links = parent.links.lock();
        let mut children = links.children.take();
        children.swap_remove(place);
        for child in children {
            links.children.push(child);
        }
        links.held_from_below -= 1;
        drop(links);
        std::mem::forget(child);
    });
}

/// Nobody else holds the handle above both, which is let go of with the last.
fn last_ones_leave_at_once(leave: fn(Cancel)) {
    loom::model(move || {
        let top = Cancel::root(None);
        let [first, second] = {
            let parent = top.child();
            [parent.child(), parent.child()]
        };
        let other = thread::spawn(move || leave(first));
        leave(second);
        other.join().unwrap();
        assert!(top.0.links.lock().children.take().is_empty());
        assert!(!top.is_shared());
    });
}

#[test]
fn c5_what_is_above_goes_with_the_last_below() {
    last_ones_leave_at_once(drop);
}

#[test]
#[ignore = "a mutant"]
fn c5_mutant_looks_whether_it_is_the_last_and_then_counts() {
    last_ones_leave_at_once(|child| {
        let parent = child.parent.0.clone().expect("it has a parent");
        let is_last = parent.links.lock().held_from_below == 1;
        parent.lose(&child.0);
        parent.links.lock().held_from_below -= 1;
        std::mem::forget(child);
        if is_last {
            Node::leave_alone(&parent);
        }
    });
}

/// Somebody lets go of a handle as the last one below it does.
fn leaves_as_the_last_below_does(leave: fn(Cancel)) {
    loom::model(move || {
        let top = Cancel::root(None);
        let between = top.child();
        let low = between.child();
        let other = thread::spawn(move || drop(low));
        leave(between);
        other.join().unwrap();
        assert!(top.0.links.lock().children.take().is_empty());
        assert!(!top.is_shared());
    });
}

#[test]
fn c5_a_handle_goes_with_who_held_it_or_with_the_last_below() {
    leaves_as_the_last_below_does(drop);
}

#[test]
#[ignore = "a mutant"]
fn c5_mutant_looks_who_is_below_and_then_says_that_it_goes() {
    leaves_as_the_last_below_does(|handle| {
        let is_over = !handle.is_held_from_below();
        handle.links.lock().is_left = true;
        if is_over {
            Node::leave_alone(&handle.0);
        }
        std::mem::forget(handle);
    });
}

impl Node {
    fn leave_alone(this: &Common<Node>) {
        assert!(Node::leave(this, &mut Vec::new()).is_none());
    }
}

#[test]
fn c5_a_child_may_leave_while_its_parent_is_cancelled() {
    loom::model(|| {
        let parent = Cancel::root(None);
        let child = parent.child();
        let other = with(&parent, |parent| parent.trigger(because(1)));
        drop(child);
        other.join().unwrap();
        assert!(parent.0.links.lock().children.take().is_empty());
        assert!(!parent.is_shared());
    });
}

/// Two let go of a handle. `is_last` tells each whether he was the last who is counted in `holders`.
fn holders_leave_at_once(is_last: fn(&Node) -> bool) {
    loom::model(move || {
        let handle = Cancel::root(None);
        let known = handle.downgrade();
        let node = handle.node().clone();
        let leave = move |handle: Cancel| {
            let is_last = is_last(&handle);
            if is_last {
                Node::give_up_memory(handle.node());
            }
            std::mem::forget(handle);
            is_last
        };
        let second = handle.clone();
        let other = thread::spawn(move || leave(second));
        let here = leave(handle);
        assert!(here != other.join().unwrap(), "once");
        drop(node);
        assert!(known.upgrade().is_none());
    });
}

#[test]
fn c14_the_last_holder_gives_up_the_memory() {
    holders_leave_at_once(Node::is_last_holder);
}

#[test]
#[ignore = "a mutant"]
fn c14_mutant_looks_after_it_has_let_go() {
    holders_leave_at_once(|node| {
        node.holders.fetch_sub(1, Ordering::AcqRel);
        node.holders.load(Ordering::Acquire) == 0
    });
}

/// A child is let go of while somebody takes it out of the list, to go on there.
fn child_leaves_as_it_is_taken(take: fn(&Node) -> Vec<Common<Node>>) {
    loom::model(move || {
        let parent = Cancel::root(None);
        let child = parent.child();
        let known = child.downgrade(); // It stays in place.
        let other = with(&parent, move |parent| drop(take(&parent)));
        drop(child);
        other.join().unwrap();
        assert!(known.upgrade().is_none());
    });
}

fn keep(child: Linked) -> Common<Node> {
    assert!(Common::holders(child.common()) > 0, "C15");
    child.keep()
}

#[test]
fn c15_a_child_in_the_list_is_in_place() {
    child_leaves_as_it_is_taken(|parent| {
        let mut links = parent.links.lock();
        links.children.take().into_iter().map(keep).collect()
    });
}

#[test]
#[ignore = "a mutant"]
fn c15_mutant_keeps_it_when_it_has_unlocked() {
    child_leaves_as_it_is_taken(|parent| {
        let children = parent.links.lock().children.take();
        drop(parent.links.lock()); // Only between operations of loom's do others go on.
        children.into_iter().map(keep).collect()
    });
}

/// Somebody cancels the view of a task in a task while a handle is made below the scope.
fn view_is_cancelled(trigger: fn(&Cancel)) {
    loom::model(move || {
        let scope = Cancel::root(None);
        let view = scope.below(None, true).below(None, true);
        let other = with(&view, move |view| trigger(&view));
        let sibling = scope.child();
        other.join().unwrap();
        assert!(scope.cancelled() && view.cancelled() && sibling.cancelled());
    });
}

#[test]
fn c7_cancelling_a_view_cancels_its_scope() {
    view_is_cancelled(|view| view.trigger(because(1)));
}

#[test]
#[ignore = "a mutant"]
fn c7_mutant_cancels_the_view_alone() {
    view_is_cancelled(|view| drop(view.strike(&mut Strike::of(&because(1)))));
}

/// Somebody cancels the scope, and somebody else the view of a task in a task, who then relies on that.
fn scope_is_cancelled_too(trigger: fn(&Cancel)) {
    loom::model(move || {
        let scope = Cancel::root(None);
        let outer = scope.below(None, true);
        let inner = outer.below(None, true);
        let other = with(&scope, |scope| scope.trigger(because(1)));
        trigger(&inner);
        let handles = [&scope, &outer, &inner];
        let code = |handle: &Cancel| handle.cause().expect("it is cancelled").code();
        let causes = handles.map(code);
        other.join().unwrap();
        assert_eq!(causes, [causes[0]; 3]);
        assert_eq!(handles.map(code), causes);
    });
}

#[test]
fn c7_a_view_is_cancelled_once_that_was_asked_of_it() {
    scope_is_cancelled_too(|view| view.trigger(because(2)));
}

/// A process in a task relies on what another process of the scope has seen.
fn another_has_seen_it(sees: fn(&Cancel) -> bool) {
    loom::model(move || {
        let scope = Cancel::root(None);
        let view = scope.below(None, true).below(None, true);
        // The one that looks is not the first to run: else loom takes no look between the others' steps.
        let (looked_at, rely) = (scope.clone(), view.clone());
        let other = thread::spawn(move || {
            if sees(&looked_at) {
                assert!(sees(&rely) && rely.cause().is_some() && rely.child().cancelled());
            }
        });
        scope.trigger(because(1));
        other.join().unwrap();
        assert!(view.wait(None) && view.state() == STRUCK);
    });
}

#[test]
fn c7_what_one_process_of_a_scope_has_seen_holds_for_all() {
    another_has_seen_it(|handle| handle.cancelled());
}

#[test]
#[ignore = "a mutant"]
fn c7_mutant_waits_until_the_cancellation_has_come_down() {
    another_has_seen_it(|handle| handle.state() == STRUCK);
}
