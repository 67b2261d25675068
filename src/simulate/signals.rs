//! Signals that come to a run.

use super::failure::Stuck;
use super::world;
use crate::base::clock;
use crate::base::world as base_world;
use crate::scope::cancel::Cancel;
use crate::signal;

/// A signal comes to the run after that time.
pub(crate) fn send_after(signal: i32, after_ns: i64) {
    if !base_world::is_here() {
        return;
    }
    let wait = move || {
        Cancel::root(None).wait(clock::deadline(after_ns));
        let is_over = world::lock()
            .mine()
            .is_none_or(|(here, _)| here.has_completed());
        if !is_over && !base_world::is_wrecked() && !signal::simulate(signal) {
            world::wreck(&Stuck::Unheard(signal::name(signal)));
        }
    };
    let _ = world::start(Box::new(wait), true);
}
