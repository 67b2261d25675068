//! What holders and those who know a value can do, on one thread.

use super::*;
use crate::base::sync::Arc;
use crate::base::sync::notes::AtomicUsize;

/// Counts how often one was released.
struct Released(Arc<AtomicUsize>);

impl Drop for Released {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn one() -> (Common<Released>, impl Fn() -> usize) {
    let released = Arc::new(AtomicUsize::new(0));
    let value = released.clone();
    let count = move || released.load(Ordering::Relaxed);
    (Common::new(|| Released(value)), count)
}

#[test]
fn the_last_holder_releases_it() {
    let (first, released) = one();
    let second = first.clone();
    assert_eq!((Common::holders(&first), released()), (2, 0));
    assert!(Common::ptr_eq(&first, &second));
    drop(first);
    assert_eq!(released(), 0);
    drop(second);
    assert_eq!(released(), 1);
}

#[test]
fn who_knows_it_can_hold_it_while_somebody_does() {
    let (first, released) = one();
    let known = Common::downgrade(&first);
    let other = known.clone();
    let second = known.upgrade().expect("it is held");
    drop((first, known));
    assert_eq!(released(), 0);
    let address = Common::as_ptr(&second);
    drop(second);
    assert_eq!(released(), 1);
    assert!(other.upgrade().is_none());
    assert_eq!(other.as_ptr(), address);
}

#[test]
fn the_last_holder_is_given_it() {
    let (first, released) = one();
    let (second, known) = (first.clone(), Common::downgrade(&first));
    assert!(Common::into_inner(first).is_none());
    let value = Common::into_inner(second);
    assert_eq!(released(), 0);
    assert!(known.upgrade().is_none());
    drop(value);
    assert_eq!(released(), 1);
}

#[test]
fn an_address_stands_for_a_holder() {
    let (first, released) = one();
    let address = Common::as_ptr(&*std::mem::ManuallyDrop::new(first));
    // SAFETY: the first one is not dropped.
    drop(unsafe { Common::from_raw(address) });
    assert_eq!(released(), 1);
}

#[test]
fn who_is_alone_leaves_its_room() {
    let (first, released) = one();
    let known = Common::downgrade(&first);
    let Err(first) = Common::into_room(first, |_| ()) else {
        panic!("it is known");
    };
    drop(known);
    let Ok(room) = Common::into_room(first, |_| ()) else {
        panic!("nobody else has it");
    };
    assert_eq!(released(), 1);
    let spare = Spare::new();
    // SAFETY: there is one thread.
    unsafe {
        spare.put(room);
        spare.put(Room::new());
        let second = spare.take().expect("it was put there");
        drop(Common::new_in(second, || Released(Arc::default())));
        assert!(spare.take().is_none());
        spare.put(Room::new());
    }
}
