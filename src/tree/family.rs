//! The children of a combinator. One or two lie in its node, since most have no more; others take memory of their own.
//!
//! Invariant:
//! - **FA1 by the count.** Up to `FEW` children lie in place; more lie in a boxed slice of so many.
//!
//! unsafe: where they lie is a union, so that it is found by one comparison: a fan-out asks for each child. FA1 is what makes that sound.
#![allow(unsafe_code)]

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::Deref;

use crate::tree::process::Process;

pub(crate) struct Family {
    count: usize,
    children: Children,
}

union Children {
    few: ManuallyDrop<[MaybeUninit<Process>; FEW]>,
    many: *mut Process,
}

const FEW: usize = 2;

// SAFETY: it owns its children, which threads may share.
unsafe impl Send for Family {}
// SAFETY: as above.
unsafe impl Sync for Family {}

impl Family {
    pub(crate) const NONE: Family = Family {
        count: 0,
        children: Children {
            few: ManuallyDrop::new([const { MaybeUninit::uninit() }; FEW]),
        },
    };

    pub(crate) fn two(first: Process, second: Process) -> Family {
        let few = ManuallyDrop::new([first, second].map(MaybeUninit::new));
        Family {
            count: 2,
            children: Children { few },
        }
    }

    /// Puts them behind others.
    pub(super) fn move_to(self, others: &mut Vec<Process>) {
        let this = ManuallyDrop::new(self);
        if this.is_small() {
            // SAFETY: each is taken once, for this is not dropped.
            others.extend(this.iter().map(|child| unsafe { std::ptr::read(child) }));
        } else {
            // SAFETY: as above.
            others.append(&mut unsafe { this.boxed() }.into_vec());
        }
    }

    /// Whether they lie in the node.
    #[inline(always)]
    pub(super) fn is_small(&self) -> bool {
        self.count <= FEW
    }

    /// # Safety
    /// There are more than few of them, and they are taken once.
    unsafe fn boxed(&self) -> Box<[Process]> {
        // SAFETY: so that is where they are (FA1), and nobody else takes them.
        unsafe {
            let first = self.children.many;
            Box::from_raw(std::ptr::slice_from_raw_parts_mut(first, self.count))
        }
    }
}

impl Deref for Family {
    type Target = [Process];
    #[inline(always)]
    fn deref(&self) -> &[Process] {
        // SAFETY: by the count it is known where they are (FA1).
        unsafe {
            let first: *const Process = if self.is_small() {
                (&raw const self.children.few).cast()
            } else {
                self.children.many
            };
            std::slice::from_raw_parts(first, self.count)
        }
    }
}

impl From<Process> for Family {
    fn from(child: Process) -> Family {
        let few = ManuallyDrop::new([MaybeUninit::new(child), MaybeUninit::uninit()]);
        Family {
            count: 1,
            children: Children { few },
        }
    }
}

impl From<Vec<Process>> for Family {
    fn from(mut children: Vec<Process>) -> Family {
        let count = children.len();
        if count > FEW {
            let many = Box::into_raw(children.into_boxed_slice()).cast::<Process>();
            let children = Children { many };
            return Family { count, children };
        }
        match (children.pop(), children.pop()) {
            (Some(second), Some(first)) => Family::two(first, second),
            (Some(only), None) => Family::from(only),
            (None, _) => Family::NONE,
        }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if !self.is_small() {
            // SAFETY: they are taken once, for this is being dropped.
            return drop(unsafe { self.boxed() });
        }
        for index in 0..self.count {
            // SAFETY: as above, and by the count they are in place (FA1).
            unsafe { (*self.children.few)[index].assume_init_drop() };
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::base::error::Error;

    #[test]
    fn children_are_in_order_and_released_once() {
        for count in 0..5 {
            let error = Error::new(1, "a child");
            let all: Vec<_> = (0..count)
                .map(|_| Process::invalid(error.clone()))
                .collect();
            let one_by_one: Vec<_> = all.iter().map(|child| &raw const **child).collect();
            let family = Family::from(all.clone());
            assert!(
                family
                    .iter()
                    .map(|child| &raw const **child)
                    .eq(one_by_one.iter().copied())
            );
            let mut moved = Vec::new();
            Family::from(all).move_to(&mut moved);
            assert_eq!((family.len(), moved.len()), (count, count));
        }
    }
}
