//! A model of the bell, with its mutant.

use loom::thread;

use super::*;
use crate::base::models::explore;
use crate::base::sync::Arc;

/// It is rung before it is waited for, or meanwhile.
fn rung_once(ring: fn(&Bell)) {
    explore(2, move || {
        let bell = Arc::new(Bell::new());
        let other = bell.clone();
        let rings = thread::spawn(move || ring(&other));
        bell.wait(None);
        rings.join().unwrap();
    });
}

#[test]
fn a_ring_is_heard() {
    rung_once(Bell::ring);
}

#[test]
#[ignore = "a mutant"]
fn mutant_does_not_remember_it() {
    rung_once(|bell| bell.rung.notify_one());
}
