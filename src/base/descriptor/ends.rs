//! Whether this process has both ends of what a descriptor is one end of: then nothing comes through it but what is done here.
//!
//! unsafe: a system call takes pointers.
#![allow(unsafe_code)]

use std::mem;
use std::os::fd::RawFd;

use super::{Access, flags, sockets, stat};
use crate::base::sys::{self, descriptors};

/// Whether it has. A negative number stands for none.
pub(crate) fn are_both_here(fd: RawFd) -> bool {
    if fd < 0 {
        return true;
    }
    match stat(fd).map(|stat| stat.st_mode & libc::S_IFMT) {
        Ok(libc::S_IFIFO) => has_pipes_other_end(fd),
        Ok(libc::S_IFSOCK) => has_sockets_other_end(fd),
        Ok(_) => descriptors::is_event(fd),
        Err(_) => false,
    }
}

/// Among all that are open is one of the same pipe that is for what this one is not for.
fn has_pipes_other_end(fd: RawFd) -> bool {
    let (Ok(mine), Ok(pipe)) = (flags(fd), stat(fd)) else {
        return false;
    };
    let is_other_end = |other: RawFd| {
        let is_same = stat(other)
            .is_ok_and(|other| (other.st_dev, other.st_ino) == (pipe.st_dev, pipe.st_ino));
        let has = |access: Access| {
            access.is_in(mine) || flags(other).is_ok_and(|flags| access.is_in(flags))
        };
        is_same && has(Access::Read) && has(Access::Write)
    };
    descriptors::all_open().into_iter().any(is_other_end)
}

/// One of a pair that was made here, or one without a name and a peer, to which nobody can send.
fn has_sockets_other_end(fd: RawFd) -> bool {
    let listens = sockets::option(fd, libc::SO_ACCEPTCONN).map_or(true, |listens| listens != 0);
    if listens || !sockets::is_local(fd) {
        return false;
    }
    match sys::sockets::peer(fd) {
        Some(0) => has_no_name(fd),
        Some(peer) => u32::try_from(peer) == Ok(std::process::id()),
        None => false,
    }
}

fn has_no_name(fd: RawFd) -> bool {
    const FAMILY_ALONE: usize = mem::size_of::<libc::sa_family_t>();
    // SAFETY: all zeros is an address, and the kernel writes no more than that size.
    unsafe {
        let mut address: libc::sockaddr_un = mem::zeroed();
        let mut size = mem::size_of_val(&address) as libc::socklen_t;
        let got = libc::getsockname(fd, (&raw mut address).cast(), &mut size);
        got == 0 && size as usize <= FAMILY_ALONE
    }
}
