//! The frames of a slot.
//!
//! Invariants:
//! - **S6 no lock where nobody looks.** The slot's own thread pushes and pops without the lock, unless somebody looks (`looking`). The first
//!   frame it pushes under the lock, since another thread may take the same empty slot.
//! - **S7 published twice.** What is published, or helped with, is in a list of its own as well, which is changed under a lock of its own: the sentinel
//!   looks at that one again and again, and the barrier of who looks would take longer than all the locks.
//!
//! unsafe: a list does not know how long its frames are in place. S3 is what makes that sound.
#![allow(unsafe_code)]

use super::frame::{Frame, Link};
use crate::base::sync::atomic::{AtomicPtr, Ordering};
use crate::base::sync::looking::{Inside, Look};
use crate::base::sync::spin_lock::{BriefGuard, BriefLock};

pub(super) struct Frames {
    /// NULL: there is none. Written by the slot's own thread, or by who makes it his, as S6 has it.
    innermost: AtomicPtr<Frame<'static>>,
    inside: Inside,
    lock: BriefLock<()>,
    published: BriefLock<Link>,
    #[cfg(loom)] // Models of other rooms do without that: it is more than they can explore.
    pub(super) is_quick: bool,
}

/// The right to change the list.
enum Right<'a> {
    Inside(&'a Inside),
    Locked { _lock: BriefGuard<'a, ()> },
}

impl Drop for Right<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Right::Inside(inside) = self {
            inside.go_out();
        }
    }
}

impl Frames {
    pub(super) fn new() -> Frames {
        Frames {
            innermost: AtomicPtr::new(std::ptr::null_mut()),
            inside: Inside::new(),
            lock: BriefLock::new(()),
            published: BriefLock::new(Link::NONE),
            #[cfg(loom)]
            is_quick: false,
        }
    }

    /// Pushes a frame on the slot's own thread, the calling one, which does something more together with that.
    #[inline(always)]
    pub(super) fn push(&self, frame: &Frame<'_>, then: impl FnOnce()) {
        let right = self.right();
        then();
        self.link(frame);
        drop(right);
        self.publish(frame);
    }

    /// Pushes the first frame, which makes the slot the calling thread's, if it is nobody's (S1).
    pub(super) fn push_first(&self, frame: &Frame<'_>, then: impl FnOnce()) -> bool {
        let lock = self.lock.lock();
        if !self.is_empty() {
            return false;
        }
        self.inside.wait_until_out(); // Whoever has popped the last frame.
        then();
        self.link(frame);
        drop(lock);
        self.publish(frame);
        true
    }

    /// Pops the innermost frame on the slot's own thread, the calling one, which does something more together with that.
    #[inline(always)]
    pub(super) fn pop(&self, then: impl FnOnce(&Frame<'_>)) {
        let innermost = self.innermost.load(Ordering::Relaxed);
        // SAFETY: what is pushed is in place until it is popped, by this thread (S3).
        let Some(frame) = (unsafe { innermost.as_ref() }) else {
            return;
        };
        self.unpublish(frame);
        let _right = self.right();
        then(frame);
        let around = frame.around.get().0.cast_mut();
        self.innermost.store(around, Ordering::Release); // Who finds it empty sees that somebody is inside.
    }

    /// Does something on the slot's own thread, the calling one.
    pub(super) fn while_nobody_looks(&self, code: &mut dyn FnMut()) {
        let _right = self.right();
        code();
    }

    /// Whether there was none a moment ago.
    pub(super) fn is_empty(&self) -> bool {
        self.innermost.load(Ordering::Acquire).is_null()
    }

    /// Shows all of them on any thread, innermost first, and does something more together with that.
    pub(super) fn look<T>(
        &self,
        _look: &Look,
        show: impl FnMut(&Frame<'_>),
        then: impl FnOnce() -> T,
    ) -> T {
        let _lock = self.lock.lock();
        self.inside.wait_until_out();
        self.each_own(show);
        then()
    }

    /// The same, on the slot's own thread.
    pub(super) fn each_own(&self, show: impl FnMut(&Frame<'_>)) {
        let innermost = Link(self.innermost.load(Ordering::Relaxed));
        // SAFETY: nobody pops any of them meanwhile (S3).
        unsafe { each(innermost, |frame| frame.around.get(), show) };
    }

    /// Shows those in which something is published, or helped with.
    pub(super) fn each_published(&self, show: impl FnMut(&Frame<'_>)) {
        let published = self.published.lock();
        // SAFETY: they are popped after they are taken out, under that lock (S7).
        unsafe { each(*published, |frame| frame.published_around.get(), show) };
    }

    #[inline(always)]
    fn right(&self) -> Right<'_> {
        if self.is_quick() && self.inside.come_in() {
            Right::Inside(&self.inside)
        } else {
            self.right_by_lock()
        }
    }

    #[cold]
    fn right_by_lock(&self) -> Right<'_> {
        let _lock = self.lock.lock();
        Right::Locked { _lock }
    }

    fn is_quick(&self) -> bool {
        #[cfg(loom)]
        return self.is_quick;
        #[cfg(not(loom))]
        true
    }

    #[inline(always)]
    fn link(&self, frame: &Frame<'_>) {
        let around = Link(self.innermost.load(Ordering::Relaxed));
        frame.around.set(around);
        let frame = std::ptr::from_ref(frame).cast_mut().cast();
        self.innermost.store(frame, Ordering::Relaxed);
    }

    #[inline(always)]
    fn publish(&self, frame: &Frame<'_>) {
        if frame.publishes() {
            let mut published = self.published.lock();
            frame.published_around.set(*published);
            *published = Link(std::ptr::from_ref(frame).cast());
        }
    }

    #[inline(always)]
    fn unpublish(&self, frame: &Frame<'_>) {
        if frame.publishes() {
            *self.published.lock() = frame.published_around.get();
        }
    }
}

/// Shows those that are linked.
///
/// # Safety
/// They are in place for that long.
unsafe fn each(
    first: Link,
    next: impl Fn(&Frame<'static>) -> Link,
    mut show: impl FnMut(&Frame<'_>),
) {
    let mut link = first;
    // SAFETY: as promised by the caller.
    while let Some(frame) = unsafe { link.0.as_ref() } {
        show(frame);
        link = next(frame);
    }
}

#[cfg(all(test, loom))]
#[path = "../models/list.rs"]
mod models;
