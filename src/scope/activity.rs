//! The activities that the calling thread is a part of: the jobs and the runs of hooks that do not end before it goes on.
//!
//! A thread that works for an activity must not wait for it to end. So each thread knows its activities at every
//! moment, also while no callback runs; who helps it is given them; and what it leaves for others to do, too.
//! A job that it starts is not a part of them: they do not wait for it.
//!
//! Invariant:
//! - **I1 at every moment.** Code of the program that belongs to an activity runs inside of it, on whatever thread.
//!
//! unsafe: what one thread keeps is taken without a lock.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;

use crate::base::common::{Common, Room, Spare};
use crate::base::sync::notes::{AtomicU64, Ordering};
use crate::base::sync::per_thread;

/// Which activity it is; no other has the same, and a later one has a greater one.
pub(crate) type Id = u64;

/// The activities that something is a part of, and whether it is a part of what a hook of the trace does.
#[derive(Clone, Default)]
pub(crate) struct Activities {
    innermost: Option<Common<Activity>>,
    tells: bool,
}

pub(crate) struct Activity {
    id: Id,
    around: Option<Common<Activity>>,
}

/// Room for one, which the thread that is inside of a slot keeps there for its next one.
pub(crate) type SpareActivity = Spare<Activity>;

/// The number of activities so far, which is the last one's id.
static BEGUN: AtomicU64 = AtomicU64::new(0);

// Those of the calling thread. There is nothing to drop when it ends: then it is inside of none.
per_thread!(HERE: Cell<ManuallyDrop<Activities>> = Cell::new(ManuallyDrop::new(Activities::NONE)));

pub(crate) fn new_id() -> Id {
    BEGUN.fetch_add(1, Ordering::Relaxed) + 1
}

/// Those of the calling thread.
pub(crate) fn current() -> Activities {
    look(Activities::clone)
}

/// Whether the calling thread is a part of that one.
pub(crate) fn is_inside(id: Id) -> bool {
    look(|activities| activities.ids().any(|activity| activity == id))
}

/// The innermost one of these that the calling thread is a part of.
pub(crate) fn innermost(mut is_one: impl FnMut(Id) -> bool) -> Option<Id> {
    look(|activities| activities.ids().find(|activity| is_one(*activity)))
}

/// Whether it is a part of what a hook of the trace does.
pub(crate) fn tells() -> bool {
    look(|activities| activities.tells)
}

/// Runs code as a part of these activities and no others.
pub(crate) fn within<T>(activities: Activities, code: impl FnOnce() -> T) -> T {
    let _former = FormerActivities {
        former: exchange(ManuallyDrop::new(activities)),
        place: None,
    };
    code()
}

/// Runs code as a part of these activities, and of those that the calling thread is a part of.
pub(crate) fn also_within<T>(activities: &Activities, code: impl FnOnce() -> T) -> T {
    let mut all = current();
    all.tells |= activities.tells;
    let ids: Vec<Id> = activities.ids().collect();
    for id in ids.into_iter().rev() {
        if !all.ids().any(|other| other == id) {
            let around = all.innermost;
            all.innermost = Some(Common::new(|| Activity { id, around }));
        }
    }
    within(all, code)
}

/// Runs code as a part of one more activity.
pub(crate) fn inside<T>(id: Id, code: impl FnOnce() -> T) -> T {
    within(one_more(id, Room::new()), code)
}

/// The same, in room that is kept there.
///
/// # Safety
/// The place is the calling thread's alone.
pub(crate) unsafe fn inside_at<T>(place: &SpareActivity, id: Id, code: impl FnOnce() -> T) -> T {
    // SAFETY: as promised by the caller.
    let room = unsafe { place.take() }.unwrap_or_else(Room::new);
    let _former = FormerActivities {
        former: exchange(ManuallyDrop::new(one_more(id, room))),
        place: Some(place),
    };
    code()
}

/// Those of the calling thread, and that one inside of them.
fn one_more(id: Id, room: Room<Activity>) -> Activities {
    let here = current();
    let around = here.innermost;
    let innermost = Some(Common::new_in(room, || Activity { id, around }));
    Activities { innermost, ..here }
}

/// Runs code as a part of what a hook of the trace does.
pub(crate) fn telling<T>(code: impl FnOnce() -> T) -> T {
    let tells = true;
    within(Activities { tells, ..current() }, code)
}

fn look<T>(code: impl FnOnce(&Activities) -> T) -> T {
    HERE.with(|here| {
        let activities = here.take();
        let value = code(&activities);
        here.set(activities);
        value
    })
}

/// Returns what the thread was a part of before.
fn exchange(activities: ManuallyDrop<Activities>) -> ManuallyDrop<Activities> {
    HERE.with(|here| here.replace(activities))
}

/// What the thread was a part of before; dropping it makes it so again.
struct FormerActivities<'a> {
    former: ManuallyDrop<Activities>,
    /// Where the room of the innermost one since is kept, a place of this thread's alone.
    place: Option<&'a SpareActivity>,
}

impl Drop for FormerActivities<'_> {
    fn drop(&mut self) {
        let former = std::mem::take(&mut self.former);
        let since = ManuallyDrop::into_inner(exchange(former));
        let Some((place, innermost)) = self.place.zip(since.innermost) else {
            return;
        };
        if let Ok(room) = Common::into_room(innermost, |_| ()) {
            // SAFETY: that was promised for it.
            unsafe { place.put(room) };
        }
    }
}

impl Activities {
    const NONE: Activities = Activities {
        innermost: None,
        tells: false,
    };

    /// Which they are, the innermost first.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        let innermost = self.innermost.as_deref();
        std::iter::successors(innermost, |activity| activity.around.as_deref())
            .map(|activity| activity.id)
    }
}
