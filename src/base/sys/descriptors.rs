//! Descriptors: made close-on-exec from the start, so that no program that another thread starts meanwhile gets them; all closed; one opened
//! again.
//!
//! unsafe: these are system calls, of which some take pointers.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::io::{Error, Result};
use std::os::fd::RawFd;

use libc::{c_int, c_uint};

/// The flag of a descriptor that can neither be read nor written to.
pub(crate) const NAME_ONLY: c_int = libc::O_PATH;

/// A pipe: the end that is read from, and the one that is written to. Both have these flags, and are close-on-exec.
pub(crate) fn pipe(flags: c_int) -> Result<[RawFd; 2]> {
    let mut ends = [-1; 2];
    // SAFETY: the call writes both numbers.
    match unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | flags) } {
        0 => Ok(ends),
        _ => Err(Error::last_os_error()),
    }
}

/// Under which name the open file of a descriptor can be opened once more.
pub(crate) fn path(fd: RawFd) -> String {
    format!("/proc/self/fd/{fd}")
}

/// Whether it is a number that the kernel keeps, and who waits for it.
pub(crate) fn is_event(fd: RawFd) -> bool {
    let name = std::fs::read_link(path(fd));
    name.is_ok_and(|name| name.as_os_str() == "anon_inode:[eventfd]")
}

/// All that are open.
pub(crate) fn all_open() -> Vec<RawFd> {
    let Ok(list) = std::fs::read_dir("/proc/self/fd") else {
        return Vec::new();
    };
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    list.flatten().filter_map(number).collect()
}

/// Closes all from the first one on, but for that one, which is among them. Async-signal-safe.
///
/// # Safety
/// Nobody needs them any more.
pub(crate) unsafe fn close_all_but(first: RawFd, kept: RawFd) {
    let (from, kept) = (first as c_uint, kept as c_uint);
    let ranges = [(from, kept.wrapping_sub(1)), (kept + 1, c_uint::MAX)];
    let is_empty = |(from, to): &(c_uint, c_uint)| from > to;
    for (from, to) in ranges.into_iter().filter(|range| !is_empty(range)) {
        // SAFETY: this call takes no pointer.
        if unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) } != 0 {
            // SAFETY: as promised by the caller.
            return unsafe { close_listed(first, kept as RawFd) };
        }
    }
}

/// The same before Linux 5.9: those that the system lists.
///
/// # Safety
/// As for `close_all_but`.
unsafe fn close_listed(first: RawFd, kept: RawFd) {
    const NAME: usize = 19; // Where the name is in what the kernel tells of a file.
    const LENGTH: usize = 16;
    let mut room = [0_u64; 512];
    // SAFETY: the path is a string, and the room as large as is said. The kernel writes whole entries there.
    unsafe {
        let list = libc::open(
            c"/proc/self/fd".as_ptr(),
            libc::O_RDONLY | libc::O_DIRECTORY,
        );
        loop {
            let place = room.as_mut_ptr().cast::<u8>();
            let size = size_of_val(&room);
            let count = libc::syscall(libc::SYS_getdents64, list, place, size);
            let Ok(count @ 1..) = usize::try_from(count) else {
                break;
            };
            let mut at = 0;
            while at < count {
                let name = CStr::from_ptr(place.add(at + NAME).cast::<c_char>());
                let fd = number(name);
                if fd >= first && fd != kept && fd != list {
                    libc::close(fd);
                }
                at += usize::from(place.add(at + LENGTH).cast::<u16>().read());
            }
        }
        libc::close(list);
    }
}

/// -1: it is none.
fn number(name: &CStr) -> c_int {
    let digit = |number: c_int, byte: &u8| match byte {
        b'0'..=b'9' => number
            .checked_mul(10)?
            .checked_add(c_int::from(byte - b'0')),
        _ => None,
    };
    name.to_bytes().iter().try_fold(0, digit).unwrap_or(-1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_descriptors() {
        assert_eq!(number(c"10"), 10);
        for none in [c".", c"..", c"99999999999", c"1a"] {
            assert_eq!(number(none), -1);
        }
    }
}
