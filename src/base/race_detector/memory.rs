//! Memory of the library: the C library's, taken where no race detector looks.
//!
//! To a race detector, to release memory is to write to it, and so is to take some. What the library keeps in its own, one thread may
//! take and another one release, and how they agree on that is not told, for it says nothing of what the program does
//! (`race_detector`).
//!
//! unsafe: this is what all allocations go through.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

use super::unseen;

pub(crate) struct Memory;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Memory {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as promised by the caller.
        unseen(|| unsafe { System.alloc(layout) })
    }

    #[inline(always)]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unseen(|| unsafe { System.dealloc(address, layout) });
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unseen(|| unsafe { System.alloc_zeroed(layout) })
    }

    #[inline(always)]
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unseen(|| unsafe { System.realloc(address, layout, size) })
    }
}
