//! A hook on a handle.
//!
//! unsafe: who has one of these is the owner of the hook (`hook`), and keeps its promises here.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::ManuallyDrop;

use crate::base::common::{Common, Room, Spare};
use crate::base::user_data::Notice;
use crate::scope::cancel::Cancel;
use crate::scope::hook::{Hook, Lent};

/// Dropping this removes the hook, and waits for its run, if it has to (C3). It holds the handle, or that is lent, so that a cancellation from above
/// finds it for as long as the hook is there.
pub(crate) struct Hooked(Option<Common<Hook>>);

/// Room for a hook to which its handle is lent, which the thread that is inside of a slot keeps there for its next one.
pub(crate) type SpareHook = Spare<Hook>;

/// Where that is kept.
type Place = Option<&'static SpareHook>;

/// What a pointer of C stands for.
pub(crate) type Raw = *const c_void;

impl Hooked {
    /// Has this code run when the handle is cancelled, or at once if it is already (C3).
    pub(crate) fn on(cancel: Cancel, notice: Notice) -> Hooked {
        Hooked::with(ManuallyDrop::new(cancel), true, notice, Room::new())
    }

    /// The same, without holding the handle.
    ///
    /// # Safety
    /// The handle is held by somebody else until this is dropped or removed; and the place is the calling thread's alone.
    pub(crate) unsafe fn on_lent(
        cancel: ManuallyDrop<Cancel>,
        notice: Notice,
        place: Place,
    ) -> Hooked {
        // SAFETY: as promised by the caller.
        let spare = place.and_then(|place| unsafe { place.take() });
        Hooked::with(cancel, false, notice, spare.unwrap_or_else(Room::new))
    }

    #[inline(always)] // So that the hook is made in place.
    fn with(cancel: ManuallyDrop<Cancel>, holds: bool, notice: Notice, room: Room<Hook>) -> Hooked {
        let hook = Common::new_in(room, || Hook::new(notice, cancel, holds));
        hook.release_by_owner();
        // SAFETY: it is held until `end`, which takes it out (C12).
        let is_early = hook.cancel().add_hook(unsafe { Lent::of(&hook) });
        if !is_early {
            hook.cancel().await_all_below(); // C8
            hook.run();
        }
        Hooked(Some(hook))
    }

    /// Removes it. If there may be a run to wait for, that is done by what is given to `wait`.
    ///
    /// # Safety
    /// The place is the calling thread's alone.
    pub(crate) unsafe fn remove(
        mut self,
        wait: impl FnOnce(&dyn Fn()),
        place: impl FnOnce() -> Place,
    ) {
        let hook = self.end(wait);
        std::mem::forget(self); // There is nothing left in it.
        let Some(hook) = hook.filter(|hook| !hook.holds()) else {
            return;
        };
        if let (Ok(room), Some(place)) = (Common::into_room(hook, |_| ()), place()) {
            // SAFETY: as promised by the caller.
            unsafe { place.put(room) };
        }
    }

    pub(crate) fn into_raw(mut self) -> Raw {
        let hook = self.0.take();
        std::mem::forget(self); // There is nothing left in it.
        hook.map_or(std::ptr::null(), |hook| Common::into_raw(hook).cast())
    }

    /// # Safety
    /// It came from `into_raw`, and is taken over once.
    pub(crate) unsafe fn from_raw(raw: Raw) -> Hooked {
        // SAFETY: as promised by the caller.
        Hooked(Some(unsafe { Common::from_raw(raw.cast()) }))
    }

    fn end(&mut self, wait: impl FnOnce(&dyn Fn())) -> Option<Common<Hook>> {
        let hook = self.0.take()?;
        // One that is not in the list any more, a cancellation may be about to run.
        if !hook.cancel().remove_hook(&hook) {
            wait(&|| Hook::stop(&hook));
        }
        // SAFETY: it is in no list any more, and does not run; or this is a part of its run, which has begun (C13).
        unsafe { hook.let_go() }
        Some(hook)
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        self.end(|stop| stop());
    }
}

#[cfg(all(test, loom))]
#[path = "models/hooked.rs"]
mod models;
