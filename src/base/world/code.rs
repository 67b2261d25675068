//! Where code of the program is: an address, or in a simulation, where that is to be the same each time, the place in its object.
//!
//! unsafe: the loader is C.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::base::world;

/// What is told of the code at that address.
pub(crate) fn told(address: usize) -> usize {
    if world::is_here() {
        in_object(address)
    } else {
        address
    }
}

#[cold]
fn in_object(address: usize) -> usize {
    let mut found = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the place is valid; the address is only compared.
    let is_found =
        unsafe { libc::dladdr(std::ptr::without_provenance(address), found.as_mut_ptr()) };
    if is_found == 0 {
        return address;
    }
    // SAFETY: it is full of zeros, or of what was found.
    let base = unsafe { found.assume_init() }.dli_fbase.addr();
    address.wrapping_sub(base)
}
