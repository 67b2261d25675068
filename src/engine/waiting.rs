//! What a thread does before it waits: it hands over what it has added to a backlog and nobody has begun. Perhaps it
//! waits for that; and it does not need its processor.

use crate::base::clock::{self, Instant};
use crate::base::world;
use crate::engine::frames;
use crate::engine::leaf::Waiting;
use crate::engine::{crew, sentinel, slots, timer};

/// Waits in that call of the library.
pub(crate) fn during<T>(call: Waiting, wait: impl FnOnce() -> T) -> T {
    timer::come_by();
    hand_over_added();
    frames::while_waiting(call, wait)
}

/// Waits until that moment, or until `wait`, which is given one, says that it is over. What is to be told by who comes by, as long as no
/// thread can be had for that (T7), is told meanwhile: perhaps this waits for that.
pub(crate) fn until(end: Option<Instant>, wait: impl Fn(Option<Instant>) -> bool) -> bool {
    loop {
        let is_over = wait(clock::sooner(end, timer::unserved()));
        if is_over || end.is_some_and(clock::has_come) || world::is_wrecked() {
            return is_over;
        }
        timer::come_by();
    }
}

/// What a thread does that waits otherwise.
pub(crate) fn hand_over_added() {
    if let Some(backlog) = frames::take_added() {
        hand_over(backlog);
    }
}

/// To threads that are parked. If there are none, the sentinel sees to it within some ticks. (There may be another
/// backlog at the same address by now, to which the same may be done.)
#[cold]
fn hand_over(address: usize) {
    if crew::parked() > 0 {
        if let Some(backlog) = slots::published_at(address) {
            sentinel::send_parked_at_once(&backlog);
        }
    }
}
