//! What the calling thread has found out of a socket by its last call, which spares the next one calls of the system.
//!
//! Invariant:
//! - **O5 a hint.** The number may be another file's by now, and more may have come. So only what is tried first follows from it.

use std::cell::Cell;
use std::os::fd::RawFd;

use crate::base::sync::per_thread;

#[derive(Clone, Copy)]
struct Recent {
    socket: RawFd,
    /// All that had come was read.
    is_drained: bool,
}

const NOTHING: Recent = Recent {
    socket: -1,
    is_drained: false,
};

per_thread!(RECENT: Cell<Recent> = Cell::new(NOTHING));

pub(super) fn is_socket(fd: RawFd) -> bool {
    fd >= 0 && RECENT.with(Cell::get).socket == fd
}

pub(super) fn is_drained(fd: RawFd) -> bool {
    is_socket(fd) && RECENT.with(Cell::get).is_drained
}

/// A socket was read from.
pub(super) fn read(socket: RawFd, is_drained: bool) {
    RECENT.with(|recent| recent.set(Recent { socket, is_drained }));
}

/// A socket was written to.
pub(super) fn written(socket: RawFd) {
    if !is_socket(socket) {
        read(socket, false);
    }
}

/// It is none.
pub(super) fn forget() {
    RECENT.with(|recent| recent.set(NOTHING));
}
