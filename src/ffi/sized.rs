//! Structs of C that begin with their size, so that they can grow.
//!
//! A program was compiled with some version of such a struct and runs with some version of the library.
//! Its size says which fields it knows. What makes that sound: a caller that says a size has that many
//! bytes, and no more of them are touched.

use super::bad_input::BadInput;

/// No version will be as large: who says so has not set the size.
const LARGEST: usize = 4096;

/// A struct that begins with its size.
///
/// # Safety
/// It is `repr(C)`, its first field is a `usize`, and any bytes are a value of it.
pub(super) unsafe trait Growing: Copy {
    /// What its macro `_INIT` says.
    const INIT: Self;
}

/// Reads what C lends us. A field that one of the two does not know must be 0, or is, which stands for
/// what was before there was this field.
///
/// # Safety
/// `lent` is NULL or points to a size and to that many bytes.
pub(super) unsafe fn read<S: Growing>(
    [function, argument]: [&'static str; 2],
    lent: *const S,
    first_size: usize,
) -> Result<S, BadInput> {
    if lent.is_null() {
        return Err(BadInput::Null { function, argument });
    }
    // SAFETY: the caller promises a size, and it comes first.
    let size = unsafe { lent.cast::<usize>().read() };
    if !(first_size..=LARGEST).contains(&size) {
        return Err(BadInput::Size {
            function,
            argument,
            size,
        });
    }
    // SAFETY: the caller promises that many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(lent.cast::<u8>(), size) };
    let (known, unknown) = bytes.split_at(size.min(size_of::<S>()));
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(BadInput::Unknown { function, argument });
    }
    let mut value = std::mem::MaybeUninit::<S>::zeroed();
    // SAFETY: no more bytes than the value has, and any are fine.
    unsafe {
        let to = value.as_mut_ptr().cast::<u8>();
        std::ptr::copy_nonoverlapping(known.as_ptr(), to, known.len());
        Ok(value.assume_init())
    }
}

/// Writes what C has room for, after the size. What we do not know becomes zero. Does nothing if there is
/// no room, or the size was not set.
///
/// # Safety
/// `room` is NULL or points to a size and to that many bytes, which are the caller's to write.
pub(super) unsafe fn write<S: Growing>(value: &S, room: *mut S) {
    if room.is_null() {
        return;
    }
    // SAFETY: the caller promises a size, and it comes first.
    let size = unsafe { room.cast::<usize>().read() };
    if !(size_of::<usize>()..=LARGEST).contains(&size) {
        return;
    }
    let known = size.min(size_of::<S>());
    let after_size = size_of::<usize>();
    // SAFETY: no more bytes than the value has are read, and no more than promised are written.
    unsafe {
        let from = std::ptr::from_ref(value).cast::<u8>();
        let to = room.cast::<u8>();
        std::ptr::copy_nonoverlapping(from.add(after_size), to.add(after_size), known - after_size);
        to.add(known).write_bytes(0, size - known);
    }
}

/// Writes what the macro `_INIT` of the struct says to so many bytes, and that size. What we do not know becomes zero. Does
/// nothing if there is no room for the size.
///
/// # Safety
/// `room` is NULL or points to so many bytes, which are the caller's to write.
pub(super) unsafe fn init<S: Growing>(room: *mut S, size: usize) {
    if room.is_null() || size < size_of::<usize>() {
        return;
    }
    let init = S::INIT;
    let known = size.min(size_of::<S>());
    // SAFETY: no more bytes than the value has are read, and no more than promised are written.
    unsafe {
        let to = room.cast::<u8>();
        std::ptr::copy_nonoverlapping((&raw const init).cast::<u8>(), to, known);
        to.add(known).write_bytes(0, size - known);
        to.cast::<usize>().write_unaligned(size);
    }
}
