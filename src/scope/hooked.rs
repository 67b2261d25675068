//! A hook on a handle.
//!
//! unsafe: who has one of these is the owner of the hook (`hook`), and keeps its promises here.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::base::common::Common;
use crate::base::user_data::Notice;
use crate::scope::cancel::Cancel;
use crate::scope::hook::{Hook, Lent};

/// Dropping this removes the hook, and waits for its run, if it has to (C3). It holds the handle, so that a cancellation from above finds it for
/// as long as the hook is there.
pub(crate) struct Hooked(Option<Common<Hook>>);

/// What a pointer of C stands for.
pub(crate) type Raw = *const c_void;

impl Hooked {
    /// Has this code run when the handle is cancelled, or at once if it is already (C3).
    pub(crate) fn on(cancel: Cancel, notice: Notice) -> Hooked {
        let hook = Common::new(|| Hook::new(notice, cancel));
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
    pub(crate) fn remove(mut self, wait: impl FnOnce(&dyn Fn())) {
        self.end(wait);
        std::mem::forget(self); // There is nothing left in it.
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

    fn end(&mut self, wait: impl FnOnce(&dyn Fn())) {
        let Some(hook) = self.0.take() else { return };
        // One that is not in the list any more, a cancellation may be about to run.
        if !hook.cancel().remove_hook(&hook) {
            wait(&|| Hook::stop(&hook));
        }
        // SAFETY: it is in no list any more, and does not run; or this is a part of its run, which has begun (C13).
        unsafe { hook.let_go() }
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
