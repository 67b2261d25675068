//! A value that several hold, and that others know who do not keep it, with both counts in one word.
//!
//! `Arc` has two words, so its last holder cannot tell by one look that nobody else can become one: he takes down both, which is two locked
//! instructions. Handles and tasks come and go by the million, and most are never held by two.
//!
//! Invariants:
//! - **CO1 the last one.** The value is released once, by its last holder, who has seen what all others have done.
//! - **CO2 in place.** The memory is given back by the last of all, holders and those who know it. The holders together count as one of the latter until the value is released.
//! - **CO3 alone.** Who finds in one look that he is the only holder, and that nobody knows it, stays so: nobody is there who could become another.
//!
//! unsafe: the value is in a box that nobody owns, and C holds it by its address. CO1 and CO2 are what makes that sound.
#![allow(unsafe_code)]

mod count;

use std::mem::{ManuallyDrop, MaybeUninit, offset_of};
use std::ops::Deref;
use std::ptr::NonNull;

use crate::base::race_detector;
use crate::base::sync::notes::{AtomicPtr, Ordering};
use count::Count;

/// One of those who hold a value.
pub(crate) struct Common<T>(NonNull<Counted<T>>);

/// One of those who know it, and can become a holder as long as there is one.
pub(crate) struct Known<T>(NonNull<Counted<T>>);

struct Counted<T> {
    count: Count,
    value: ManuallyDrop<T>,
}

/// Memory for one.
pub(crate) struct Room<T>(Box<MaybeUninit<Counted<T>>>);

/// Where one thread keeps such memory, of one value at most.
pub(crate) struct Spare<T>(AtomicPtr<MaybeUninit<Counted<T>>>);

impl<T> Room<T> {
    #[inline(always)]
    pub(crate) fn new() -> Room<T> {
        Room(Box::new_uninit())
    }
}

impl<T> Spare<T> {
    pub(crate) fn new() -> Spare<T> {
        Spare(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// # Safety
    /// Only one thread uses it, or one after the other.
    #[inline(always)]
    pub(crate) unsafe fn take(&self) -> Option<Room<T>> {
        let room = self.0.load(Ordering::Relaxed);
        self.0.store(std::ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: it was put there, and is taken once, for no other thread takes it.
        (!room.is_null()).then(|| Room(unsafe { Box::from_raw(room) }))
    }

    /// # Safety
    /// As for `take`.
    #[inline(always)]
    pub(crate) unsafe fn put(&self, room: Room<T>) {
        // A race detector would take what was told of the former value's addresses for the next one's.
        if self.0.load(Ordering::Relaxed).is_null() && !race_detector::is_there() {
            self.0.store(Box::into_raw(room.0), Ordering::Relaxed);
        }
    }
}

impl<T> Drop for Spare<T> {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        drop(unsafe { self.take() });
    }
}

// SAFETY: as for `Arc`: holders on several threads share the value, and any of them may release it.
unsafe impl<T: Send + Sync> Send for Common<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Common<T> {}
// SAFETY: as above, since it can become a holder.
unsafe impl<T: Send + Sync> Send for Known<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Known<T> {}

impl<T> Common<T> {
    #[inline(always)]
    pub(crate) fn new(value: impl FnOnce() -> T) -> Common<T> {
        Common::new_in(Room::new(), value)
    }

    /// The value is made in place: a copy of what was written a moment ago, in larger pieces, waits for that.
    #[inline(always)]
    pub(crate) fn new_in(room: Room<T>, value: impl FnOnce() -> T) -> Common<T> {
        let counted = Box::leak(room.0).write(Counted {
            count: Count::one_holder(),
            value: ManuallyDrop::new(value()),
        });
        Common(NonNull::from(counted))
    }

    /// Releases the value, and leaves its room, if nobody else holds it or knows it (CO3); before that, does something with it.
    #[inline(always)]
    pub(crate) fn into_room(
        this: Common<T>,
        before: impl FnOnce(&mut T),
    ) -> Result<Room<T>, Common<T>> {
        if !this.counted().count.is_alone() {
            return Err(this);
        }
        let mut counted = ManuallyDrop::new(this).0;
        // SAFETY: nobody else has it.
        unsafe {
            before(&mut counted.as_mut().value);
            ManuallyDrop::drop(&mut counted.as_mut().value);
            Ok(Room(Box::from_raw(counted.as_ptr().cast())))
        }
    }

    /// Gives up the value. Its last holder is given it.
    pub(crate) fn into_inner(this: Common<T>) -> Option<T> {
        let this = ManuallyDrop::new(this);
        if !this.counted().count.let_go() {
            return None;
        }
        // SAFETY: nobody holds it any more, and whoever knows it does not look at it (CO1).
        let value = unsafe { std::ptr::read(&raw const *this.counted().value) };
        forget(this.0);
        Some(value)
    }

    /// How many hold it, at this moment.
    pub(crate) fn holders(this: &Common<T>) -> usize {
        this.counted().count.holders()
    }

    /// What tells it from others.
    pub(crate) fn as_ptr(this: &Common<T>) -> *const T {
        address(this.0)
    }

    pub(crate) fn ptr_eq(this: &Common<T>, other: &Common<T>) -> bool {
        this.0 == other.0
    }

    /// One more who knows it.
    pub(crate) fn downgrade(this: &Common<T>) -> Known<T> {
        this.counted().count.know();
        Known(this.0)
    }

    /// The address of the value, which is held until `from_raw`.
    pub(crate) fn into_raw(this: Common<T>) -> *const T {
        address(ManuallyDrop::new(this).0)
    }

    /// The one who holds the value at that address.
    ///
    /// # Safety
    /// The address is from `into_raw`, and is taken over once; or from `as_ptr` of one who was forgotten, or is not dropped, and who is not dropped as well as the result.
    pub(crate) unsafe fn from_raw(value: *const T) -> Common<T> {
        // SAFETY: as promised by the caller, so there is a count before it.
        let counted = unsafe { value.byte_sub(offset_of!(Counted<T>, value)) };
        // SAFETY: an address in a box is not NULL.
        Common(unsafe { NonNull::new_unchecked(counted.cast::<Counted<T>>().cast_mut()) })
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: it is in place as long as it is held (CO2).
        unsafe { self.0.as_ref() }
    }
}

impl<T> Known<T> {
    /// One more who holds it, unless it was released.
    pub(crate) fn upgrade(&self) -> Option<Common<T>> {
        self.count().hold_again().then(|| Common(self.0))
    }

    /// What tells it from others, as long as anybody knows it.
    pub(crate) fn as_ptr(&self) -> *const T {
        address(self.0)
    }

    fn count(&self) -> &Count {
        // SAFETY: the memory is in place as long as it is known (CO2); of the value no reference is made.
        unsafe { &(*self.0.as_ptr()).count }
    }
}

impl<T> Clone for Common<T> {
    #[inline]
    fn clone(&self) -> Common<T> {
        self.counted().count.hold();
        Common(self.0)
    }
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Known<T> {
        self.count().know();
        Known(self.0)
    }
}

impl<T> Deref for Common<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T> Drop for Common<T> {
    #[inline]
    fn drop(&mut self) {
        if self.counted().count.let_go() {
            release(self.0);
        }
    }
}

impl<T> Drop for Known<T> {
    fn drop(&mut self) {
        forget(self.0);
    }
}

/// Where the value is, of which no reference is made.
fn address<T>(counted: NonNull<Counted<T>>) -> *const T {
    // SAFETY: it is in place as long as it is known (CO2).
    unsafe { (&raw const (*counted.as_ptr()).value).cast() }
}

/// Releases a value that nobody holds any more.
#[inline(never)]
fn release<T>(counted: NonNull<Counted<T>>) {
    let mut counted_value = counted;
    // SAFETY: the last holder releases it, once (CO1); whoever knows it does not look at it.
    unsafe { ManuallyDrop::drop(&mut counted_value.as_mut().value) };
    forget(counted);
}

/// One who knows it does so no more, or all holders together, who are gone.
fn forget<T>(counted: NonNull<Counted<T>>) {
    // SAFETY: the memory is in place (CO2); of the value no reference is made.
    let is_last = unsafe { (*counted.as_ptr()).count.forget() };
    if is_last {
        // SAFETY: it was boxed, and nobody knows it any more. The value, which was released, is not dropped again.
        drop(unsafe { Box::from_raw(counted.as_ptr()) });
    }
}

#[cfg(test)]
mod tests;
